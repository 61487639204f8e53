#include "injection.h"

#include <jansson.h>
#include <lxc/lxccontainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/protocol.h"
#include "config/config.h"
#include "shared/record.h"

#define KEYS_MAX 65536

void die(const char *what, const char *detail)
{
    fprintf(stderr, "injection: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    exit(2);
}

static void add(struct view *view, char *what, const void *value, size_t len)
{
    struct item *item = realloc(view->items, (view->n + 1) * sizeof(*item));

    if (!item || !what)
        die("out of memory", NULL);
    view->items = item;
    item += view->n++;
    *item = (struct item){.what = what};
    buf_append(&item->value, value, len);
}

static void add_text(struct view *view, char *what, const char *text)
{
    add(view, what, text, strlen(text));
}

void view_clear(struct view *view)
{
    for (size_t i = 0; i < view->n; i++) {
        free(view->items[i].what);
        buf_free(&view->items[i].value);
    }
    free(view->items);
    *view = (struct view){0};
}

/* ---- the LXC configuration, as liblxc has it ---- */

/* \040, \011, \012 and \134 in place: what getmntent(3) undoes, which is how LXC reads an entry. */
static void decode_field(char *s)
{
    char *out = s;

    while (*s) {
        static const char *const codes[] = {"\\040", "\\011", "\\012", "\\134"};
        bool found = false;

        for (size_t i = 0; i < ARRAY_SIZE(codes) && !found; i++)
            if (strncmp(s, codes[i], 4) == 0) {
                *out++ = " \t\n\\"[i];
                s += 4;
                found = true;
            }
        if (!found)
            *out++ = *s++;
    }
    *out = '\0';
}

static void add_entry(struct view *view, char *line)
{
    static const char *const names[] = {"source", "destination", "type", "option", "dump", "pass"};
    char *save = NULL;
    size_t field = 0;

    for (char *word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
        const char *name = field < ARRAY_SIZE(names) ? names[field] : "one field too many";
        char *options = NULL;

        decode_field(word);
        if (field++ != 3) {
            add_text(view, str_printf("lxc.mount.entry %s", name), word);
            continue;
        }
        for (char *o = strtok_r(word, ",", &options); o; o = strtok_r(NULL, ",", &options))
            add_text(view, str_printf("lxc.mount.entry %s", name), o);
    }
}

/* "KEY = VALUE" in each line; lines of one key after another are lines of one value. */
static void add_cgroup(struct view *view, char *lines)
{
    cleanup_free char *last = NULL;

    for (char *line = strsep(&lines, "\n"); line; line = strsep(&lines, "\n")) {
        char *value = strstr(line, " = ");

        if (!value) {
            if (*line)
                add_text(view, strdup("a line without a key"), line);
            continue;
        }
        *value = '\0';
        if (last && strcmp(last, line) == 0) {
            buf_printf(&view->items[view->n - 1].value, "\n%s", value + 3);
            continue;
        }
        add_text(view, strdup(line), value + 3);
        str_set(&last, line);
    }
}

static void add_key(struct view *view, struct lxc_container *c, const char *key)
{
    int len = c->get_config_item(c, key, NULL, 0);
    cleanup_free char *value = NULL;
    char *rest;

    if (len <= 0)
        return;
    value = calloc((size_t)len + 1, 1);
    if (!value || c->get_config_item(c, key, value, len + 1) < 0)
        die("liblxc has no value of a key that it names", key);
    if (strcmp(key, "lxc.cgroup") == 0 || strcmp(key, "lxc.cgroup2") == 0) {
        add_cgroup(view, value);
        return;
    }
    if (strcmp(key, "lxc.mount.entry") != 0) {
        add_text(view, strdup(key), value);
        return;
    }
    rest = value;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        if (*line)
            add_entry(view, line);
}

static void add_keys_of(struct view *view, struct lxc_container *c, const char *group)
{
    static char keys[KEYS_MAX];
    int len = c->get_keys(c, group, keys, sizeof(keys));
    char *rest = keys;

    if (len < 0 || (size_t)len >= sizeof(keys))
        return;
    keys[len] = '\0';
    for (char *key = strsep(&rest, "\n"); key; key = strsep(&rest, "\n")) {
        cleanup_free char *whole = group ? str_printf("%s.%s", group, key) : strdup(key);

        if (*key)
            add_key(view, c, whole);
    }
}

/* Keys of LXC's with a part that is not fixed: a list of all that LXC knows does not show them. */
static const char *const open_keys[] = {
    "lxc.cgroup",
    "lxc.cgroup2",
    "lxc.cgroup.dir.container",
    "lxc.cgroup.dir.monitor",
    "lxc.cgroup.dir.monitor.pivot",
    "lxc.hook",
    "lxc.namespace.share.pid",
    "lxc.namespace.share.net",
    "lxc.namespace.share.ipc",
    "lxc.namespace.share.uts",
    "lxc.namespace.share.user",
    "lxc.namespace.share.cgroup",
    "lxc.prlimit",
    "lxc.proc",
    "lxc.sysctl",
};

static int view_lxc(struct view *view, const struct command *cmd, const char *config,
                    const char *scratch, struct lxcdriver_error **err)
{
    static struct lxc_container *c;
    cleanup_free char *path = str_printf("%s/config", scratch);
    FILE *file = path ? fopen(path, "w") : NULL;

    if (!c)
        c = lxc_container_new("injection", scratch);
    if (!c || !file || fputs(config, file) == EOF || fclose(file) != 0)
        die("cannot write a configuration", scratch);
    c->clear_config(c);
    if (!c->load_config(c, path)) {
        /* Whether LXC knows a raw key, the launch asks liblxc. */
        if (cmd->n_lxc_conf)
            return err_set(err, "lxc_config: liblxc refuses it (--lxc-conf)");
        die("liblxc does not read what the driver wrote", config);
    }
    add_keys_of(view, c, NULL);
    add_keys_of(view, c, "lxc.net.0");
    for (size_t i = 0; i < ARRAY_SIZE(open_keys); i++)
        add_key(view, c, open_keys[i]);
    return 0;
}

/* ---- what does not go through LXC ---- */

static void view_bootstrap(struct view *view, const struct buf *bootstrap)
{
    struct record_reader reader;
    struct record r;
    int rc;

    if (record_open(&reader, bootstrap->data, bootstrap->len) < 0)
        die("the bootstrap is none", NULL);
    while ((rc = record_next(&reader, &r)) > 0) {
        /* The state is JSON, in two pieces: see view_files(). */
        if (r.tag != WT_STATE)
            add(view, str_printf("bootstrap record %u", r.tag), r.data, r.len);
        /* Destination, type, source, data: a filesystem takes the last apart at its commas. */
        if (r.tag == WT_MOUNT) {
            const char *data = (const char *)r.data + sizeof(struct wire_mount);
            bool quoted = false;

            for (int i = 0; i < 3; i++)
                data += strlen(data) + 1;
            for (; *data; data++) {
                quoted ^= *data == '"';
                if (*data == ',' && !quoted)
                    add_text(view, strdup("one more option of a mount"), "");
            }
        }
    }
    if (rc < 0)
        die("the bootstrap is cut", NULL);
}

static void view_cgroup(struct view *view, const struct command *cmd,
                        const struct config_facts *facts)
{
    cleanup_cgroup_values struct cgroup_values values = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    if (cgroup_values_make(cmd, facts, &values, &err) < 0)
        die("the configuration was written, the values for the cgroup not", err_message(err));
    for (size_t i = 0; i < values.n; i++) {
        if (i > 0 && strcmp(values.items[i].file, values.items[i - 1].file) == 0)
            buf_printf(&view->items[view->n - 1].value, "\n%s", values.items[i].value);
        else
            add_text(view, str_printf("cgroup file %s", values.items[i].file),
                     values.items[i].value);
    }
}

static void view_json(struct view *view, const char *what, const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    const char *key;
    json_t *member;
    size_t i;

    if (!value)
        die(what, error.text);
    json_array_foreach(value, i, member) add_text(view, strdup(what), json_string_value(member));
    json_object_foreach(value, key, member)
    {
        cleanup_free char *name = str_printf("%s.%s", what, key);
        const char *annotation;
        json_t *inner;

        if (json_is_string(member))
            add_text(view, strdup(name), json_string_value(member));
        json_object_foreach(member, annotation, inner)
            add_text(view, str_printf("%s %s", name, annotation), json_string_value(inner));
    }
    json_decref(value);
}

static void view_files(struct view *view, const struct command *cmd)
{
    cleanup_buf struct buf env = {0}, head = {0}, tail = {0}, state = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    if (config_write_env(&cmd->process.env, &env, &err) == 0)
        view_json(view, "environment", env.data);
    config_state_text(cmd, &head, &tail);
    buf_printf(&state, "%screated\",\"pid\":1%s", head.data, tail.data);
    view_json(view, "state", state.data);
}

static void add_words(struct view *view, const char *what, const struct strv *words)
{
    for (size_t i = 0; i < words->n; i++)
        add_text(view, strdup(what), words->items[i]);
}

/* What the driver itself uses, as it stands in the command. */
static void view_command(struct view *view, const struct command *cmd)
{
    const struct {
        const char *what, *text;
    } texts[] = {
        {"seccomp listenerPath", cmd->seccomp.listener_path},
        {"seccomp listenerMetadata", cmd->seccomp.listener_metadata},
        {"seccomp profile", cmd->seccomp_profile},
        {"intelRdt closID", cmd->rdt_clos_id},
        {"intelRdt l3CacheSchema", cmd->rdt_l3_cache},
        {"intelRdt memBwSchema", cmd->rdt_mem_bw},
        {"hostname", cmd->hostname},
        {"id", cmd->id},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (texts[i].text)
            add_text(view, strdup(texts[i].what), texts[i].text);
    add_words(view, "intelRdt schemata", &cmd->rdt_schemata);
    add_words(view, "dns", &cmd->dns);
    add_words(view, "dns search", &cmd->dns_search);
    add_words(view, "dns option", &cmd->dns_options);
    add_words(view, "extra host", &cmd->extra_hosts);
    for (size_t i = 0; i < cmd->n_net_devices; i++) {
        add_text(view, strdup("interface"), cmd->net_devices[i].host_name);
        if (cmd->net_devices[i].name)
            add_text(view, strdup("interface's new name"), cmd->net_devices[i].name);
    }
    for (int point = 0; point < HOOK_POINTS; point++)
        for (size_t i = 0; i < cmd->n_hooks[point]; i++) {
            add_text(view, strdup("hook"), cmd->hooks[point][i].path);
            add_words(view, "hook's argument", &cmd->hooks[point][i].args);
            add_words(view, "hook's environment", &cmd->hooks[point][i].env);
        }
}

/* ---- all of it ---- */

static const char *template_path(void *opaque, const char *name)
{
    static char path[4096];

    snprintf(path, sizeof(path), "%s/%s", (const char *)opaque, name);
    return path;
}

static struct config_facts facts_of(const struct command *cmd, const char *templates,
                                    const struct strv *controllers)
{
    static const struct strv none;
    bool unified = cmd->res.n_unified > 0; /* v2 has nothing else that v1 has not */
    struct config_facts facts = {
        .state_dir = "/run/runlxc/injection",
        .rootfs_path = cmd->root.path,
        .cgroup_mode = unified ? CGROUP_V2 : CGROUP_V1,
        .v1_controllers = unified ? &none : controllers,
        .v2_controllers = unified ? controllers : &none,
        .template_path = template_path,
        .opaque = (void *)templates,
        .host_if = cmd->net.host_if ? cmd->net.host_if : "vethinjection",
        .bridge = cmd->net.bridge ? cmd->net.bridge : "br0",
        .mtu = cmd->net.mtu,
        .mac = cmd->net.mac,
        .cgroup_container = "runlxc/injection",
        .cgroup_monitor = "runlxc/injection.monitor",
        .cgroup_pivot = "runlxc/injection.pivot",
        .dockerenv = true,
    };

    if (cmd->cgroups_path)
        facts.cgroup_container = cmd->cgroups_path + strspn(cmd->cgroups_path, "/");
    /* What another container's is, the launch looks up. */
    for (int k = 0; k < NS_KINDS; k++)
        if (cmd->ns[k].mode == NS_PATH && k != NS_TIME)
            facts.ns_path[k] = cmd->ns[k].path;
    if (cmd->net.mode == NET_CONTAINER)
        facts.ns_path[NS_NET] = "/proc/1/ns/net";
    if (cmd->ipc_container)
        facts.ns_path[NS_IPC] = "/proc/1/ns/ipc";
    if (cmd->pid_container)
        facts.ns_path[NS_PID] = "/proc/1/ns/pid";
    return facts;
}

int view_make(struct command *cmd, const char *templates, const char *scratch, struct view *view,
              struct lxcdriver_error **err)
{
    static char *names[] = {"cpu",     "cpuacct", "cpuset",   "memory",  "blkio", "io",     "pids",
                            "devices", "net_cls", "net_prio", "hugetlb", "rdma",  "freezer"};
    const struct strv controllers = {names, ARRAY_SIZE(names)};
    struct bootstrap_facts boot = {.env = &cmd->process.env};
    cleanup_buf struct buf config = {0}, bootstrap = {0};
    struct config_facts facts;

    if (command_validate(cmd, err) < 0 || config_device_mounts(cmd, err) < 0)
        return -1;
    facts = facts_of(cmd, templates, &controllers);
    if (config_write(cmd, &facts, &config, err) < 0 ||
        bootstrap_write(cmd, &boot, &bootstrap, err) < 0)
        return -1;
    if (view_lxc(view, cmd, config.data, scratch, err) < 0)
        return -1;
    view_bootstrap(view, &bootstrap);
    view_cgroup(view, cmd, &facts);
    view_files(view, cmd);
    view_command(view, cmd);
    return 0;
}
