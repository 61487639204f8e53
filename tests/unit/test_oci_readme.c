/*
 * The README's table of config.json's members, held against the reader: every member of the
 * specification has a row, what is called honoured is looked at, what is called refused is refused,
 * and what is called ignored is not looked at.
 */
#include "oci_bundle.h"

#include <fcntl.h>
#include <jansson.h>

#include "base/fs.h"

#define BEGIN "| member of config.json | |\n"
#define MEMBERS_MIN 150 /* of the document below, and so of the specification */

/* config.md and config-linux.md, 1.3: each member that Linux has, once. */
static const char everything[] =
    "{'ociVersion': '1.3.0', 'root': {'path': 'r', 'readonly': true}, 'hostname': 'h',"
    "'domainname': 'd', 'annotations': {'k': 'v'},"
    "'process': {'terminal': true, 'consoleSize': {'height': 1, 'width': 1}, 'cwd': '/',"
    "'env': ['A=1'], 'args': ['a'], 'user': {'uid': 1, 'gid': 1, 'umask': 1, 'additionalGids': "
    "[1]}, 'rlimits': [{'type': 'RLIMIT_CPU', 'soft': 1, 'hard': 1}], 'apparmorProfile': 'p',"
    "'selinuxLabel': 'l', 'capabilities': {'effective': ['CAP_KILL'], 'bounding': ['CAP_KILL'],"
    "'inheritable': [], 'permitted': [], 'ambient': []}, 'noNewPrivileges': true,"
    "'oomScoreAdj': 1, 'scheduler': {'policy': 'SCHED_OTHER', 'nice': 1, 'priority': 0,"
    "'flags': ['SCHED_FLAG_RESET_ON_FORK'], 'runtime': 1, 'deadline': 1, 'period': 1},"
    "'ioPriority': {'class': 'IOPRIO_CLASS_BE', 'priority': 1},"
    "'execCPUAffinity': {'initial': '0', 'final': '0'}},"
    "'mounts': [{'destination': '/d', 'source': '/s', 'options': ['bind'], 'type': 'none',"
    "'uidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}],"
    "'gidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}]}],"
    "'hooks': {'prestart': [HOOK], 'createRuntime': [HOOK], 'createContainer': [HOOK],"
    "'startContainer': [HOOK], 'poststart': [HOOK], 'poststop': [HOOK]},"
    "'linux': {'namespaces': [{'type': 'pid', 'path': '/p'}, {'type': 'mount'}, {'type': 'user'},"
    "{'type': 'time'}, {'type': 'network'}, {'type': 'uts'}],"
    "'uidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}],"
    "'gidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}],"
    "'timeOffsets': {'monotonic': {'secs': 1, 'nanosecs': 1}, 'boottime': {'secs': 1, 'nanosecs': "
    "1}}, 'devices': [{'type': 'c', 'path': '/dev/x', 'major': 1, 'minor': 1, 'fileMode': 1,"
    "'uid': 1, 'gid': 1}], 'netDevices': {'eth9': {'name': 'n'}}, 'cgroupsPath': '/c',"
    "'rootfsPropagation': 'private', 'maskedPaths': ['/m'], 'readonlyPaths': ['/r'],"
    "'mountLabel': 'l', 'sysctl': {'net.a': '1'}, 'personality': {'domain': 'LINUX'},"
    "'memoryPolicy': {'mode': 'MPOL_BIND', 'nodes': '0', 'flags': ['MPOL_F_STATIC_NODES']},"
    "'intelRdt': {'closID': 'c', 'schemata': ['L3:0=1'], 'l3CacheSchema': 'L3:0=1',"
    "'memBwSchema': 'MB:0=1', 'enableMonitoring': true, 'enableCMT': true, 'enableMBM': true},"
    "'seccomp': {'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 1, 'architectures': "
    "['SCMP_ARCH_X86_64'], 'flags': ['SECCOMP_FILTER_FLAG_LOG'], 'listenerPath': '/l',"
    "'listenerMetadata': 'm', 'syscalls': [{'names': ['read'], 'action': 'SCMP_ACT_ERRNO',"
    "'errnoRet': 1, 'args': [{'index': 0, 'value': 1, 'valueTwo': 1, 'op': 'SCMP_CMP_EQ'}]}]},"
    "'resources': {'unified': {'memory.high': '1'}, 'devices': [{'allow': true, 'type': 'c',"
    "'major': 1, 'minor': 1, 'access': 'r'}], 'pids': {'limit': 1},"
    "'memory': {'limit': 9000000, 'reservation': 9000000, 'swap': 9000000, 'kernel': 1,"
    "'kernelTCP': 1, 'swappiness': 1, 'disableOOMKiller': true, 'useHierarchy': true,"
    "'checkBeforeUpdate': true},"
    "'cpu': {'shares': 2, 'quota': 1000, 'burst': 1, 'period': 1000, 'realtimeRuntime': 1,"
    "'realtimePeriod': 1, 'cpus': '0', 'mems': '0', 'idle': 0},"
    "'blockIO': {'weight': 10, 'leafWeight': 10, 'weightDevice': [{'major': 1, 'minor': 1,"
    "'weight': 10, 'leafWeight': 10}], 'throttleReadBpsDevice': [RATE], 'throttleWriteBpsDevice': "
    "[RATE], 'throttleReadIOPSDevice': [RATE], 'throttleWriteIOPSDevice': [RATE]},"
    "'hugepageLimits': [{'pageSize': '2MB', 'limit': 1}],"
    "'network': {'classID': 1, 'priorities': [{'name': 'eth0', 'priority': 1}]},"
    "'rdma': {'mlx5': {'hcaHandles': 1, 'hcaObjects': 1}}}}}";

static const struct {
    const char *mark, *text;
} shorthands[] = {
    {"HOOK", "{'path': '/h', 'args': ['h'], 'env': ['A=1'], 'timeout': 1}"},
    {"RATE", "{'major': 1, 'minor': 1, 'rate': 1}"},
};

/* Values that a row with "refused" speaks of. */
static const struct {
    const char *path, *value;
} refused_values[] = {
    {"linux.personality.flags", "['X']"},
    {"vm", "{'hypervisor': {'path': '/q'}}"},
};

/* Objects whose members have names that nobody else gives: one row for all. */
static const char *const maps[] = {"annotations", "linux.sysctl", "linux.resources.unified",
                                   "linux.resources.rdma", "linux.netDevices"};

struct rows {
    struct strv paths, states;
};

static json_t *parse(const char *shorthand)
{
    cleanup_buf struct buf text = {0};

    for (const char *p = shorthand; *p;) {
        size_t i = 0;

        while (i < ARRAY_SIZE(shorthands) && !str_starts(p, shorthands[i].mark))
            i++;
        if (i < ARRAY_SIZE(shorthands)) {
            buf_puts(&text, shorthands[i].text);
            p += strlen(shorthands[i].mark);
        } else {
            buf_putc(&text, *p++);
        }
    }
    assert_false(text.failed || !text.data);
    for (char *p = text.data; p && *p; p++)
        if (*p == '\'')
            *p = '"';
    return json_parse(text.data, text.len, "text", NULL);
}

/* "a.{b,c}[].d": every form of it. */
static void expand(const char *pattern, const char *state, struct rows *rows)
{
    const char *open = strchr(pattern, '{'), *close = open ? strchr(open, '}') : NULL;

    if (!close) {
        assert_int_equal(strv_add(&rows->paths, pattern), 0);
        assert_int_equal(strv_add(&rows->states, state), 0);
        return;
    }
    for (const char *word = open + 1; word < close;) {
        size_t len = strcspn(word, ",}");
        cleanup_free char *one =
            str_printf("%.*s%.*s%s", (int)(open - pattern), pattern, (int)len, word, close + 1);

        assert_non_null(one);
        expand(one, state, rows);
        word += len + 1;
    }
}

/* "| `a` `b` | honoured; when |" */
static void read_row(char *line, struct rows *rows)
{
    char *state = strstr(line + 1, " | ");

    assert_non_null(state);
    *state = '\0';
    state += 3;
    for (char *p = strchr(line, '`'); p; p = strchr(p, '`')) {
        char *end = strchr(++p, '`');

        assert_non_null(end);
        *end = '\0';
        expand(p, state, rows);
        p = end + 1;
    }
}

static void read_readme(struct rows *rows)
{
    cleanup_free char *text = NULL;
    char *line, *rest;

    *rows = (struct rows){0};
    assert_int_equal(fs_read_at(AT_FDCWD, "README.md", 1 << 20, &text, NULL), 0);
    rest = strstr(text, BEGIN);
    assert_non_null(rest);
    rest += strlen(BEGIN);
    line = strsep(&rest, "\n");
    assert_string_equal(line, "|---|---|");
    while ((line = strsep(&rest, "\n")) && *line == '|')
        read_row(line, rows);
}

static void rows_end(struct rows *rows)
{
    strv_free(&rows->paths);
    strv_free(&rows->states);
}

static bool is_map(const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
        if (strcmp(maps[i], path) == 0)
            return true;
    return false;
}

/* The paths of all that is no object and no list of objects. */
static void leaves(const json_t *value, const char *path, struct strv *out)
{
    const char *key;
    json_t *member;

    if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
        cleanup_free char *below = str_printf("%s[]", path);

        leaves(json_array_get(value, 0), below, out);
        return;
    }
    if (!json_is_object(value)) {
        assert_int_equal(strv_add(out, path), 0);
        return;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        cleanup_free char *below =
            str_printf("%s%s%s", path, *path ? "." : "", is_map(path) ? "*" : key);

        leaves(member, below, out);
    }
}

static bool has(const struct rows *rows, const char *path, const char *state)
{
    for (size_t i = 0; i < rows->paths.n; i++)
        if (strcmp(rows->paths.items[i], path) == 0 && str_starts(rows->states.items[i], state))
            return true;
    return false;
}

static void every_member_has_a_row(void **state)
{
    cleanup_strv struct strv members = {0};
    json_t *document = parse(everything);
    struct rows rows;
    size_t missing = 0;

    (void)state;
    assert_non_null(document);
    leaves(document, "", &members);
    read_readme(&rows);
    for (size_t i = 0; i < members.n; i++)
        if (!has(&rows, members.items[i], "honoured")) {
            print_error("README.md has no row \"honoured\" for %s\n", members.items[i]);
            missing++;
        }
    for (size_t i = 0; i < rows.paths.n; i++) {
        const char *path = rows.paths.items[i], *what = rows.states.items[i];

        if (str_starts(what, "honoured") && !strv_contains(&members, path)) {
            print_error("README.md has a row for %s, which is no member\n", path);
            missing++;
        }
        if (!str_starts(what, "honoured") && !str_starts(what, "refused") &&
            !str_starts(what, "ignored")) {
            print_error("README.md says of %s: %s\n", path, what);
            missing++;
        }
    }
    assert_true(members.n >= MEMBERS_MIN);
    rows_end(&rows);
    json_decref(document);
    assert_int_equal(missing, 0);
}

/* Put `value` in the place of the member at `path`, of the first element where there are several;
 * `where` becomes its path as errors give it. */
static void put(json_t *document, const char *path, json_t *value, struct buf *where)
{
    json_t *at = document;

    for (const char *p = path; *p;) {
        size_t len = strcspn(p, ".[");
        cleanup_free char *name = strndup(p, len);
        bool list = str_starts(p + len, "[]");
        const char *key = name, *next = p + len + (list ? 2 : 0);

        assert_non_null(name);
        if (strcmp(name, "*") == 0)
            key = json_object_iter_key(json_object_iter(at));
        buf_printf(where, "%s%s%s", where->len ? "." : "", key, list ? "[0]" : "");
        if (!*next) {
            assert_int_equal(json_object_set_new(at, key, value), 0);
            return;
        }
        at = json_object_get(at, key);
        if (list)
            at = json_array_get(at, 0);
        if (!at)
            fail_msg("%s: there is no %s", path, name);
        p = next + 1;
    }
}

/* Read `everything` with `value` at `path`: what is the error, "" for none? `where` as above. */
static char *error_with(const char *path, json_t *value, struct buf *where)
{
    json_t *document = parse(everything);
    cleanup_command struct command *cmd = command_new();
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_strv struct strv warnings = {0};
    cleanup_free char *text = NULL;
    int result;

    assert_true(document && cmd);
    if (path)
        put(document, path, value, where);
    text = json_dumps(document, 0);
    json_decref(document);
    assert_non_null(text);
    assert_int_equal(str_set(&cmd->id, "web"), 0);
    result = oci_config_read(text, strlen(text), BUNDLE, cmd, &warnings, &err);
    if (result == 0)
        result = command_validate(cmd, &err);
    return strdup(result == 0 ? "" : err_message(err));
}

static void everything_is_accepted(void **state)
{
    cleanup_buf struct buf where = {0};
    cleanup_free char *error = error_with(NULL, NULL, &where);

    (void)state;
    assert_string_equal(error, "");
}

/* A string with a NUL in it is right for no member. */
static json_t *wrong(void)
{
    return json_stringn("\0", 1);
}

static void honoured_members_are_read(void **state)
{
    struct rows rows;
    size_t bad = 0;

    (void)state;
    read_readme(&rows);
    for (size_t i = 0; i < rows.paths.n; i++) {
        cleanup_buf struct buf where = {0};
        cleanup_free char *error = NULL;

        if (!str_starts(rows.states.items[i], "honoured"))
            continue;
        error = error_with(rows.paths.items[i], wrong(), &where);
        if (!str_starts(error, where.data)) {
            print_error("%s: expected an error, got \"%s\"\n", where.data, error);
            bad++;
        }
    }
    rows_end(&rows);
    assert_int_equal(bad, 0);
}

static void ignored_members_are_not_read(void **state)
{
    struct rows rows;
    size_t n = 0;

    (void)state;
    read_readme(&rows);
    for (size_t i = 0; i < rows.paths.n; i++) {
        cleanup_buf struct buf where = {0};
        cleanup_free char *error = NULL;

        if (!str_starts(rows.states.items[i], "ignored"))
            continue;
        n++;
        error = error_with(rows.paths.items[i], wrong(), &where);
        assert_string_equal(error, "");
    }
    rows_end(&rows);
    assert_true(n > 0);
}

static void refused_members_are_refused(void **state)
{
    struct rows rows;
    size_t n = 0;

    (void)state;
    read_readme(&rows);
    for (size_t i = 0; i < ARRAY_SIZE(refused_values); i++) {
        cleanup_buf struct buf where = {0};
        const char *path = refused_values[i].path;
        cleanup_free char *error = error_with(path, parse(refused_values[i].value), &where);

        if (!has(&rows, path, "refused") || !str_starts(error, where.data))
            fail_msg("%s: got \"%s\"", path, error);
    }
    for (size_t i = 0; i < rows.paths.n; i++)
        n += str_starts(rows.states.items[i], "refused");
    rows_end(&rows);
    assert_int_equal(n, ARRAY_SIZE(refused_values));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_has_a_row),
        cmocka_unit_test(everything_is_accepted),
        cmocka_unit_test(honoured_members_are_read),
        cmocka_unit_test(ignored_members_are_not_read),
        cmocka_unit_test(refused_members_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
