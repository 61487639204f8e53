#include "spec/engines.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

#define RUNTIME "runlxc"
/* containerd's and Docker's own, which their settings can give another program. */
#define ENGINES_OWN "runc"

/* ---- what is known ---- */

static void clear_runtimes(struct engine_runtimes *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->items[i].name);
        strv_free(&r->items[i].programs);
    }
    free(r->items);
    free(r->preset);
    *r = (struct engine_runtimes){0};
}

void engine_settings_clear(struct engine_settings *s)
{
    for (size_t i = 0; i < ENGINE_PLUGINS; i++)
        clear_runtimes(&s->of[i]);
}

/* The one of this name, a new one if need be; NULL when memory ran out. */
static struct engine_runtime *runtime_of(struct engine_runtimes *r, const char *name)
{
    struct engine_runtime *more;
    char *copy;

    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->items[i].name, name))
            return &r->items[i];
    more = reallocarray(r->items, r->n + 1, sizeof(*r->items));
    if (!more)
        return NULL;
    r->items = more;
    copy = strdup(name);
    if (!copy)
        return NULL;
    r->items[r->n] = (struct engine_runtime){.name = copy};
    return &r->items[r->n++];
}

/* Give a runtime this program (NULL: none) in place of what it had. 0, or -1 without memory. */
static int set_program(struct engine_runtimes *r, const char *name, const char *program)
{
    struct engine_runtime *runtime = runtime_of(r, name);

    if (!runtime)
        return -1;
    strv_free(&runtime->programs);
    return str_empty(program) ? 0 : strv_add(&runtime->programs, program);
}

/* A text without NUL, which no name and no path has. */
static const char *json_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

/* ---- Docker ---- */

/* By its path, or by containerd's shim with our path as its option. */
static int read_docker(struct engine_settings *s, const char *file, const char *text, size_t len,
                       struct lxcdriver_error **err)
{
    json_t *settings, *runtime;
    const char *name;
    int failed = 0;

    /* `runlxc install` and Docker from 23.0 on take it for an empty one. */
    if (len == strspn(text, " \t\r\n"))
        return 0;
    settings = json_parse(text, len, file, err);
    if (!settings)
        return -1;
    if (!json_is_object(settings)) {
        json_decref(settings);
        return err_set(err, "%s:%u: the document is not an object", file,
                       str_line(text, strspn(text, " \t\r\n")));
    }
    json_object_foreach(json_object_get(settings, "runtimes"), name, runtime)
    {
        const char *path = json_text(json_object_get(runtime, "path"));
        const json_t *options = json_object_get(runtime, "options");

        if (str_empty(path))
            path = json_text(json_object_get(options, "BinaryName"));
        failed |= set_program(&s->of[0], name, path);
    }
    name = json_text(json_object_get(settings, "default-runtime"));
    if (!str_empty(name))
        failed |= str_set(&s->of[0].preset, name);
    json_decref(settings);
    return failed ? err_nomem(err) : 0;
}

/* ---- TOML ---- */

/* NULL: there is none. */
static const struct toml_node *find(const struct toml_node *node, const char *const *path)
{
    for (; node && *path; path++)
        node = toml_child(node, *path);
    return node;
}
#define FIND(node, ...) find(node, (const char *const[]){__VA_ARGS__, NULL})

static const char *string_of(const struct toml_node *node)
{
    return node && node->kind == TOML_STRING ? node->string : NULL;
}

/* The first one in a table; NULL: it is none. */
static const struct toml_node *first_in(const struct toml_node *table)
{
    return table && (toml_is_open(table) || table->kind == TOML_INLINE) ? table->child : NULL;
}

static int set_preset(struct engine_runtimes *r, const struct toml_node *name)
{
    const char *text = string_of(name);

    return str_empty(text) ? 0 : str_set(&r->preset, text);
}

static int read_podman(struct engine_settings *s, const struct toml *doc)
{
    const struct toml_node *runtime = first_in(FIND(&doc->root, "engine", "runtimes"));
    int failed = 0;

    for (; runtime; runtime = runtime->next) {
        const struct toml_node *path = runtime->kind == TOML_ARRAY ? runtime->child : NULL;
        struct engine_runtime *known = runtime_of(&s->of[0], runtime->name);

        if (!known)
            return -1;
        strv_free(&known->programs);
        for (; path; path = path->next)
            if (!str_empty(string_of(path)))
                failed |= strv_add(&known->programs, string_of(path));
        /* None of them there: it is looked for by its name. */
        failed |= strv_add(&known->programs, runtime->name);
    }
    return failed | set_preset(&s->of[0], FIND(&doc->root, "engine", "runtime"));
}

static int read_crio(struct engine_settings *s, const struct toml *doc)
{
    const struct toml_node *table = FIND(&doc->root, "crio", "runtime"), *runtime;
    int failed = 0;

    for (runtime = first_in(FIND(&doc->root, "crio", "runtime", "runtimes")); runtime;
         runtime = runtime->next) {
        const char *path = string_of(toml_child(runtime, "runtime_path"));
        const char *type = string_of(toml_child(runtime, "runtime_type"));

        /* That of a virtual machine is a shim of containerd's. Without a path it is looked for. */
        if (str_eq(type, "vm"))
            path = NULL;
        else if (str_empty(path))
            path = runtime->name;
        failed |= set_program(&s->of[0], runtime->name, path);
    }
    return failed | (table ? set_preset(&s->of[0], toml_child(table, "default_runtime")) : 0);
}

/* ---- containerd ---- */

static const char *const cri_plugins[ENGINE_PLUGINS] = {"cri", "io.containerd.grpc.v1.cri",
                                                        "io.containerd.cri.v1.runtime"};

static size_t plugin_index(unsigned format)
{
    return format > ENGINE_PLUGINS ? ENGINE_PLUGINS - 1 : format ? format - 1 : 0;
}

const char *engine_cri_plugin(unsigned format)
{
    return cri_plugins[plugin_index(format)];
}

int engine_cri_format(const char *text, const struct toml *doc)
{
    const struct toml_node *version = toml_child(&doc->root, "version");
    cleanup_free char *digits = NULL;
    uint64_t number;

    if (!version)
        return 0;
    digits = strndup(text + version->value, version->end - version->value);
    return digits && version->kind == TOML_SCALAR && str_to_u64(digits, 0, 99, &number)
               ? (int)number
               : -1;
}

static int read_cri(struct engine_runtimes *r, const struct toml_node *plugin, bool first_major)
{
    const struct toml_node *runtime = first_in(FIND(plugin, "containerd", "runtimes"));
    const struct toml_node *old = FIND(plugin, "containerd", "default_runtime");
    int failed = set_preset(r, FIND(plugin, "containerd", "default_runtime_name"));

    for (; runtime; runtime = runtime->next) {
        const char *path = string_of(FIND(runtime, "options", "BinaryName"));

        /* One that says nothing of it leaves what an earlier file has said. */
        if (path ? set_program(r, runtime->name, path) < 0 : !runtime_of(r, runtime->name))
            return -1;
    }
    /* The table that was there before the name, and is preferred to it: a runtime without one. */
    if (first_major && old && !str_empty(string_of(toml_child(old, "runtime_type"))))
        failed |= set_program(r, "", string_of(FIND(old, "options", "BinaryName"))) |
                  str_set(&r->preset, "");
    return failed;
}

/* containerd 2 brings each file to its own format, where the plugin has the last of the names. */
static int read_containerd(struct engine_settings *s, const char *text, const struct toml *doc,
                           struct strv *imports)
{
    const struct toml_node *import = toml_child(&doc->root, "imports");
    int format = engine_cri_format(text, doc), failed = 0;
    size_t oldest = format > 0 ? plugin_index((unsigned)format) : 0;

    if (format > 0)
        s->format = (unsigned)format;
    for (size_t i = 0; i < ENGINE_PLUGINS; i++) {
        const struct toml_node *plugin = FIND(&doc->root, "plugins", cri_plugins[i]);
        struct engine_runtimes *r = &s->of[s->major > 1 ? ENGINE_PLUGINS - 1 : i];

        if (!plugin || (s->major > 1 && i < oldest))
            continue;
        if (s->major < 2)
            clear_runtimes(r);
        failed |= read_cri(r, plugin, s->major < 2);
    }
    import = import && import->kind == TOML_ARRAY ? import->child : NULL;
    for (; imports && import; import = import->next)
        if (string_of(import))
            failed |= strv_add(imports, import->string);
    return failed;
}

int engine_read(struct engine_settings *s, const char *file, const char *text, size_t len,
                struct strv *imports, struct lxcdriver_error **err)
{
    struct toml doc;
    int failed;

    if (s->kind == ENGINE_DOCKER)
        return read_docker(s, file, text, len, err);
    if (toml_read(file, text, len, &doc, err) < 0) {
        toml_clear(&doc);
        return -1;
    }
    failed = s->kind == ENGINE_CONTAINERD ? read_containerd(s, text, &doc, imports)
             : s->kind == ENGINE_PODMAN   ? read_podman(s, &doc)
                                          : read_crio(s, &doc);
    toml_clear(&doc);
    return failed ? err_nomem(err) : 0;
}

/* ---- the verdict ---- */

/* "/usr/bin/runlxc", "runlxc" */
static bool names_us(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return str_eq(slash ? slash + 1 : path, RUNTIME);
}

/* That which the engine would execute; NULL: not ours to tell. */
static const char *program_of(const struct engine_runtime *runtime,
                              bool (*there)(const char *program))
{
    for (size_t i = 0; i < runtime->programs.n; i++)
        if (!there || there(runtime->programs.items[i]))
            return runtime->programs.items[i];
    return runtime->programs.n ? runtime->programs.items[0] : NULL;
}

static const struct engine_runtimes *in_force(const struct engine_settings *s)
{
    if (s->kind != ENGINE_CONTAINERD)
        return &s->of[0];
    return &s->of[s->major > 1 ? ENGINE_PLUGINS - 1 : plugin_index(s->format)];
}

enum engine_switched engine_switched(const struct engine_settings *s,
                                     bool (*there)(const char *program), const char **gone)
{
    const struct engine_runtimes *r = in_force(s);
    const char *preset = r->preset, *program = NULL;
    enum engine_switched found = SWITCHED_NOT;

    if (!preset && (s->kind == ENGINE_DOCKER || s->kind == ENGINE_CONTAINERD))
        preset = ENGINES_OWN;
    /* Podman's may be a program as well. */
    if (s->kind == ENGINE_PODMAN && preset && *preset == '/' && names_us(preset)) {
        found = SWITCHED_DEFAULT;
        program = preset;
    }
    for (size_t i = 0; i < r->n && found != SWITCHED_DEFAULT; i++) {
        const char *candidate = program_of(&r->items[i], there);

        if (!names_us(candidate))
            continue;
        if (str_eq(preset, r->items[i].name))
            found = SWITCHED_DEFAULT;
        else if (found == SWITCHED_RUNTIME)
            continue;
        else
            found = SWITCHED_RUNTIME;
        program = candidate;
    }
    if (gone)
        *gone = program && there && !there(program) ? program : NULL;
    return found;
}
