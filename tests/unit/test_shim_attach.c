/* SOURCES: tests/unit/shim_rig.c */
/* Mounts that the init shim gets as descriptors: where they end up, with what attributes, and that
 * those of a shared mount stay tied to it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "shim_expect.h"

/* In the rig's root, so that it goes away with it: in the container it is not seen. */
#define SOURCE "/private/source"

static struct wire w;
static struct rig_run r;

static const char *source(const char *below)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s" SOURCE "%s", rig_root(), below);
    return path;
}

/* A shared tmpfs with a file, a directory and a mount of its own in it. */
static int setup(void **state)
{
    int fd;

    if (rig_setup(state) < 0 || mkdir(source(""), 0755) < 0 ||
        mount("source", source(""), "tmpfs", 0, "mode=755") < 0 ||
        mount(NULL, source(""), NULL, MS_SHARED, NULL) < 0 || mkdir(source("/inner"), 0755) < 0 ||
        mount("inner", source("/inner"), "tmpfs", 0, NULL) < 0 || mkdir(source("/dir"), 0755) < 0)
        return -1;
    fd = open(source("/file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    umount2(source(""), MNT_DETACH);
    return rig_teardown(state);
}

static int clone_of(const char *below, unsigned recursive)
{
    int fd = (int)syscall(SYS_open_tree, AT_FDCWD, source(below),
                          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);

    assert_true(fd >= 0);
    return fd;
}

static void expect(const struct rig_options *o, int code, const char *text)
{
    rig_expect(&r, &w, o, code, text);
}

static void expect_fail(const struct rig_options *o, unsigned stage, int errnum, const char *detail)
{
    rig_expect_fail(&r, &w, o, stage, errnum, 125, detail);
}

static void attach(const struct wire_attach *a, const char *path)
{
    wire_mixed(&w, WT_ATTACH, a, sizeof(*a), path, NULL);
}

/* Prints the options of the mount at a path. */
#define OPTIONS(path) "awk '$5 == \"" path "\" {o = $6} END {print o}' /proc/self/mountinfo;"

/* Whether something is mounted there on the host's side; takes it away. */
static bool arrived(const char *below)
{
    return umount2(source(below), MNT_DETACH) == 0;
}

static void test_shared(void **state)
{
    int mounts[1] = {clone_of("", AT_RECURSIVE)};
    struct rig_options o = {.kept = mounts, .n_kept = 1};
    struct wire_attach a = {.propagation = MS_SHARED | MS_REC};

    (void)state;
    wire_script(&w, 0, "mount -t tmpfs none /home/dir && umount /home/inner && echo done");
    attach(&a, "/home");
    expect(&o, 0, "done\n");
    close(mounts[0]);
    assert_true(arrived("/dir"));
    assert_false(arrived("/inner"));
    assert_int_equal(mount("inner", source("/inner"), "tmpfs", 0, NULL), 0);
}

static void test_shared_user_namespace(void **state)
{
    int mounts[1] = {clone_of("", 0)};
    struct rig_options o = {.kept = mounts, .n_kept = 1, .userns = true};
    struct wire_attach a = {.set = MOUNT_ATTR_NOEXEC, .propagation = MS_SHARED};

    (void)state;
    wire_script(&w, WF_USERNS, OPTIONS("/home") "mount -t tmpfs none /home/dir && echo done");
    attach(&a, "/home");
    expect(&o, 0, "rw,noexec,relatime\ndone\n");
    close(mounts[0]);
    assert_true(arrived("/dir"));
}

/* What the container's mount gets is not the host's. */
static void test_attributes(void **state)
{
    int mounts[1] = {clone_of("", AT_RECURSIVE)};
    struct rig_options o = {.kept = mounts, .n_kept = 1};
    struct wire_attach a = {
        .set = MOUNT_ATTR_RDONLY, .tree_set = MOUNT_ATTR_NOSUID, .propagation = MS_SHARED | MS_REC};

    (void)state;
    wire_script(&w, 0, OPTIONS("/home") OPTIONS("/home/inner"));
    attach(&a, "/home");
    expect(&o, 0, "ro,nosuid,relatime\nrw,nosuid,relatime\n");
    close(mounts[0]);
    assert_int_equal(mkdir(source("/writable"), 0755), 0);
    assert_int_equal(rmdir(source("/writable")), 0);
}

/* In a shared mount everything that is mounted is shared: private is set once it is there. */
static void test_order(void **state)
{
    int mounts[2] = {clone_of("", 0), clone_of("/dir", 0)};
    struct rig_options o = {.kept = mounts, .n_kept = 2};
    struct wire_attach shared = {.propagation = MS_SHARED}, private = {.propagation = MS_PRIVATE};
    struct wire_mount tmpfs = {.create = 1};

    (void)state;
    wire_script(&w, 0,
                "grep -c ' /home/tmp .*shared' /proc/self/mountinfo;"
                "grep -c ' /home/dir .*shared' /proc/self/mountinfo; ls -d /home/tmp/sub");
    attach(&shared, "/home");
    wire_mixed(&w, WT_MOUNT, &tmpfs, sizeof(tmpfs), "/home/tmp", "tmpfs", "tmpfs", "", NULL);
    wire_mixed(&w, WT_MOUNT, &tmpfs, sizeof(tmpfs), "/home/tmp/sub", "tmpfs", "tmpfs", "", NULL);
    attach(&private, "/home/dir");
    expect(&o, 0, "1\n0\n/home/tmp/sub\n");
    close(mounts[0]);
    close(mounts[1]);
    assert_true(arrived("/tmp"));
    assert_true(arrived("/dir"));
}

static void all_shared(void)
{
    if (mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) < 0)
        _exit(97);
}

/* As LXC leaves them, all mounts are shared: nothing of that stays, nor comes to what is attached.
 */
static void test_unshared(void **state)
{
    int mounts[1] = {clone_of("/dir", 0)};
    struct rig_options o = {.kept = mounts, .n_kept = 1, .prepare = all_shared};
    struct wire_attach a = {.propagation = MS_SLAVE};
    struct wire_mount_attr shared = {.propagation = MS_SHARED};

    (void)state;
    wire_script(&w, 0,
                "awk '/shared|master/ {print $5, $7, $8}' /proc/self/mountinfo |"
                "sed 's/:[0-9]*//' | sort");
    attach(&a, "/home");
    wire_mixed(&w, WT_MOUNT_ATTR, &shared, sizeof(shared), "/sys", NULL);
    expect(&o, 0, "/home master -\n/sys shared -\n");
    close(mounts[0]);
}

static void test_create(void **state)
{
    int mounts[2] = {clone_of("/file", 0), clone_of("/dir", 0)};
    struct rig_options o = {.kept = mounts, .n_kept = 2};
    struct wire_attach file = {.create = WIRE_CREATE_FILE}, dir = {.create = WIRE_CREATE_DIR};

    (void)state;
    wire_script(&w, 0, "stat -c '%n %F' /dev/a/file /dev/b/dir; grep -c /dev/a/file /proc/mounts");
    attach(&file, "/dev/a/file");
    attach(&dir, "/dev/b/dir");
    expect(&o, 0, "/dev/a/file regular empty file\n/dev/b/dir directory\n1\n");
    close(mounts[0]);
    close(mounts[1]);
}

/* The mounts are not among what the workload gets; preserved descriptors come after them. */
static void test_descriptors(void **state)
{
    int pipe_fds[2], fds[3] = {clone_of("", 0), clone_of("/dir", 0), -1};
    struct rig_options o = {.kept = fds, .n_kept = 3};
    struct wire_attach a = {0};
    char buf[16] = "";

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    fds[2] = pipe_fds[1];
    wire_script(&w, 0,
                "echo three >&3; for i in 4 5 6 7 8 9; do [ -e /proc/self/fd/$i ] && echo $i; done;"
                "awk '$5 ~ \"^/(home|tmp)$\" {print $4, $5}' /proc/self/mountinfo");
    attach(&a, "/home");
    attach(&a, "/tmp");
    expect(&o, 0, "/ /home\n/dir /tmp\n");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    assert_int_equal(read(pipe_fds[0], buf, sizeof(buf)), 6);
    assert_memory_equal(buf, "three\n", 6);
    close(pipe_fds[0]);
}

/* The root file system is the same at each start. */
static void hostile(void)
{
    unlink("/home/up");
    unlink("/home/nowhere");
    if (symlink("../../../../etc", "/home/up") < 0 ||
        symlink("/nosuch/at/all", "/home/nowhere") < 0)
        _exit(97);
}

/* A link leads to a place in the container's root at most. */
static void test_hostile(void **state)
{
    int mounts[1] = {clone_of("/dir", 0)};
    struct rig_options o = {.kept = mounts, .n_kept = 1, .prepare = hostile};
    struct wire_attach a = {0}, file = {.create = WIRE_CREATE_FILE};

    (void)state;
    wire_script(&w, 0, "awk '$4 == \"/dir\" {print $5}' /proc/self/mountinfo");
    attach(&a, "/home/up");
    expect(&o, 0, "/etc\n");
    wire_script(&w, 0, "true");
    attach(&a, "/home/nowhere");
    expect_fail(&o, STAGE_MOUNT, ENOENT, "/home/nowhere");
    wire_script(&w, 0, "true");
    attach(&file, "/home/nowhere");
    expect_fail(&o, STAGE_MOUNT, ENOENT, "/home/nowhere");
    close(mounts[0]);
}

static void test_refused(void **state)
{
    int mounts[1] = {clone_of("/file", 0)}, none[1] = {open("/dev/null", O_RDONLY | O_CLOEXEC)};
    struct rig_options o = {.kept = mounts, .n_kept = 1};
    struct wire_attach a = {0};

    (void)state;
    wire_script(&w, 0, "true");
    attach(&a, "/home");
    expect_fail(&o, STAGE_MOUNT, EINVAL, "/home");
    wire_script(&w, 0, "true");
    attach(&a, "/nosuch");
    expect_fail(&o, STAGE_MOUNT, ENOENT, "/nosuch");
    wire_script(&w, 0, "true");
    attach(&a, "/etc/group");
    attach(&a, "/etc/passwd");
    expect_fail(&o, STAGE_BOOTSTRAP, EPROTO, "too few descriptors");
    o.kept = none;
    wire_script(&w, 0, "true");
    attach(&a, "/etc/group");
    expect_fail(&o, STAGE_MOUNT, EINVAL, "/etc/group");
    close(mounts[0]);
    close(none[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),      cmocka_unit_test(test_shared_user_namespace),
        cmocka_unit_test(test_attributes),  cmocka_unit_test(test_order),
        cmocka_unit_test(test_unshared),    cmocka_unit_test(test_create),
        cmocka_unit_test(test_descriptors), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
