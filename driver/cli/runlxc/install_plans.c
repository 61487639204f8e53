/* What each engine that reads TOML is told. */
#include <string.h>

#include "base/cleanup.h"
#include "runlxc/install_toml.h"
#include "spec/engines.h"

static void set_path(const char **path, size_t n, const char *const *parts)
{
    for (size_t i = 0; i < n && i + 1 < PLAN_PATH_MAX; i++)
        path[i] = parts[i];
}
#define SET_PATH(path, ...)                                                                        \
    set_path(path, ARRAY_SIZE(((const char *const[]){__VA_ARGS__})),                               \
             (const char *const[]){__VA_ARGS__})

/* ---- containerd: docs/cri/config.md of its sources ---- */

/* By the format's version the CRI plugin has another name. NULL: an error. */
static const char *cri_plugin(const char *file, const char *text, const struct toml *doc,
                              struct lxcdriver_error **err)
{
    const struct toml_node *version = toml_child(&doc->root, "version");
    int format = version ? engine_cri_format(text, doc) : doc->root.child ? 1 : 2;
    size_t len = version ? version->end - version->value : 0;

    if (format >= 1 && format <= 3)
        return engine_cri_plugin((unsigned)format);
    err_set(err, "%s:%u: version %.*s of the configuration is not 1, 2 or 3", file,
            str_line(text, version->line), (int)(len < 64 ? len : 64), text + version->value);
    return NULL;
}

/* The kubelet's cgroup driver has to be every runtime's: what runc is told, ours is told. */
static bool by_systemd(const char *text, const struct toml *doc, const char *plugin)
{
    const char *const path[] = {"plugins", plugin,    "containerd",    "runtimes",
                                "runc",    "options", "SystemdCgroup", NULL};
    const struct toml_node *node = toml_find(doc, path);

    return node && node->kind == TOML_SCALAR && text[node->value] == 't';
}

/* The deprecated table of the default runtime has precedence over the default's name. */
static int check_old_default(const struct install_wish *wish, const char *file, const char *text,
                             const struct toml *doc, const char *plugin,
                             struct lxcdriver_error **err)
{
    const char *const path[] = {"plugins",         plugin,         "containerd",
                                "default_runtime", "runtime_type", NULL};
    const struct toml_node *node = toml_find(doc, path);

    if (!wish->make_default || !node || str_empty(node->string))
        return 0;
    return err_set(err,
                   "%s:%u: the table default_runtime, which containerd prefers to "
                   "default_runtime_name, is in use: remove it first",
                   file, str_line(text, node->line));
}

/* containerd 1: a plugin's section of a file that is imported replaces that of the file itself. */
static int warn_of_imports(const char *file, const char *text, const struct toml *doc,
                           const char *plugin, char **warning, struct lxcdriver_error **err)
{
    const struct toml_node *imports = toml_child(&doc->root, "imports");

    if (!imports || !imports->n_children || str_starts(plugin, "io.containerd.cri.v1"))
        return 0;
    *warning = str_printf("%s:%u: if a file that is imported has a section [plugins.%s...], "
                          "containerd goes by that one alone",
                          file, str_line(text, imports->line), plugin);
    return *warning ? 0 : err_nomem(err);
}

int plan_containerd(const struct install_wish *wish, const char *file, const char *text,
                    const struct toml *doc, struct install_plan *plan, struct lxcdriver_error **err)
{
    static const char type[] = "runtime_type = \"io.containerd.runc.v2\"\n";
    cleanup_free char *path = toml_quote(wish->path ? wish->path : "");
    const char *plugin = cri_plugin(file, text, doc, err);
    bool systemd;

    if (!plugin || check_old_default(wish, file, text, doc, plugin, err) < 0 ||
        (!wish->remove && warn_of_imports(file, text, doc, plugin, &plan->warning, err) < 0))
        return -1;
    systemd = wish->systemd_cgroup || by_systemd(text, doc, plugin);
    plan->head = "version = 2\n";
    SET_PATH(plan->runtimes, "plugins", plugin, "containerd", "runtimes");
    SET_PATH(plan->entry, "plugins", plugin, "containerd", "runtimes", wish->name);
    SET_PATH(plan->program, "plugins", plugin, "containerd", "runtimes", wish->name, "options",
             "BinaryName");
    SET_PATH(plan->table, "plugins", plugin, "containerd");
    plan->key = "default_runtime_name";
    /* containerd 1 takes the runtimes of the file instead of its own list, which is runc: without
     * this its default runtime would be unknown, and the plugin would not start. */
    SET_PATH(plan->other.path, "plugins", plugin, "containerd", "runtimes", "runc");
    plan->other.lines = str_printf("# containerd 1 takes the runtimes of its configuration for all "
                                   "there are: the default one has to be among them.\n%s",
                                   type);
    SET_PATH(plan->runtime[0].path, "plugins", plugin, "containerd", "runtimes", wish->name);
    plan->runtime[0].lines = str_printf("%s", type);
    SET_PATH(plan->runtime[1].path, "plugins", plugin, "containerd", "runtimes", wish->name,
             "options");
    plan->runtime[1].lines =
        path ? str_printf("BinaryName = %s\n%s", path, systemd ? "SystemdCgroup = true\n" : "")
             : NULL;
    if (!plan->other.lines || !plan->runtime[0].lines || !plan->runtime[1].lines)
        return err_nomem(err);
    return 0;
}

/* ---- Podman: containers.conf(5) ---- */

int plan_podman(const struct install_wish *wish, const char *file, const char *text,
                const struct toml *doc, struct install_plan *plan, struct lxcdriver_error **err)
{
    cleanup_free char *path = toml_quote(wish->path ? wish->path : ""), *key = toml_key(wish->name);

    (void)file;
    (void)text;
    (void)doc;
    SET_PATH(plan->runtimes, "engine", "runtimes");
    SET_PATH(plan->entry, "engine", "runtimes", wish->name);
    SET_PATH(plan->program, "engine", "runtimes", wish->name);
    SET_PATH(plan->table, "engine");
    plan->key = "runtime";
    SET_PATH(plan->runtime[0].path, "engine", "runtimes");
    plan->runtime[0].lines = path && key ? str_printf("%s = [%s]\n", key, path) : NULL;
    return plan->runtime[0].lines ? 0 : err_nomem(err);
}

/* ---- CRI-O: crio.conf(5) ---- */

int plan_crio(const struct install_wish *wish, const char *file, const char *text,
              const struct toml *doc, struct install_plan *plan, struct lxcdriver_error **err)
{
    cleanup_free char *path = toml_quote(wish->path ? wish->path : "");

    (void)file;
    (void)text;
    (void)doc;
    SET_PATH(plan->runtimes, "crio", "runtime", "runtimes");
    SET_PATH(plan->entry, "crio", "runtime", "runtimes", wish->name);
    SET_PATH(plan->program, "crio", "runtime", "runtimes", wish->name, "runtime_path");
    SET_PATH(plan->table, "crio", "runtime");
    plan->key = "default_runtime";
    SET_PATH(plan->runtime[0].path, "crio", "runtime", "runtimes", wish->name);
    plan->runtime[0].lines =
        path ? str_printf("runtime_path = %s\nruntime_type = \"oci\"\nruntime_root = \"/run/%s\"\n",
                          path, wish->name)
             : NULL;
    return plan->runtime[0].lines ? 0 : err_nomem(err);
}
