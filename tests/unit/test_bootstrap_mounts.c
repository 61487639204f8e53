/* The bootstrap: what the shim mounts, attaches and changes, and the places that are treated apart.
 */
#include <sys/mount.h>

#include "bootstrap_fixture.h"

static void add_mount(struct fixture *f, const char *destination, const char *type,
                      const char *source, const char *options)
{
    struct mount_spec *m = ARRAY_GROW(&f->cmd->mounts, &f->cmd->n_mounts);
    cleanup_free char *copy = strdup(options);
    char *rest = copy;

    assert_non_null(m);
    assert_int_equal(str_set(&m->destination, destination), 0);
    assert_int_equal(str_set(&m->type, type), 0);
    assert_int_equal(str_set(&m->source, source), 0);
    for (char *word = strsep(&rest, ","); word && *word; word = strsep(&rest, ","))
        assert_int_equal(mountopt_apply(m, word, &f->err), 0);
}

static void is_attr(const struct fixture *f, size_t i, const char *path, uint64_t set,
                    uint64_t clear, uint32_t recursive)
{
    struct wire_mount_attr got;
    const char *record = find(&f->out, WT_MOUNT_ATTR, i, NULL);

    if (!record)
        fail_missing(WT_MOUNT_ATTR, i, path);
    memcpy(&got, record, sizeof(got));
    assert_string_equal(record + sizeof(got), path);
    assert_int_equal(got.set, set);
    assert_int_equal(got.clear, clear);
    assert_int_equal(got.recursive, recursive);
    assert_int_equal(got.propagation, 0);
}

static void test_mount_attributes(void **state)
{
    struct fixture *f = *state;

    add_mount(f, "/plain", NULL, "/srv", "bind");
    add_mount(f, "/readonly", NULL, "/srv", "bind,ro");
    add_mount(f, "/flags", NULL, "/srv", "bind,nosuid,nodev,noexec,nosymfollow");
    add_mount(f, "/atime", NULL, "/srv", "rbind,noatime,nodiratime");
    add_mount(f, "/cleared", NULL, "/srv", "bind,rw,suid,dev,exec");
    add_mount(f, "/recursive", NULL, "/srv", "rbind,ro,rro,rexec,rnoatime");
    add_mount(f, "/tmpfs", "tmpfs", "tmpfs", "nosuid,ro,noatime");
    add_mount(f, "/links", "tmpfs", "tmpfs", "nosymfollow");
    add_mount(f, "/sys", NULL, NULL, "remount,ro");
    add_mount(f, "/relatime", NULL, "/srv", "bind,relatime");
    add_mount(f, "/strict", NULL, "/srv", "bind,strictatime");
    write_ok(f);
    is_attr(f, 0, "/flags",
            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW, 0,
            0);
    is_attr(f, 1, "/atime", MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME, MOUNT_ATTR__ATIME, 0);
    is_attr(f, 2, "/cleared", 0,
            MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0);
    is_attr(f, 3, "/recursive", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME,
            MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME, 1);
    is_attr(f, 4, "/links", MOUNT_ATTR_NOSYMFOLLOW, 0, 0);
    is_attr(f, 5, "/sys", MOUNT_ATTR_RDONLY, 0, 0);
    is_attr(f, 6, "/relatime", 0, MOUNT_ATTR__ATIME, 0);
    is_attr(f, 7, "/strict", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, 0);
    assert_int_equal(count(&f->out, WT_MOUNT_ATTR), 8);
    assert_int_equal(count(&f->out, WT_MOUNT), 0);
}

static void is_mount(const struct fixture *f, size_t i, uint64_t flags, uint64_t propagation,
                     uint32_t create, const char *const strings[4])
{
    struct wire_mount got;
    const char *at = find(&f->out, WT_MOUNT, i, NULL);

    assert_non_null(at);
    memcpy(&got, at, sizeof(got));
    assert_int_equal(got.flags, flags);
    assert_int_equal(got.propagation, propagation);
    assert_int_equal(got.create, create);
    at += sizeof(got);
    for (int s = 0; s < 4; s++, at += strlen(at) + 1)
        assert_string_equal(at, strings[s]);
}

/* What LXC would drop is mounted by the shim, by resolved paths; a tmpfs that says no mode has that
 * of what it covers. */
static void test_shim_mounts(void **state)
{
    struct fixture *f = *state;
    struct mount_target targets[] = {
        {(char[]){"run/a"}, TARGET_CREATE_DIR, 0},
        {(char[]){"copy"}, TARGET_EXISTS, 0755},
        {(char[]){"s"}, TARGET_EXISTS, 01777},
        {(char[]){"dev/pts"}, TARGET_EXISTS, 0700},
    };

    add_mount(f, "/var/run/a", "tmpfs", NULL, "noswap,size=1m,nosuid,rslave");
    add_mount(f, "/copy", "tmpfs", "x y", "tmpcopyup");
    add_mount(f, "/s", "tmpfs", NULL, "sync,size=2m");
    add_mount(f, "/dev/pts", "devpts", "devpts", "newinstance,mode=600");
    f->facts.targets = targets;
    write_ok(f);
    is_mount(f, 0, MS_NOSUID, MS_SLAVE | MS_REC, 1,
             (const char *const[]){"/run/a", "tmpfs", "tmpfs", "noswap,size=1m"});
    is_mount(f, 1, 0, 0, 0, (const char *const[]){"/copy", "tmpfs", "x y", "mode=755"});
    is_mount(f, 2, MS_SYNCHRONOUS, 0, 0,
             (const char *const[]){"/s", "tmpfs", "tmpfs", "size=2m,mode=1777"});
    is_mount(f, 3, 0, 0, 0,
             (const char *const[]){"/dev/pts", "devpts", "devpts", "newinstance,mode=600"});
    is_string(f, WT_TMPCOPYUP, 0, "/copy");
    assert_int_equal(count(&f->out, WT_TMPCOPYUP), 1);
    assert_true(find(&f->out, WT_TMPCOPYUP, 0, NULL) < find(&f->out, WT_MOUNT, 1, NULL));
    assert_true(find(&f->out, WT_TMPCOPYUP, 0, NULL) > find(&f->out, WT_MOUNT, 0, NULL));
}

static void is_attach(const struct fixture *f, size_t i, const char *path,
                      const struct wire_attach *want)
{
    struct wire_attach got;
    const char *record = find(&f->out, WT_ATTACH, i, NULL);

    if (!record)
        fail_missing(WT_ATTACH, i, path);
    memcpy(&got, record, sizeof(got));
    assert_string_equal(record + sizeof(got), path);
    assert_int_equal(got.set, want->set);
    assert_int_equal(got.clear, want->clear);
    assert_int_equal(got.tree_set, want->tree_set);
    assert_int_equal(got.tree_clear, want->tree_clear);
    assert_int_equal(got.propagation, want->propagation);
    assert_int_equal(got.create, want->create);
}

static void are_attached(struct fixture *f, const size_t *want, size_t n)
{
    cleanup_free size_t *got = NULL;
    size_t n_got = 0;

    assert_int_equal(config_attached(f->cmd, f->facts.targets, &got, &n_got, &f->err), 0);
    assert_int_equal(n_got, n);
    assert_int_equal(count(&f->out, WT_ATTACH), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(got[i], want[i]);
}

/* Nothing of such a mount is left for later, and they keep their order among the shim's others. */
static void test_attached_mounts(void **state)
{
    struct fixture *f = *state;
    struct mount_target targets[] = {
        {(char[]){"x"}, TARGET_EXISTS, 0},           {(char[]){"dev/file"}, TARGET_CREATE_FILE, 0},
        {(char[]){"run/dir"}, TARGET_CREATE_DIR, 0}, {(char[]){"x/tmp"}, TARGET_EXISTS, 0},
        {(char[]){"x/in"}, TARGET_EXISTS, 0},        {(char[]){"xx"}, TARGET_EXISTS, 0},
    };

    add_mount(f, "/link", NULL, "/srv", "rbind,rshared,ro,noatime,rnosuid,rexec");
    add_mount(f, "/dev/file", NULL, "/file", "bind,shared,exec");
    add_mount(f, "/run/dir", NULL, "/dir", "bind,shared");
    add_mount(f, "/x/tmp", "tmpfs", NULL, "nosuid");
    add_mount(f, "/x/in", NULL, "/in", "bind,nodev,rprivate");
    add_mount(f, "/xx", NULL, "/xx", "bind,rslave");
    f->facts.targets = targets;
    write_ok(f);
    is_attach(f, 0, "/x",
              &(struct wire_attach){.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME,
                                    .clear = MOUNT_ATTR__ATIME,
                                    .tree_set = MOUNT_ATTR_NOSUID,
                                    .tree_clear = MOUNT_ATTR_NOEXEC,
                                    .propagation = MS_SHARED | MS_REC});
    is_attach(f, 1, "/dev/file",
              &(struct wire_attach){.clear = MOUNT_ATTR_NOEXEC,
                                    .propagation = MS_SHARED,
                                    .create = WIRE_CREATE_FILE});
    is_attach(f, 2, "/run/dir",
              &(struct wire_attach){.propagation = MS_SHARED, .create = WIRE_CREATE_DIR});
    is_attach(f, 3, "/x/in",
              &(struct wire_attach){.set = MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE | MS_REC});
    are_attached(f, (const size_t[]){0, 1, 2, 4}, 4);
    is_mount(f, 0, MS_NOSUID, 0, 0, (const char *const[]){"/x/tmp", "tmpfs", "tmpfs", ""});
    assert_true(find(&f->out, WT_ATTACH, 2, NULL) < find(&f->out, WT_MOUNT, 0, NULL));
    assert_true(find(&f->out, WT_ATTACH, 3, NULL) > find(&f->out, WT_MOUNT, 0, NULL));
    assert_int_equal(count(&f->out, WT_MOUNT_ATTR), 0);
}

/* A mount that covers one of the shim's has to come after it, and what lies in that again. */
static void test_attached_over(void **state)
{
    struct fixture *f = *state;

    add_mount(f, "/a/b", NULL, "/srv", "bind,shared");
    add_mount(f, "/a", NULL, "/srv", "bind");
    add_mount(f, "/a/c", NULL, "/srv", "bind");
    add_mount(f, "/ab", NULL, "/srv", "bind");
    write_ok(f);
    are_attached(f, (const size_t[]){0, 1, 2}, 3);
}

/* A bundle says by its root's propagation whether its mounts are tied to the host's at all. */
static void test_attached_of_bundle(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(str_set(&f->cmd->oci_version, "1.0.2"), 0);
    add_mount(f, "/x", NULL, "/srv", "rbind,rshared");
    write_ok(f);
    are_attached(f, NULL, 0);
    f->cmd->root.propagation = MS_SLAVE | MS_REC;
    write_ok(f);
    are_attached(f, NULL, 0);
    f->cmd->root.propagation = MS_SHARED;
    write_ok(f);
    are_attached(f, (const size_t[]){0}, 1);
}

static void is_propagation(const struct fixture *f, size_t i, const char *path,
                           uint64_t propagation)
{
    struct wire_mount_attr got;
    const char *record = find(&f->out, WT_MOUNT_ATTR, i, NULL);

    assert_non_null(record);
    memcpy(&got, record, sizeof(got));
    assert_string_equal(record + sizeof(got), path);
    assert_int_equal(got.propagation, propagation);
}

/* What LXC's last step undoes is said again. */
static void test_propagation(void **state)
{
    struct fixture *f = *state;

    add_mount(f, "/private", NULL, "/srv", "rbind,rprivate");
    add_mount(f, "/slave", NULL, "/srv", "rbind,rslave");
    add_mount(f, "/tmpfs", "tmpfs", NULL, "shared");
    add_mount(f, "/unbindable", NULL, "/srv", "bind,runbindable");
    add_mount(f, "/none", NULL, "/srv", "bind");
    write_ok(f);
    is_propagation(f, 0, "/tmpfs", MS_SHARED);
    is_propagation(f, 1, "/unbindable", MS_UNBINDABLE | MS_REC);
    assert_int_equal(count(&f->out, WT_MOUNT_ATTR), 2);

    f->cmd->root.propagation = MS_SHARED | MS_REC;
    write_ok(f);
    is_propagation(f, 0, "/private", MS_PRIVATE | MS_REC);
    is_propagation(f, 1, "/slave", MS_SLAVE | MS_REC);
    assert_int_equal(count(&f->out, WT_MOUNT_ATTR), 4);
}

static void test_special_places(void **state)
{
    struct fixture *f = *state;

    add_mount(f, "/proc", "proc", "proc", "");
    add_mount(f, "/dev", "tmpfs", "tmpfs", "ro,mode=755");
    add_mount(f, "/sys/fs/cgroup", "cgroup", "cgroup", "ro");
    write_ok(f);
    assert_int_equal(number(f, WT_FLAGS, 0), WF_LOOPBACK | WF_DEV_READONLY);
    assert_int_equal(count(&f->out, WT_DEVICE), 6);
    is_attr(f, 0, "/sys/fs/cgroup", MOUNT_ATTR_RDONLY, 0, 1);
    /* no devpts: no ptmx to link to */
    is_link(f, 0, "/proc/kcore", "/dev/core");
    assert_int_equal(count(&f->out, WT_SYMLINK), 1);
    f->facts.kcore = false;
    write_ok(f);
    assert_int_equal(count(&f->out, WT_SYMLINK), 0);
}

/* Hierarchies that are bound one by one: each is what LXC made of it, only the tmpfs is not. */
static void test_cgroup_hierarchies(void **state)
{
    static const struct config_hierarchy own[] = {{"memory", "/m"}, {"cpu,cpuacct", "/c"}};
    struct fixture *f = *state;

    f->facts.hierarchies = own;
    f->facts.n_hierarchies = 2;
    add_mount(f, "/sys/fs/cgroup", "cgroup", "cgroup", "ro,nosuid,relatime");
    write_ok(f);
    is_attr(f, 0, "/sys/fs/cgroup", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0);
    is_link(f, 0, "cpu,cpuacct", "/sys/fs/cgroup/cpu");
    is_link(f, 1, "cpu,cpuacct", "/sys/fs/cgroup/cpuacct");
    assert_int_equal(count(&f->out, WT_SYMLINK), 2);

    /* LXC leaves other flags out without "ro" */
    f->cmd->mounts[0].flags &= ~(uint64_t)MS_RDONLY;
    write_ok(f);
    is_attr(f, 0, "/sys/fs/cgroup", MOUNT_ATTR_NOSUID, 0, 1);

    /* hidden by another mount of the command's */
    add_mount(f, "/sys/fs/cgroup", NULL, "/srv", "bind");
    write_ok(f);
    assert_int_equal(count(&f->out, WT_SYMLINK), 0);
    assert_int_equal(count(&f->out, WT_MOUNT_ATTR), 0);
}

/* What is mounted by default. */
static void test_default_cgroup(void **state)
{
    static const struct config_hierarchy own[] = {{"memory", "/m"}};
    struct fixture *f = *state;

    f->cmd->default_mounts = true;
    write_ok(f);
    is_attr(f, 0, "/sys/fs/cgroup", MOUNT_ATTR_RDONLY, 0, 1);
    f->cmd->privileged = true;
    write_ok(f);
    assert_int_equal(count(&f->out, WT_MOUNT_ATTR), 0);
    f->facts.hierarchies = own;
    f->facts.n_hierarchies = 1;
    write_ok(f);
    is_attr(f, 0, "/sys/fs/cgroup", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, 1);
}

/* They are the host's, bound; only a FIFO is no device. */
static void test_user_namespace(void **state)
{
    static const char *const names[] = {"null", "zero", "full", "random", "urandom", "tty"};
    struct fixture *f = *state;
    struct id_map *map = ARRAY_GROW(&f->cmd->uid_maps, &f->cmd->n_uid_maps);
    struct device_node *fifo, *fuse;

    assert_non_null(map);
    *map = (struct id_map){0, 100000, 65536};
    f->cmd->engine = true;
    fifo = ARRAY_GROW(&f->cmd->devices, &f->cmd->n_devices);
    assert_non_null(fifo);
    *fifo = (struct device_node){.type = 'p', .path = strdup("/fifo")};
    fuse = ARRAY_GROW(&f->cmd->devices, &f->cmd->n_devices);
    assert_non_null(fuse);
    *fuse = (struct device_node){
        .type = 'c', .path = strdup("/x/fuse"), .host_path = strdup("/dev/fuse")};
    assert_int_equal(config_device_mounts(f->cmd, &f->err), 0);
    assert_int_equal(f->cmd->n_mounts, ARRAY_SIZE(names) + 1);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_string_equal(f->cmd->mounts[i].source + strlen("/dev/"), names[i]);
        assert_string_equal(f->cmd->mounts[i].destination, f->cmd->mounts[i].source);
        assert_int_equal(f->cmd->mounts[i].flags, MS_BIND);
    }
    write_ok(f);
    is_link(f, 1, "pts/ptmx", "/dev/ptmx");
    assert_string_equal(f->cmd->mounts[6].source, "/dev/fuse");
    assert_string_equal(f->cmd->mounts[6].destination, "/x/fuse");
    write_ok(f);
    assert_int_equal(count(&f->out, WT_DEVICE), 1);
}

/* A /dev of the bundle's gets the default ones by template. */
static void test_user_namespace_dev(void **state)
{
    struct fixture *f = *state;
    struct id_map *map = ARRAY_GROW(&f->cmd->uid_maps, &f->cmd->n_uid_maps);

    assert_non_null(map);
    f->cmd->engine = true;
    add_mount(f, "/dev", "tmpfs", "tmpfs", "");
    assert_int_equal(config_device_mounts(f->cmd, &f->err), 0);
    assert_int_equal(f->cmd->n_mounts, 1);
    write_ok(f);
    assert_int_equal(count(&f->out, WT_DEVICE), 0);
}

/* The host's own /dev is left as it is. */
static void test_host_dev(void **state)
{
    struct fixture *f = *state;

    f->cmd->default_mounts = true;
    add_mount(f, "/dev/", NULL, "/dev", "rbind");
    write_ok(f);
    assert_int_equal(count(&f->out, WT_DEVICE), 0);
    assert_int_equal(count(&f->out, WT_SYMLINK), 0);
}

static void test_masks(void **state)
{
    struct fixture *f = *state;

    f->cmd->default_masks = true;
    assert_int_equal(strv_add(&f->cmd->masked_paths, "/secret"), 0);
    assert_int_equal(strv_add(&f->cmd->readonly_paths, "/fixed"), 0);
    write_ok(f);
    assert_int_equal(count(&f->out, WT_MASKED), 13);
    is_string(f, WT_MASKED, 12, "/secret");
    assert_int_equal(count(&f->out, WT_READONLY), 6);
    is_string(f, WT_READONLY, 5, "/fixed");
    f->cmd->privileged = true;
    write_ok(f);
    assert_int_equal(count(&f->out, WT_MASKED), 1);
    is_string(f, WT_READONLY, 0, "/fixed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mount_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shim_mounts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_propagation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attached_mounts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attached_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attached_of_bundle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_special_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cgroup_hierarchies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_default_cgroup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_user_namespace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_user_namespace_dev, setup, teardown),
        cmocka_unit_test_setup_teardown(test_host_dev, setup, teardown),
        cmocka_unit_test_setup_teardown(test_masks, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
