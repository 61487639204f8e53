/* config.json of a bundle: the members of the whole document, hooks. */
#include "oci_bundle.h"

#define LINUX ", 'linux': {" MOUNT_NS "}"

static void reads_all(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, "{'ociVersion': '1.2.1', 'root': {'path': '/r o:o t', 'readonly': true},"
                      "'hostname': 'h', 'domainname': 'd', 'process': {'cwd': '/', 'args': ['a']},"
                      "'annotations': {'k': 'v', 'l': ''},"
                      "'linux': {'namespaces': [{'type': 'mount'}, {'type': 'uts'}]}}");
    assert_string_equal(b.cmd->oci_version, "1.2.1");
    assert_string_equal(b.cmd->bundle, BUNDLE);
    assert_string_equal(b.cmd->root.path, "/r o:o t");
    assert_true(b.cmd->root.readonly && b.cmd->engine && b.cmd->has_process);
    assert_string_equal(b.cmd->hostname, "h");
    assert_string_equal(b.cmd->domainname, "d");
    assert_int_equal(b.cmd->n_annotations, 2);
    assert_string_equal(pair_find(b.cmd->annotations, 2, "k"), "v");
    assert_string_equal(pair_find(b.cmd->annotations, 2, "l"), "");
    assert_int_equal(b.warnings.n, 0);
    bundle_end(&b);
}

static void leaves_out(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, "{#, 'hostname': '', 'domainname': null, 'mounts': null, 'hooks': null,"
                      "'annotations': null, 'process': null, 'vm': {}" LINUX "}");
    assert_string_equal(b.cmd->root.path, BUNDLE "/rootfs");
    assert_null(b.cmd->hostname);
    assert_null(b.cmd->domainname);
    assert_false(b.cmd->root.readonly || b.cmd->has_process || b.cmd->privileged);
    assert_false(b.cmd->default_mounts || b.cmd->default_masks || b.cmd->etc_files);
    assert_false(b.cmd->lxcfs || b.cmd->system_container || b.cmd->init);
    assert_int_equal(b.cmd->n_mounts + b.cmd->n_devices, 0);
    bundle_end(&b);
}

/* Without a list of capabilities runc and crun give none. */
static void gives_no_capabilities(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, "{#, 'process': {'cwd': '/', 'args': ['a']}" LINUX "}");
    assert_true(b.cmd->process.caps.set);
    assert_int_equal(b.cmd->process.caps.bounding | b.cmd->process.caps.permitted |
                         b.cmd->process.caps.effective,
                     0);
    bundle_end(&b);
}

static void ignores_the_unknown(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, "{#, 'new': [1], 'windows': {'x': 1}, 'solaris': {'milestone': 'x'},"
                      "'zos': {'namespaces': []}, 'freebsd': {},"
                      "'hooks': {'unknown': [1]}, 'mounts': [{'destination': '/a', 'type': 'proc',"
                      "'future': {}}], 'linux': {'future': 1, " MOUNT_NS "}}");
    assert_int_equal(b.cmd->n_mounts, 1);
    bundle_end(&b);
}

static void takes_versions(void **state)
{
    static const char *const versions[] = {"1.0.0",     "1.0.2-dev", "1.0.0-rc5-dev",
                                           "1.1.0+dev", "1.3.0",     "1.2.0-rc.1+build.7",
                                           "1.0",       "1.99.12"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        cleanup_free char *text =
            str_printf("{'ociVersion': '%s', 'root': {'path': 'r'}" LINUX "}", versions[i]);
        struct bundle b;

        assert_non_null(text);
        bundle_accept(&b, text);
        assert_string_equal(b.cmd->oci_version, versions[i]);
        bundle_end(&b);
    }
}

static void refuses_versions(void **state)
{
    static const struct refusal cases[] = {
        {"{'root': {'path': 'r'}}", "ociVersion: is missing"},
        {"{'ociVersion': 1}", "ociVersion: expected a string, found 1"},
        {"{'ociVersion': ''}", "ociVersion: not a version such as 1.3.0, found ''"},
        {"{'ociVersion': 'x'}", "ociVersion: not a version such as 1.3.0, found 'x'"},
        {"{'ociVersion': '1'}", "ociVersion: not a version such as 1.3.0, found '1'"},
        {"{'ociVersion': '1.'}", "ociVersion: not a version such as 1.3.0, found '1.'"},
        {"{'ociVersion': '1.0.'}", "ociVersion: not a version such as 1.3.0, found '1.0.'"},
        {"{'ociVersion': '1.0.0-'}", "ociVersion: not a version such as 1.3.0, found '1.0.0-'"},
        {"{'ociVersion': '1.0.0x'}", "ociVersion: not a version such as 1.3.0, found '1.0.0x'"},
        {"{'ociVersion': '1.0.0-a b'}",
         "ociVersion: not a version such as 1.3.0, found '1.0.0-a b'"},
        {"{'ociVersion': '-1.0.0'}", "ociVersion: not a version such as 1.3.0, found '-1.0.0'"},
        {"{'ociVersion': '99999999.0.0'}",
         "ociVersion: not a version such as 1.3.0, found '99999999.0.0'"},
        {"{'ociVersion': '0.6.0'}", "ociVersion: only versions 1.x can be read, found '0.6.0'"},
        {"{'ociVersion': '2.0.0'}", "ociVersion: only versions 1.x can be read, found '2.0.0'"},
        {"{'ociVersion': '2.0.0-rc1'}",
         "ociVersion: only versions 1.x can be read, found '2.0.0-rc1'"},
    };

    (void)state;
    bundle_refuse_all(cases, ARRAY_SIZE(cases));
}

static void refuses(void **state)
{
    static const struct refusal cases[] = {
        {"{", "not JSON: line 1, column 1: string or '}' expected near end of file"},
        {"[]", "the document: expected an object, found []"},
        {"{'ociVersion': '1.0.0'}", "root: is missing"},
        {"{'ociVersion': '1.0.0', 'root': 'r'}", "root: expected an object, found 'r'"},
        {"{'ociVersion': '1.0.0', 'root': {}}", "root.path: is missing"},
        {"{'ociVersion': '1.0.0', 'root': {'path': ''}}",
         "root.path: a directory is expected, found ''"},
        {"{'ociVersion': '1.0.0', 'root': {'path': 'r', 'readonly': 1}}",
         "root.readonly: expected true or false, found 1"},
        {"{#, 'hostname': 1}", "hostname: expected a string, found 1"},
        {"{#, 'domainname': []}", "domainname: expected a string, found []"},
        {"{#, 'hostname': 'h'" LINUX "}",
         "hostname: 'h' cannot be set in the host's UTS namespace"},
        {"{#, 'process': {'args': ['a']}}", "process.cwd: is missing"},
        {"{#, 'process': {'cwd': '/'}" LINUX "}", "process.args: there is no command to run"},
        {"{#, 'vm': {'hypervisor': {'path': '/q'}}}",
         "vm: a virtual machine is asked for, and LXC makes none"},
        {"{#, 'annotations': []}", "annotations: expected an object, found []"},
        {"{#, 'annotations': {'a': 1}}", "annotations.a: expected a string, found 1"},
        {"{#, 'annotations': {'a': null}}", "annotations.a: is missing"},
        {"{#, 'annotations': {'': 'v'}}", "annotations: a key is empty (its value is 'v')"},
        {"{#, 'linux': 1}", "linux: expected an object, found 1"},
        {"{#}", "linux.namespaces: there is no 'mount', and LXC gives every container a mount "
                "namespace of its own"},
    };

    (void)state;
    bundle_refuse_all(cases, ARRAY_SIZE(cases));
}

static void reads_hooks(void **state)
{
    static const enum hook_point points[] = {HOOK_PRESTART,         HOOK_CREATE_RUNTIME,
                                             HOOK_CREATE_CONTAINER, HOOK_START_CONTAINER,
                                             HOOK_POSTSTART,        HOOK_POSTSTOP};
    struct bundle b;
    const struct hook *hook;

    (void)state;
    bundle_accept(&b,
                  "{#, 'hooks': {'prestart': [{'path': '/0'}], 'createRuntime': [{'path': '/1'}],"
                  "'createContainer': [{'path': '/2'}], 'startContainer': [{'path': '/3'}],"
                  "'poststart': [{'path': '/4'}], 'poststop': [{'path': '/5'}, {'path': '/6',"
                  "'args': ['six', '-v'], 'env': ['A=1'], 'timeout': 3}]}" LINUX "}");
    for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
        cleanup_free char *path = str_printf("/%zu", i);

        assert_int_equal(b.cmd->n_hooks[points[i]], points[i] == HOOK_POSTSTOP ? 2 : 1);
        assert_string_equal(b.cmd->hooks[points[i]][0].path, path);
        assert_int_equal(b.cmd->hooks[points[i]][0].timeout_s, RES_UNSET);
    }
    hook = &b.cmd->hooks[HOOK_POSTSTOP][1];
    assert_string_equal(hook->path, "/6");
    assert_int_equal(hook->args.n, 2);
    assert_string_equal(hook->args.items[1], "-v");
    assert_string_equal(hook->env.items[0], "A=1");
    assert_int_equal(hook->timeout_s, 3);
    bundle_end(&b);
}

static void refuses_hooks(void **state)
{
    static const struct refusal cases[] = {
        {"{#, 'hooks': []}", "hooks: expected an object, found []"},
        {"{#, 'hooks': {'prestart': {}}}", "hooks.prestart: expected an array, found {}"},
        {"{#, 'hooks': {'poststop': [null]}}", "hooks.poststop[0]: is missing"},
        {"{#, 'hooks': {'createRuntime': [{}]}}", "hooks.createRuntime[0].path: is missing"},
        {"{#, 'hooks': {'createContainer': [{'path': '/a'}, {'path': 'b'}]}}",
         "hooks.createContainer[1].path: not an absolute path, found 'b'"},
        {"{#, 'hooks': {'startContainer': [{'path': '/a', 'args': 1}]}}",
         "hooks.startContainer[0].args: expected an array, found 1"},
        {"{#, 'hooks': {'poststart': [{'path': '/a', 'env': [1]}]}}",
         "hooks.poststart[0].env[0]: expected a string, found 1"},
        {"{#, 'hooks': {'prestart': [{'path': '/a', 'timeout': 0}]}}",
         "hooks.prestart[0].timeout: 0 is not between 1 and 2147483647"},
        {"{#, 'hooks': {'prestart': [{'path': '/a', 'timeout': -5}]}}",
         "hooks.prestart[0].timeout: -5 is not between 1 and 2147483647"},
    };

    (void)state;
    bundle_refuse_all(cases, ARRAY_SIZE(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all),
        cmocka_unit_test(leaves_out),
        cmocka_unit_test(gives_no_capabilities),
        cmocka_unit_test(ignores_the_unknown),
        cmocka_unit_test(takes_versions),
        cmocka_unit_test(refuses_versions),
        cmocka_unit_test(refuses),
        cmocka_unit_test(reads_hooks),
        cmocka_unit_test(refuses_hooks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
