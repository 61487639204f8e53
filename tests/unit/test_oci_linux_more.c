/* devices, netDevices, intelRdt, memoryPolicy and personality of "linux" in an OCI bundle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spec/oci.h"
#include "spec/readers.h"
#include "spec/validate.h"

struct read {
    struct command *cmd;
    struct strv warnings;
    struct lxcdriver_error *err;
    int result;
};

static void read_text(struct read *r, const char *text)
{
    json_t *value = json_parse(text, strlen(text), "text", NULL);
    struct json_at at = json_root(value);

    *r = (struct read){.cmd = command_new()};
    assert_non_null(r->cmd);
    assert_non_null(value);
    strcpy(at.path, "linux");
    r->result = oci_linux_more_read(&at, r->cmd, &r->warnings, &r->err);
    json_decref(value);
}

static void read_good(struct read *r, const char *text)
{
    read_text(r, text);
    assert_string_equal(err_message(r->err), err_message(NULL));
    assert_int_equal(r->result, 0);
}

static void read_end(struct read *r)
{
    command_free(r->cmd);
    strv_free(&r->warnings);
    err_free(&r->err);
}

static void reads_nothing(void **state)
{
    struct read r;

    (void)state;
    read_good(&r, "{}");
    assert_int_equal(r.cmd->n_devices, 0);
    assert_int_equal(r.cmd->n_net_devices, 0);
    assert_false(r.cmd->has_intel_rdt);
    assert_null(r.cmd->memory_policy_mode);
    assert_null(r.cmd->personality);
    assert_true(r.cmd->res.n_devices > 1);
    read_end(&r);
}

static void reads_devices(void **state)
{
    const struct device_node *d;
    struct read r;

    (void)state;
    read_good(&r, "{\"devices\": [{\"type\": \"c\", \"path\": \"/dev/../opt//fuse\", \"major\": 10,"
                  "\"minor\": 229, \"fileMode\": 8630, \"uid\": 1, \"gid\": 2},"
                  "{\"type\": \"p\", \"path\": \"/fifo\"}]}");
    assert_int_equal(r.cmd->n_devices, 2);
    d = r.cmd->devices;
    assert_int_equal(d[0].type, 'c');
    assert_string_equal(d[0].path, "/opt/fuse");
    assert_int_equal(d[0].major, 10);
    assert_int_equal(d[0].minor, 229);
    assert_true(d[0].has_mode && d[0].has_uid && d[0].has_gid);
    assert_int_equal(d[0].mode, 0666);
    assert_int_equal(d[0].uid, 1);
    assert_int_equal(d[0].gid, 2);
    assert_int_equal(d[1].type, 'p');
    assert_false(d[1].has_mode || d[1].has_uid || d[1].has_gid);
    read_end(&r);
}

static void reads_the_rest(void **state)
{
    struct read r;

    (void)state;
    read_good(&r, "{\"resources\": {\"pids\": {\"limit\": 7}},"
                  "\"netDevices\": {\"eth1\": {\"name\": \"net%d\"}, \"eth2\": {}},"
                  "\"intelRdt\": {\"closID\": \"gold\", \"l3CacheSchema\": \"L3:0=f\","
                  "\"memBwSchema\": \"MB:0=20\", \"schemata\": [\"L2:0=f\"], \"enableCMT\": true},"
                  "\"memoryPolicy\": {\"mode\": \"MPOL_INTERLEAVE\", \"nodes\": \"0,2-3\","
                  "\"flags\": [\"MPOL_F_STATIC_NODES\"]},"
                  "\"personality\": {\"domain\": \"LINUX32\", \"flags\": []}}");
    assert_int_equal(r.cmd->res.pids_limit, 7);
    assert_int_equal(r.cmd->n_net_devices, 2);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(r.cmd->net_devices[i].host_name, "eth1") == 0)
            assert_string_equal(r.cmd->net_devices[i].name, "net%d");
        else
            assert_null(r.cmd->net_devices[i].name);
    assert_true(r.cmd->has_intel_rdt && r.cmd->rdt_enable_monitoring);
    assert_string_equal(r.cmd->rdt_clos_id, "gold");
    assert_string_equal(r.cmd->rdt_l3_cache, "L3:0=f");
    assert_string_equal(r.cmd->rdt_mem_bw, "MB:0=20");
    assert_string_equal(r.cmd->rdt_schemata.items[0], "L2:0=f");
    assert_string_equal(r.cmd->memory_policy_mode, "MPOL_INTERLEAVE");
    assert_string_equal(r.cmd->memory_policy_nodes, "0,2-3");
    assert_int_equal(r.cmd->memory_policy_flags.n, 1);
    assert_string_equal(r.cmd->personality, "LINUX32");
    read_end(&r);
}

static const struct {
    const char *text, *message;
} refused[] = {
    {"{\"devices\": {}}", "linux.devices: expected an array, found {}"},
    {"{\"devices\": [{\"type\": \"x\", \"path\": \"/a\", \"major\": 1, \"minor\": 1}]}",
     "linux.devices[0].type: expected c, b, u or p as the type of a device, found \"x\""},
    {"{\"devices\": [{\"type\": \"c\", \"path\": \"a\", \"major\": 1, \"minor\": 1}]}",
     "linux.devices[0].path: not an absolute path, found \"a\""},
    {"{\"devices\": [{\"type\": \"c\", \"path\": \"/a\", \"minor\": 1}]}",
     "linux.devices[0].major: is missing"},
    {"{\"devices\": [{\"type\": \"b\", \"path\": \"/a\", \"major\": 4096, \"minor\": 1}]}",
     "linux.devices[0].major: 4096 is not between 0 and 4095"},
    {"{\"devices\": [{\"type\": \"p\", \"path\": \"/a\", \"fileMode\": -1}]}",
     "linux.devices[0].fileMode: -1 is not between 0 and 4294967295"},
    {"{\"resources\": {\"pids\": 1}}", "linux.resources.pids: expected an object, found 1"},
    {"{\"netDevices\": []}", "linux.netDevices: expected an object, found []"},
    {"{\"netDevices\": {\"a b\": {}}}", "linux.netDevices.a b: \"a b\""},
    {"{\"netDevices\": {\"eth0\": {\"name\": 5}}}",
     "linux.netDevices.eth0.name: expected a string, found 5"},
    {"{\"netDevices\": {\"eth0\": {\"name\": \"a%s\"}}}",
     "linux.netDevices.eth0.name: \"%\" stands for nothing but one \"%d\", found \"a%s\""},
    {"{\"netDevices\": {\"eth0\": {\"name\": \"a%d%d\"}}}", "linux.netDevices.eth0.name: \"%\""},
    {"{\"intelRdt\": {\"closID\": \"../x\"}}",
     "linux.intelRdt.closID: not the name of a class of service, found \"../x\""},
    {"{\"intelRdt\": {\"l3CacheSchema\": \"MB:0=1\"}}",
     "linux.intelRdt.l3CacheSchema: expected a text that begins with \"L3:\", found \"MB:0=1\""},
    {"{\"intelRdt\": {\"memBwSchema\": \"MB:0=1\\nL3:0=1\"}}",
     "linux.intelRdt.memBwSchema: more than one line"},
    {"{\"intelRdt\": {\"schemata\": [\"a\\nb\"]}}", "linux.intelRdt.schemata: more than one line"},
    {"{\"memoryPolicy\": {}}", "linux.memoryPolicy.mode: is missing"},
    {"{\"memoryPolicy\": {\"mode\": \"MPOL_X\"}}",
     "linux.memoryPolicy.mode: not a mode of set_mempolicy(2), found \"MPOL_X\""},
    {"{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\"}}",
     "linux.memoryPolicy.nodes: is missing, MPOL_BIND needs nodes"},
    {"{\"memoryPolicy\": {\"mode\": \"MPOL_LOCAL\", \"nodes\": \"0\"}}",
     "linux.memoryPolicy.nodes: MPOL_LOCAL takes no nodes, found \"0\""},
    {"{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"x\"}}",
     "linux.memoryPolicy.nodes: \"x\""},
    {"{\"memoryPolicy\": {\"mode\": \"MPOL_DEFAULT\", \"flags\": [\"X\"]}}",
     "linux.memoryPolicy.flags[0]: not a flag of set_mempolicy(2), found \"X\""},
    {"{\"personality\": {}}", "linux.personality.domain: is missing"},
    {"{\"personality\": {\"domain\": \"BSD\"}}",
     "linux.personality.domain: expected LINUX or LINUX32, found \"BSD\""},
    {"{\"personality\": {\"domain\": \"LINUX\", \"flags\": [\"x\"]}}",
     "linux.personality.flags: the specification knows no flags, found [\"x\"]"},
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

/* Judged when everything is known: there must be a network for it to move into. */
static void needs_a_network(void **state)
{
    struct read r;

    (void)state;
    read_good(&r, "{\"netDevices\": {\"eth1\": {}}}");
    r.cmd->ns[NS_NET].mode = NS_HOST;
    assert_int_equal(validate_network(r.cmd, &r.err), -1);
    assert_string_equal(err_message(r.err),
                        "linux.netDevices.eth1: cannot move into the host's own network");
    read_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_nothing),  cmocka_unit_test(reads_devices),
        cmocka_unit_test(reads_the_rest), cmocka_unit_test(needs_a_network),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
