/* "linux.resources" of an OCI bundle: every member arrives, what is wrong is refused with its path
 * and value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spec/oci.h"
#include "spec/readers.h"

struct read {
    struct resources res;
    struct lxcdriver_error *err;
    int result;
};

static void read_text(struct read *r, const char *text)
{
    json_t *value = json_parse(text, strlen(text), "text", NULL);
    struct json_at at = json_root(value);

    *r = (struct read){0};
    resources_init(&r->res);
    assert_non_null(value);
    strcpy(at.path, "resources");
    r->result = oci_resources_read(&at, &r->res, &r->err);
    json_decref(value);
}

static void read_end(struct read *r)
{
    resources_clear(&r->res);
    err_free(&r->err);
}

static void read_good(struct read *r, const char *text)
{
    read_text(r, text);
    assert_string_equal(err_message(r->err), err_message(NULL));
    assert_int_equal(r->result, 0);
}

static void reads_numbers(void **state)
{
    struct read r;

    (void)state;
    read_good(&r, "{\"memory\": {\"limit\": 100000, \"reservation\": 200000, \"swap\": -1,"
                  "\"kernel\": 5, \"kernelTCP\": 6, \"swappiness\": 0, \"disableOOMKiller\": true,"
                  "\"useHierarchy\": false, \"checkBeforeUpdate\": true},"
                  "\"cpu\": {\"shares\": 1024, \"quota\": -1, \"burst\": 0, \"period\": 50000,"
                  "\"realtimeRuntime\": 95, \"realtimePeriod\": 1000, \"cpus\": \"0-1\","
                  "\"mems\": \"0\", \"idle\": 1},"
                  "\"pids\": {\"limit\": 0}}");
    assert_int_equal(r.res.memory_limit, 100000);
    assert_int_equal(r.res.memory_reservation, 200000);
    assert_int_equal(r.res.memory_swap, -1);
    assert_int_equal(r.res.memory_kernel, 5);
    assert_int_equal(r.res.memory_kernel_tcp, 6);
    assert_int_equal(r.res.memory_swappiness, 0);
    assert_true(r.res.has_oom_kill_disable && r.res.oom_kill_disable);
    assert_true(r.res.has_use_hierarchy && !r.res.use_hierarchy);
    assert_true(r.res.memory_check_before_update);
    assert_int_equal(r.res.cpu_shares, 1024);
    assert_int_equal(r.res.cpu_quota_us, -1);
    assert_int_equal(r.res.cpu_burst_us, 0);
    assert_int_equal(r.res.cpu_period_us, 50000);
    assert_int_equal(r.res.cpu_rt_runtime_us, 95);
    assert_int_equal(r.res.cpu_rt_period_us, 1000);
    assert_string_equal(r.res.cpuset_cpus, "0-1");
    assert_string_equal(r.res.cpuset_mems, "0");
    assert_int_equal(r.res.cpu_idle, 1);
    assert_int_equal(r.res.pids_limit, RES_UNSET);
    read_end(&r);
}

/* As Docker's update writes it. */
static void takes_zero_for_nothing(void **state)
{
    struct read r;

    (void)state;
    read_good(&r, "{\"memory\": {\"limit\": 0, \"reservation\": 0, \"swap\": 0, \"kernel\": 0,"
                  "\"swappiness\": 18446744073709551615},"
                  "\"cpu\": {\"shares\": 0, \"quota\": 0, \"period\": 0, \"cpus\": \"\"},"
                  "\"blockIO\": {\"weight\": 0}, \"pids\": null, \"network\": {}}");
    assert_int_equal(r.res.memory_limit, RES_UNSET);
    assert_int_equal(r.res.memory_reservation, RES_UNSET);
    assert_int_equal(r.res.memory_swap, RES_UNSET);
    assert_int_equal(r.res.memory_kernel, RES_UNSET);
    assert_int_equal(r.res.memory_swappiness, RES_UNSET);
    assert_int_equal(r.res.cpu_shares, RES_UNSET);
    assert_int_equal(r.res.cpu_quota_us, RES_UNSET);
    assert_int_equal(r.res.cpu_period_us, RES_UNSET);
    assert_null(r.res.cpuset_cpus);
    assert_int_equal(r.res.blkio_weight, RES_UNSET);
    assert_int_equal(r.res.pids_limit, RES_UNSET);
    read_end(&r);
}

static void reads_lists(void **state)
{
    struct read r;

    (void)state;
    read_good(&r, "{\"blockIO\": {\"weight\": 10, \"leafWeight\": 1000, \"weightDevice\": ["
                  "{\"major\": 8, \"minor\": 0, \"weight\": 500, \"leafWeight\": 300}],"
                  "\"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 1, \"rate\": 600}],"
                  "\"throttleWriteBpsDevice\": [{\"major\": 8, \"minor\": 2}],"
                  "\"throttleReadIOPSDevice\": [{\"major\": 8, \"minor\": 3, \"rate\": 7}],"
                  "\"throttleWriteIOPSDevice\": [{\"major\": 8, \"minor\": 4,"
                  "\"rate\": 18446744073709551615}]},"
                  "\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 0}],"
                  "\"network\": {\"classID\": 1048577, \"priorities\": ["
                  "{\"name\": \"eth0\", \"priority\": 500}]},"
                  "\"rdma\": {\"mlx5_1\": {\"hcaHandles\": 3}, \"rxe3\": {\"hcaObjects\": 4}},"
                  "\"unified\": {\"io.max\": \"259:0 rbps=1\\n253:0 wiops=120\"}}");
    assert_int_equal(r.res.blkio_weight, 10);
    assert_int_equal(r.res.blkio_leaf_weight, 1000);
    assert_int_equal(r.res.n_blkio_weight_devices, 1);
    assert_int_equal(r.res.blkio_weight_devices[0].major, 8);
    assert_int_equal(r.res.blkio_weight_devices[0].weight, 500);
    assert_int_equal(r.res.blkio_weight_devices[0].leaf_weight, 300);
    for (int k = 0; k < THROTTLE_KINDS; k++)
        assert_int_equal(r.res.n_throttle[k], 1);
    assert_int_equal(r.res.throttle[THROTTLE_READ_BPS][0].rate, 600);
    assert_int_equal(r.res.throttle[THROTTLE_WRITE_BPS][0].rate, 0);
    assert_int_equal(r.res.throttle[THROTTLE_READ_IOPS][0].minor, 3);
    assert_int_equal(r.res.throttle[THROTTLE_WRITE_IOPS][0].rate, UINT64_MAX);
    assert_int_equal(r.res.n_hugepages, 1);
    assert_string_equal(r.res.hugepages[0].page_size, "2MB");
    assert_int_equal(r.res.net_class_id, 1048577);
    assert_string_equal(r.res.net_priorities[0].name, "eth0");
    assert_int_equal(r.res.net_priorities[0].priority, 500);
    assert_int_equal(r.res.n_rdma, 2);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(r.res.rdma[i].device, "rxe3") == 0)
            assert_true(r.res.rdma[i].objects == 4 && r.res.rdma[i].handles == RES_UNSET);
        else
            assert_int_equal(r.res.rdma[i].handles, 3);
    assert_string_equal(pair_find(r.res.unified, r.res.n_unified, "io.max"),
                        "259:0 rbps=1\n253:0 wiops=120");
    read_end(&r);
}

static void same_rule(const struct device_rule *r, bool allow, char type, int64_t major,
                      int64_t minor, const char *access)
{
    assert_int_equal(r->allow, allow);
    assert_int_equal(r->type, type);
    assert_int_equal(r->major, major);
    assert_int_equal(r->minor, minor);
    assert_int_equal(r->read, strchr(access, 'r') != NULL);
    assert_int_equal(r->write, strchr(access, 'w') != NULL);
    assert_int_equal(r->mknod, strchr(access, 'm') != NULL);
}

static void reads_rules(void **state)
{
    struct read r;

    (void)state;
    read_good(&r, "{\"devices\": [{\"allow\": false, \"access\": \"rwm\"},"
                  "{\"allow\": true, \"type\": \"c\", \"major\": 10, \"minor\": 229,"
                  "\"access\": \"rw\"},"
                  "{\"allow\": true, \"type\": \"b\", \"major\": 8, \"access\": \"m\"},"
                  "{\"allow\": true}]}");
    assert_int_equal(r.res.n_devices, 4);
    same_rule(&r.res.devices[0], false, 'a', -1, -1, "rwm");
    same_rule(&r.res.devices[1], true, 'c', 10, 229, "rw");
    same_rule(&r.res.devices[2], true, 'b', 8, -1, "m");
    same_rule(&r.res.devices[3], true, 'a', -1, -1, "rwm");
    read_end(&r);
}

/* Nothing is allowed before the rules, the common devices are behind them. */
static void completes_rules(void **state)
{
    struct read r;
    size_t n;

    (void)state;
    read_good(&r, "{}");
    assert_int_equal(device_rules_bundle(&r.res, NULL), 0);
    n = r.res.n_devices;
    assert_true(n > 8);
    same_rule(&r.res.devices[0], false, 'a', -1, -1, "rwm");
    same_rule(&r.res.devices[1], true, 'c', -1, -1, "m");
    same_rule(&r.res.devices[n - 2], true, 'c', 136, -1, "rwm");
    same_rule(&r.res.devices[n - 1], true, 'c', 10, 200, "rwm");
    for (size_t i = 0; i < n; i++)
        assert_false(r.res.devices[i].major == 5 && r.res.devices[i].minor == 1);
    read_end(&r);

    read_good(&r, "{\"devices\": [{\"allow\": true, \"type\": \"c\", \"major\": 10,"
                  "\"access\": \"r\"}]}");
    assert_int_equal(device_rules_bundle(&r.res, NULL), 0);
    assert_int_equal(r.res.n_devices, n + 1);
    same_rule(&r.res.devices[0], false, 'a', -1, -1, "rwm");
    same_rule(&r.res.devices[1], true, 'c', 10, -1, "r");
    same_rule(&r.res.devices[2], true, 'c', -1, -1, "m");
    read_end(&r);

    read_good(&r, "{\"devices\": [{\"allow\": true, \"access\": \"rwm\"}]}");
    assert_int_equal(device_rules_bundle(&r.res, NULL), 0);
    assert_int_equal(r.res.n_devices, 1);
    read_end(&r);
}

static const struct {
    const char *text, *message;
} refused[] = {
    {"[]", "resources: expected an object, found []"},
    {"{\"memory\": 5}", "resources.memory: expected an object, found 5"},
    {"{\"memory\": {\"limit\": -2}}",
     "resources.memory.limit: -2 is not between -1 and 9223372036854775807"},
    {"{\"memory\": {\"limit\": \"1g\"}}",
     "resources.memory.limit: expected a whole number, found \"1g\""},
    {"{\"memory\": {\"limit\": 1.5}}",
     "resources.memory.limit: expected a whole number, found 1.5"},
    {"{\"memory\": {\"swap\": 18446744073709551615}}",
     "resources.memory.swap: 18446744073709551615 is not between -1 and 9223372036854775807"},
    {"{\"memory\": {\"swappiness\": 101}}",
     "resources.memory.swappiness: 101 is not between 0 and 100"},
    {"{\"memory\": {\"disableOOMKiller\": 1}}",
     "resources.memory.disableOOMKiller: expected true or false, found 1"},
    {"{\"memory\": {\"checkBeforeUpdate\": \"yes\"}}",
     "resources.memory.checkBeforeUpdate: expected true or false, found \"yes\""},
    {"{\"cpu\": {\"shares\": 1}}", "resources.cpu.shares: 1 is not between 2 and 262144"},
    {"{\"cpu\": {\"period\": 10}}", "resources.cpu.period: 10 is not between 1000 and 1000000"},
    {"{\"cpu\": {\"idle\": 2}}", "resources.cpu.idle: 2 is not between 0 and 1"},
    {"{\"cpu\": {\"burst\": -1}}", "resources.cpu.burst: -1 is not between 0 and 9223372036854775"},
    {"{\"cpu\": {\"cpus\": \"a\"}}", "resources.cpu.cpus: \"a\""},
    {"{\"cpu\": {\"mems\": 0}}", "resources.cpu.mems: expected a string, found 0"},
    {"{\"pids\": {\"limit\": -5}}", "resources.pids.limit: -5 is not between -1 and"},
    {"{\"blockIO\": {\"weight\": 9}}", "resources.blockIO.weight: 9 is not between 10 and 1000"},
    {"{\"blockIO\": {\"weightDevice\": {}}}",
     "resources.blockIO.weightDevice: expected an array, found {}"},
    {"{\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0}]}}",
     "resources.blockIO.weightDevice[0]: has neither weight nor leafWeight"},
    {"{\"blockIO\": {\"weightDevice\": [{\"minor\": 0, \"weight\": 10}]}}",
     "resources.blockIO.weightDevice[0].major: is missing"},
    {"{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 0, \"rate\": -1}]}}",
     "resources.blockIO.throttleReadBpsDevice[0].rate: -1 is not between 0 and"},
    {"{\"hugepageLimits\": [{\"pageSize\": \"2 MB\", \"limit\": 1}]}",
     "resources.hugepageLimits[0].pageSize: expected a size such as \"2MB\", found \"2 MB\""},
    {"{\"hugepageLimits\": [{\"pageSize\": \"2MB\"}]}",
     "resources.hugepageLimits[0].limit: is missing"},
    {"{\"network\": {\"classID\": 4294967296}}",
     "resources.network.classID: 4294967296 is not between 0 and 4294967295"},
    {"{\"network\": {\"priorities\": [{\"name\": \"a/b\", \"priority\": 1}]}}",
     "resources.network.priorities[0].name: \"a/b\""},
    {"{\"network\": {\"priorities\": [{\"name\": \"eth0\"}]}}",
     "resources.network.priorities[0].priority: is missing"},
    {"{\"rdma\": {\"a\": {}}}", "resources.rdma.a: has neither hcaHandles nor hcaObjects"},
    {"{\"rdma\": {\"a b\": {\"hcaHandles\": 1}}}", "resources.rdma.a b: not the name of a device"},
    {"{\"rdma\": {\"a\": {\"hcaHandles\": -1}}}",
     "resources.rdma.a.hcaHandles: -1 is not between 0 and 4294967295"},
    {"{\"unified\": {\"memory.max\": 5}}",
     "resources.unified.memory.max: expected a string, found 5"},
    {"{\"unified\": {\"../x.y\": \"5\"}}",
     "resources.unified: \"../x.y\" is not the name of a control file"},
    {"{\"devices\": [{}]}", "resources.devices[0].allow: is missing"},
    {"{\"devices\": [{\"allow\": true, \"type\": \"x\"}]}",
     "resources.devices[0].type: expected a, c or b as the type of devices, found \"x\""},
    {"{\"devices\": [{\"allow\": true, \"type\": \"c\", \"access\": \"rx\"}]}",
     "resources.devices[0].access: \"rx\" is not a device access"},
    {"{\"devices\": [{\"allow\": true, \"major\": -2}]}",
     "resources.devices[0].major: -2 is not between -1 and 4294967295"},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        struct read r;

        read_text(&r, refused[i].text);
        if (r.result != -1 ||
            strncmp(err_message(r.err), refused[i].message, strlen(refused[i].message)) != 0)
            fail_msg("%s\nexpected: %s\ngot: %s", refused[i].text, refused[i].message,
                     err_message(r.err));
        read_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_numbers),   cmocka_unit_test(takes_zero_for_nothing),
        cmocka_unit_test(reads_lists),     cmocka_unit_test(reads_rules),
        cmocka_unit_test(completes_rules), cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
