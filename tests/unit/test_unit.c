/* A container's cgroup as a unit of systemd's: its name, and what systemd is told. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spec/readers.h"
#include "unit_print.h"

static const char proc_devices[] = "Character devices:\n  1 mem\n  4 /dev/vc/0\n136 pts\n\n"
                                   "Block devices:\n  7 loop\n259 blkext\n";

/* ---- names ---- */

/* path, with parent NULL, or the parent of a command without one. */
static void name_is(const char *path, const char *parent, bool user, const char *want)
{
    cleanup_command struct command *cmd = command_new();
    cleanup_unit_name struct unit_name name = {0};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *cgroup = NULL, *got = NULL;

    assert_int_equal(str_set(&cmd->id, "web"), 0);
    assert_int_equal(str_set(&cmd->cgroups_path, path), 0);
    assert_int_equal(str_set(&cmd->cgroup_parent, parent), 0);
    if (unit_name_make(cmd, user, &name, &err) == 0) {
        cgroup = unit_cgroup(&name);
        got = str_printf("%s %s %s", name.slice, name.unit, cgroup);
    }
    assert_string_equal(got ? got : err_message(err), want);
}

static void test_names(void **state)
{
    (void)state;
    name_is("a.slice:docker:3c1f", NULL, false,
            "a.slice docker-3c1f.scope a.slice/docker-3c1f.scope");
    name_is(":docker:3c1f", NULL, false,
            "system.slice docker-3c1f.scope system.slice/docker-3c1f.scope");
    name_is(":docker:3c1f", NULL, true,
            "user.slice docker-3c1f.scope user.slice/docker-3c1f.scope");
    name_is("::3c1f", NULL, false, "system.slice 3c1f.scope system.slice/3c1f.scope");
    name_is("a-b-c.slice:p:n", NULL, false,
            "a-b-c.slice p-n.scope a.slice/a-b.slice/a-b-c.slice/p-n.scope");
    name_is("-.slice:p:n", NULL, false, "-.slice p-n.scope p-n.scope");
    name_is("a.slice:p:b.slice", NULL, false, "-.slice b.slice b.slice");
    name_is("x.slice:p:a-b-c.slice", NULL, false,
            "a-b.slice a-b-c.slice a.slice/a-b.slice/a-b-c.slice");
    name_is("x.slice:p:.slice", NULL, false, "x.slice p-.slice.scope x.slice/p-.slice.scope");
    name_is(NULL, NULL, false, "system.slice runlxc-web.scope system.slice/runlxc-web.scope");
    name_is(NULL, "a-b.slice", false,
            "a-b.slice runlxc-web.scope a.slice/a-b.slice/runlxc-web.scope");
}

static void test_names_refused(void **state)
{
    char path[400] = "a.slice:p:";

    (void)state;
    name_is("a.slice:p:n+1", NULL, false, "'+' cannot be in the name of a unit, \"p-n+1.scope\"");
    name_is("a b.slice:p:n", NULL, false, "' ' cannot be in the name of a unit, \"a b.slice\"");
    memset(path + strlen(path), 'n', 248);
    name_is(path, NULL, false,
            "the unit \"p-nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\" has a name longer than "
            "255 bytes");
    path[strlen(path) - 1] = '\0';
    {
        cleanup_free char *want =
            str_printf("a.slice p-%s.scope a.slice/p-%s.scope", path + 10, path + 10);

        name_is(path, NULL, false, want);
    }
}

/* ---- resources ---- */

struct line {
    const char *file, *value;
};

static char *resources_text(const struct unit_facts *facts, bool inside, const struct line *lines)
{
    cleanup_unit_properties struct unit_properties props = {0};
    cleanup_cgroup_values struct cgroup_values values = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    for (; lines->file; lines++) {
        struct cgroup_value *slot = ARRAY_GROW(&values.items, &values.n);

        assert_int_equal(str_set(&slot->file, lines->file), 0);
        assert_int_equal(str_set(&slot->value, lines->value), 0);
        assert_int_equal(str_set(&slot->member, "resources.member"), 0);
    }
    return unit_resources(&values, inside, facts, &props, &err) < 0 ? strdup(err_message(err))
                                                                    : print_properties(&props);
}

#define RESOURCES(v2, version, inside, want, ...)                                                  \
    do {                                                                                           \
        const struct unit_facts facts_ = {v2, version, proc_devices, NULL};                        \
        const struct line lines_[] = {__VA_ARGS__, {NULL, NULL}};                                  \
        cleanup_free char *got_ = resources_text(&facts_, inside, lines_);                         \
                                                                                                   \
        assert_string_equal(got_, want);                                                           \
    } while (0)
#define V2(want, ...) RESOURCES(true, 252, false, want, __VA_ARGS__)
#define V1(want, ...) RESOURCES(false, 252, false, want, __VA_ARGS__)

static void test_memory(void **state)
{
    (void)state;
    V2("MemoryMax t 67108864\nMemorySwapMax t 1\nMemoryLow t 3\n", {"memory.max", "67108864"},
       {"memory.swap.max", "1"}, {"memory.low", "3"});
    V2("MemoryHigh t 18446744073709551615\nMemoryMin t 0\n", {"memory.high", "max"},
       {"memory.min", "0"});
    V1("MemoryLimit t 67108864\n", {"memory.limit_in_bytes", "67108864"},
       {"memory.memsw.limit_in_bytes", "67108865"});
    V1("MemoryLimit t 18446744073709551615\n", {"memory.limit_in_bytes", "-1"});
    V2("resources.member: \"1M\" is no value of memory.max", {"memory.max", "1M"});
    V2("", {"memory.oom.group", "1"}, {"hugetlb.2MB.max", "0"}, {"io.max", "8:0 rbps=1"});
}

static void test_cpu(void **state)
{
    (void)state;
    V2("CPUWeight t 20\nCPUQuotaPeriodUSec t 50000\nCPUQuotaPerSecUSec t 500000\n",
       {"cpu.weight", "20"}, {"cpu.max", "25000 50000"});
    V2("CPUQuotaPerSecUSec t 250000\n", {"cpu.max", "25000"});
    /* systemd keeps hundredths of a CPU; never less than was asked for. */
    V2("CPUQuotaPeriodUSec t 30000\nCPUQuotaPerSecUSec t 340000\n", {"cpu.max", "10000 30000"});
    V2("CPUQuotaPeriodUSec t 100000\nCPUQuotaPerSecUSec t 18446744073709551615\n",
       {"cpu.max", "max 100000"});
    V2("resources.member: \"1 0\" is no value of cpu.max", {"cpu.max", "1 0"});
    V2("resources.member: \"9223372036854775807 1000\" is no value of cpu.max",
       {"cpu.max", "9223372036854775807 1000"});
    V1("CPUShares t 512\nCPUQuotaPeriodUSec t 50000\nCPUQuotaPerSecUSec t 500000\n",
       {"cpu.shares", "512"}, {"cpu.cfs_period_us", "50000"}, {"cpu.cfs_quota_us", "25000"});
    V1("CPUQuotaPerSecUSec t 250000\n", {"cpu.cfs_quota_us", "25000"});
    V1("CPUQuotaPerSecUSec t 18446744073709551615\n", {"cpu.cfs_quota_us", "-1"});
    RESOURCES(true, 241, false, "CPUQuotaPerSecUSec t 500000\n", {"cpu.max", "25000 50000"});
}

static void test_idle(void **state)
{
    (void)state;
    V2("CPUWeight t 0\n", {"cpu.idle", "1"});
    V2("CPUWeight t 100\n", {"cpu.idle", "0"});
    V2("CPUWeight t 20\n", {"cpu.weight", "20"}, {"cpu.idle", "0"});
    RESOURCES(true, 251, false, "", {"cpu.idle", "1"});
}

static void test_tasks(void **state)
{
    (void)state;
    /* One more, for the process that holds the unit; the supervisor takes its place. */
    V2("TasksMax t 21\n", {"pids.max", "20"});
    RESOURCES(true, 252, true, "TasksMax t 21\n", {"pids.max", "21"});
    V1("TasksMax t 1\n", {"pids.max", "0"});
    V2("TasksMax t 18446744073709551615\n", {"pids.max", "max"});
}

static void test_cpuset(void **state)
{
    (void)state;
    V2("AllowedCPUs ay y:[ 133 1 ]\nAllowedMemoryNodes ay y:[ 1 ]\n", {"cpuset.cpus", "0,2,7-8"},
       {"cpuset.mems", "0"});
    V2("AllowedCPUs ay y:[ ]\n", {"cpuset.cpus", ""});
    V2("resources.member: \"1-\" is no value of cpuset.cpus", {"cpuset.cpus", "1-"});
    V2("resources.member: \"3-1\" is no value of cpuset.cpus", {"cpuset.cpus", "3-1"});
    V2("resources.member: \"0;1\" is no value of cpuset.cpus", {"cpuset.cpus", "0;1"});
    V2("resources.member: \"99999\" is no value of cpuset.cpus", {"cpuset.cpus", "99999"});
    RESOURCES(true, 243, false, "", {"cpuset.cpus", "0"});
}

static void test_io(void **state)
{
    (void)state;
    V2("IOWeight t 1920\n", {"io.weight", "default 1920"});
    V2("IOWeight t 50\nIOWeight t 10000\nIOWeight t 111\n", {"io.bfq.weight", "default 50"},
       {"io.bfq.weight", "default 1000"}, {"io.bfq.weight", "101"});
    V2("IODeviceWeight a(st) (st):[ st:( \"/dev/block/8:0\" 300 ) ]\n", {"io.weight", "8:0 300"});
    V1("BlockIOWeight t 200\n", {"blkio.bfq.weight", "200"});
}

/* ---- devices ---- */

static int64_t device_number(const char *text)
{
    int64_t number = -1;

    assert_true(*text == '*' || str_to_i64(text, 0, UINT32_MAX, &number));
    return number;
}

/* "+c 1:3 rw". */
static void add_rule(struct command *cmd, const char *text)
{
    struct device_rule *rule = ARRAY_GROW(&cmd->res.devices, &cmd->res.n_devices);
    char type, access[4], major[8], minor[8];

    assert_int_equal(sscanf(text + 1, "%c %7[^:]:%7s %3s", &type, major, minor, access), 4);
    *rule = (struct device_rule){.allow = *text == '+',
                                 .type = type,
                                 .major = device_number(major),
                                 .minor = device_number(minor),
                                 .read = strchr(access, 'r'),
                                 .write = strchr(access, 'w'),
                                 .mknod = strchr(access, 'm')};
}

static void devices_are(const char *const *rules, bool privileged, const char *want)
{
    const struct unit_facts facts = {true, 252, proc_devices, NULL};
    cleanup_unit_properties struct unit_properties props = {0};
    cleanup_command struct command *cmd = command_new();
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *got = NULL;

    cmd->privileged = privileged;
    for (; *rules; rules++)
        add_rule(cmd, *rules);
    assert_int_equal(unit_devices(cmd, &facts, &props, &err), 0);
    got = print_properties(&props);
    assert_string_equal(got, want);
}
#define STRICT(want)                                                                               \
    "DevicePolicy s \"strict\"\nDeviceAllow a(ss) (ss):[ ]\nDeviceAllow a(ss) (ss):[" want " ]\n"
/* What the shim makes nodes by is always there. */
#define DEVICES(want, ...)                                                                         \
    devices_are((const char *const[]){__VA_ARGS__, NULL}, false,                                   \
                STRICT(want " ss:( \"char-*\" \"m\" ) ss:( \"block-*\" \"m\" )"))
#define WIDER(want, ...) devices_are((const char *const[]){__VA_ARGS__, NULL}, false, STRICT(want))
#define ALL "DevicePolicy s \"auto\"\nDeviceAllow a(ss) (ss):[ ]\n"

static void test_devices(void **state)
{
    (void)state;
    DEVICES("", "-a *:* rwm");
    DEVICES(" ss:( \"/dev/char/1:3\" \"rw\" )", "-a *:* rwm", "+c 1:3 rw");
    /* Said twice is said once, with both. */
    DEVICES(" ss:( \"/dev/block/8:0\" \"rwm\" )", "-a *:* rwm", "+b 8:0 r", "+b 8:0 wm");
    DEVICES(" ss:( \"char-pts\" \"rwm\" )", "-a *:* rwm", "+c 136:* rwm");
    DEVICES(" ss:( \"block-loop\" \"r\" )", "-a *:* rwm", "+b 7:* r");
    /* What systemd has no word for is in a wider one, which is one with the others of its name. */
    WIDER(" ss:( \"char-*\" \"rm\" ) ss:( \"block-*\" \"m\" )", "-a *:* rwm", "+c 99:* r");
    WIDER(" ss:( \"char-*\" \"rm\" ) ss:( \"block-*\" \"m\" )", "-a *:* rwm", "+c *:7 r");
    WIDER(" ss:( \"block-*\" \"wm\" ) ss:( \"char-*\" \"m\" )", "-a *:* rwm", "+b 9:* w");
    DEVICES(" ss:( \"/dev/char/5:1\" \"r\" ) ss:( \"/dev/block/5:1\" \"r\" )", "-a *:* rwm",
            "+a 5:1 r");
}

static void test_devices_denied(void **state)
{
    (void)state;
    DEVICES(" ss:( \"/dev/char/1:3\" \"r\" )", "-a *:* rwm", "+c 1:3 rwm", "-c 1:3 wm");
    DEVICES("", "-a *:* rwm", "+c 1:3 rwm", "-c 1:* rwm");
    DEVICES("", "+a *:* rwm", "+c 1:3 rwm", "-a *:* rwm");
    /* A part of it: the container's own cgroup has that. */
    DEVICES(" ss:( \"char-pts\" \"rwm\" )", "-a *:* rwm", "+c 136:* rwm", "-c 136:1 rwm");
    devices_are((const char *const[]){"+a *:* rwm", "-b 8:* rwm", NULL}, false, ALL);
    devices_are((const char *const[]){"-a *:* rwm", NULL}, true, ALL);
    devices_are((const char *const[]){NULL}, false, ALL);
}

/* ---- all of it ---- */

static char *whole(const char *path, const char *key, const char *value)
{
    static char words[][16] = {"CollectMode", "Allowed*", "Abc", "PIDs", "Slice", "Delegate"};
    char *names[] = {words[0], words[1], words[2], words[3], words[4], words[5]};
    const struct strv allowed = {names, sizeof(names) / sizeof(names[0])};
    const struct unit_facts facts = {true, 252, proc_devices, &allowed};
    const struct cgroup_values none = {0};
    cleanup_unit_properties struct unit_properties props = {0};
    cleanup_command struct command *cmd = command_new();
    cleanup_unit_name struct unit_name name = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(str_set(&cmd->id, "web"), 0);
    assert_int_equal(str_set(&cmd->cgroups_path, path), 0);
    assert_int_equal(pair_add(&cmd->annotations, &cmd->n_annotations, "org.systemd.x", "?"), 0);
    assert_int_equal(pair_add(&cmd->annotations, &cmd->n_annotations, key, value), 0);
    assert_int_equal(unit_name_make(cmd, false, &name, NULL), 0);
    return unit_properties_make(cmd, &name, &none, &facts, &props, &err) < 0
               ? strdup(err_message(err))
               : print_properties(&props);
}

#define ACCOUNTING                                                                                 \
    "MemoryAccounting b true\nCPUAccounting b true\nIOAccounting b true\n"                         \
    "TasksAccounting b true\n"

static void test_scope(void **state)
{
    cleanup_free char *got = whole("a.slice:p:n", UNIT_ANNOTATION "CollectMode", "'inactive'");

    (void)state;
    assert_string_equal(got, "Description s \"runlxc container web\"\nSlice s \"a.slice\"\n"
                             "Delegate b true\nCollectMode s \"inactive-or-failed\"\n"
                             "DefaultDependencies b false\n" ACCOUNTING ALL
                             "CollectMode s \"inactive\"\n");
}

static void test_slice(void **state)
{
    cleanup_free char *got = whole("x.slice:p:a-b.slice", UNIT_ANNOTATION "AllowedSec", "1");

    (void)state;
    assert_string_equal(got,
                        "Description s \"runlxc container web\"\nWants as s:[ \"a.slice\" ]\n"
                        "DefaultDependencies b false\n" ACCOUNTING ALL "AllowedUSec t 1000000\n");
}

static void test_annotations_refused(void **state)
{
    static const char *const names[] = {"PIDs", "Slice", "Delegate"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        cleanup_free char *key = str_printf(UNIT_ANNOTATION "%s", names[i]);
        cleanup_free char *got = whole("a.slice:p:n", key, "'x'");
        cleanup_free char *want = str_printf("annotations.%s: is the runtime's to set", key);

        assert_string_equal(got, want);
    }
    {
        cleanup_free char *got = whole("a.slice:p:n", UNIT_ANNOTATION "Abc", "[");

        assert_string_equal(got, "annotations.org.systemd.property.Abc: a whole number is expected "
                                 "at \"\"");
    }
}

/* What somebody who can only choose annotations would like systemd to do. */
static void test_annotations_not_allowed(void **state)
{
    static const char *const names[] = {
        "SuccessAction", "FailureAction", "OnFailure",   "Conflicts",
        "BindsTo",       "MemoryMax",     "collectmode", ""};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cleanup_free char *key = str_printf(UNIT_ANNOTATION "%s", names[i]);
        cleanup_free char *got = whole("a.slice:p:n", key, "'reboot-force'");
        cleanup_free char *want = str_printf("annotations.%s: the property is not one that "
                                             "annotation_systemd_properties of runlxc.conf allows",
                                             key);

        assert_string_equal(got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_refused),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_cpuset),
        cmocka_unit_test(test_io),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_devices_denied),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_slice),
        cmocka_unit_test(test_annotations_refused),
        cmocka_unit_test(test_annotations_not_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
