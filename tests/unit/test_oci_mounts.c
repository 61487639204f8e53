/* "mounts" of a bundle. */
#include "oci_bundle.h"

#include <sys/mount.h>

#define MOUNTS(list) "{#, 'mounts': [" list "], 'linux': {" MOUNT_NS "}}"

/* The one mount of a bundle. */
static const struct mount_spec *accept(struct bundle *b, const char *text)
{
    bundle_accept(b, text);
    assert_int_equal(b->cmd->n_mounts, 1);
    return &b->cmd->mounts[0];
}

static void reads_filesystems(void **state)
{
    struct bundle b;
    const struct mount_spec *m;

    (void)state;
    m = accept(&b, MOUNTS("{'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm', 'options':"
                          "['nosuid', 'size=64m', 'mode=1777', 'rro']}"));
    assert_string_equal(m->destination, "/dev/shm");
    assert_string_equal(m->type, "tmpfs");
    assert_string_equal(m->source, "shm");
    assert_int_equal(m->flags, MS_NOSUID);
    assert_int_equal(m->data.n, 2);
    assert_string_equal(m->data.items[1], "mode=1777");
    assert_int_equal(m->rec_set, MOUNT_ATTR_RDONLY);
    bundle_end(&b);
    m = accept(&b, MOUNTS("{'destination': 'proc', 'type': 'proc', 'source': '', 'options': null,"
                          "'uidMappings': []}"));
    assert_string_equal(m->destination, "/proc");
    assert_null(m->source);
    assert_false(m->idmap);
    bundle_end(&b);
}

static void reads_binds(void **state)
{
    static const struct {
        const char *text, *source;
        uint64_t flags;
    } cases[] = {
        {"'type': 'bind', 'source': '/a', 'options': ['rbind', 'ro']", "/a",
         MS_BIND | MS_REC | MS_RDONLY},
        {"'type': 'none', 'source': '/a', 'options': ['bind']", "/a", MS_BIND},
        {"'source': '/a', 'options': ['bind']", "/a", MS_BIND},
        {"'type': 'bind', 'source': '/a'", "/a", MS_BIND},
        {"'type': 'proc', 'source': 'data/x', 'options': ['bind']", BUNDLE "/data/x", MS_BIND},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *text = str_printf(MOUNTS("{'destination': '/d', %s}"), cases[i].text);
        const struct mount_spec *m;
        struct bundle b;

        assert_non_null(text);
        m = accept(&b, text);
        assert_null(m->type);
        assert_string_equal(m->source, cases[i].source);
        assert_int_equal(m->flags, cases[i].flags);
        bundle_end(&b);
    }
}

static void reads_maps(void **state)
{
    struct bundle b;
    const struct mount_spec *m;

    (void)state;
    m = accept(&b, MOUNTS("{'destination': '/d', 'source': '/s', 'options': ['bind', 'ridmap'],"
                          "'uidMappings': [{'containerID': 1, 'hostID': 2, 'size': 3}],"
                          "'gidMappings': [{'containerID': 4, 'hostID': 5, 'size': 6}]}"));
    assert_true(m->idmap && m->idmap_rec);
    assert_int_equal(m->uid_maps[0].container_id, 1);
    assert_int_equal(m->uid_maps[0].host_id, 2);
    assert_int_equal(m->gid_maps[0].size, 6);
    bundle_end(&b);
    m = accept(&b, MOUNTS("{'destination': '/d', 'source': '/s', 'options': ['rbind'],"
                          "'uidMappings': [{'containerID': 1, 'hostID': 2, 'size': 3}],"
                          "'gidMappings': [{'containerID': 4, 'hostID': 5, 'size': 6}]}"));
    assert_true(m->idmap);
    assert_false(m->idmap_rec);
    bundle_end(&b);
}

/* The specification's table, and the words of mount(8) that runc has beside it. */
static void knows_every_option(void **state)
{
    static const char *const words[] = {
        "acl",
        "async",
        "atime",
        "bind",
        "defaults",
        "dev",
        "diratime",
        "dirsync",
        "exec",
        "idmap",
        "iversion",
        "lazytime",
        "loud",
        "mand",
        "noacl",
        "noatime",
        "nodev",
        "nodiratime",
        "noexec",
        "noiversion",
        "nolazytime",
        "nomand",
        "norelatime",
        "nostrictatime",
        "nosuid",
        "nosymfollow",
        "private",
        "ratime",
        "rbind",
        "rdev",
        "rdiratime",
        "relatime",
        "remount",
        "rexec",
        "ridmap",
        "rnoatime",
        "rnodev",
        "rnodiratime",
        "rnoexec",
        "rnorelatime",
        "rnostrictatime",
        "rnosuid",
        "rnosymfollow",
        "ro",
        "rprivate",
        "rrelatime",
        "rro",
        "rrw",
        "rshared",
        "rslave",
        "rstrictatime",
        "rsuid",
        "rsymfollow",
        "runbindable",
        "rw",
        "shared",
        "silent",
        "slave",
        "strictatime",
        "suid",
        "symfollow",
        "sync",
        "tmpcopyup",
        "unbindable",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        cleanup_free char *text = str_printf(
            MOUNTS("{'destination': '/d', 'type': 'tmpfs', 'source': '/s', 'options': ['%s']}"),
            words[i]);
        const struct mount_spec *m;
        struct bundle b;

        assert_non_null(text);
        m = accept(&b, text);
        if (m->data.n)
            fail_msg("%s is left to the filesystem", words[i]);
        bundle_end(&b);
    }
}

static void same_place_twice(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, MOUNTS("{'destination': '/a', 'type': 'tmpfs'}, {'destination': '/a/', "
                             "'type': 'proc'}"));
    assert_int_equal(b.cmd->n_mounts, 2);
    bundle_end(&b);
}

static void refuses(void **state)
{
    static const struct refusal cases[] = {
        {"{#, 'mounts': {}}", "mounts: expected an array, found {}"},
        {MOUNTS("1"), "mounts[0]: expected an object, found 1"},
        {MOUNTS("{}"), "mounts[0].destination: is missing"},
        {MOUNTS("{'destination': ''}"), "mounts[0].destination: a path is expected, found ''"},
        {MOUNTS("{'destination': '/a/..', 'type': 'proc'}"),
         "mounts[0].destination: '/a/..' is the root itself"},
        {MOUNTS("{'destination': '/a', 'type': 'proc'}, {'destination': '/a'}"),
         "mounts[1].type: is missing"},
        {MOUNTS("{'destination': '/a', 'type': 1}"), "mounts[0].type: expected a string, found 1"},
        {MOUNTS("{'destination': '/a', 'type': 'a b'}"),
         "mounts[0].type: 'a b' is not a filesystem's type"},
        {MOUNTS("{'destination': '/a', 'source': []}"),
         "mounts[0].source: expected a string, found []"},
        {MOUNTS("{'destination': '/a', 'type': 'bind'}"), "mounts[0].source: is missing"},
        {MOUNTS("{'destination': '/a', 'options': 'ro'}"),
         "mounts[0].options: expected an array, found 'ro'"},
        {MOUNTS("{'destination': '/a', 'options': ['ro', 1]}"),
         "mounts[0].options[1]: expected a string, found 1"},
        {MOUNTS("{'destination': '/a', 'options': ['']}"),
         "mounts[0].options[0]: a mount option is empty"},
        {MOUNTS("{'destination': '/a', 'type': 'tmpfs', 'options': ['a\\nb']}"),
         "mounts[0].options: 'a\\nb': byte 2 is a control character (0x0a)"},
        {MOUNTS("{'destination': '/a', 'uidMappings': 1}"),
         "mounts[0].uidMappings: expected an array, found 1"},
        {MOUNTS("{'destination': '/a', 'uidMappings': [{'containerID': 0, 'hostID': 0, 'size': "
                "1}]}"),
         "mounts[0].gidMappings: is missing"},
        {MOUNTS("{'destination': '/a', 'gidMappings': [{'containerID': 0, 'hostID': 0, 'size': "
                "1}]}"),
         "mounts[0].uidMappings: is missing"},
        {MOUNTS("{'destination': '/a', 'type': 'bind', 'source': '/s', 'uidMappings': "
                "[{'containerID': 0, 'hostID': 0, 'size': 0}], 'gidMappings': [{'containerID': 0, "
                "'hostID': 0, 'size': 1}]}"),
         "mounts[0].uidMappings[0].size: 0 maps nothing"},
    };

    (void)state;
    bundle_refuse_all(cases, ARRAY_SIZE(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_filesystems), cmocka_unit_test(reads_binds),
        cmocka_unit_test(reads_maps),        cmocka_unit_test(knows_every_option),
        cmocka_unit_test(same_place_twice),  cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
