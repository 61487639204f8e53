/* SOURCES: tests/unit/shim_rig.c */
/* What the init shim does to a container's root, network and terminal, and how it joins a running
 * one. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "shim_expect.h"

static struct wire w;
static struct rig_run r;

static void expect(const struct rig_options *o, int code, const char *text)
{
    rig_expect(&r, &w, o, code, text);
}

static void expect_fail(const struct rig_options *o, unsigned stage, int errnum, const char *detail)
{
    rig_expect_fail(&r, &w, o, stage, errnum, 125, detail);
}

static void test_masked(void **state)
{
    (void)state;
    wire_script(&w, 0,
                "cat /proc/keys /etc/passwd | wc -c; ls /proc/acpi /sys/firmware /home | wc -w;"
                "touch /sys/firmware/x 2>&1 | grep -o 'Read-only.*'; stat -c %F /etc/passwd");
    wire_string(&w, WT_MASKED, "/proc/keys");
    wire_string(&w, WT_MASKED, "/etc/passwd");
    wire_string(&w, WT_MASKED, "/etc/passwd/nosuch");
    wire_string(&w, WT_MASKED, "/nosuch");
    wire_string(&w, WT_MASKED, "/home");
    wire_string(&w, WT_MASKED, "/sys/firmware");
    rig_run(&r, &w, NULL);
    assert_false(r.failed);
    assert_non_null(strstr(r.text, "Read-only file system\ncharacter special file\n"));
    assert_int_equal(strncmp(r.text, "0\n", 2), 0);
}

static void bad_null_link(void)
{
    unlink("/dev/null");
    if (symlink("/etc/group", "/dev/null") < 0)
        _exit(97);
}

static void bad_null_zero(void)
{
    unlink("/dev/null");
    if (mknod("/dev/null", S_IFCHR | 0666, makedev(1, 5)) < 0)
        _exit(97);
}

static void test_masked_bad_null(void **state)
{
    struct rig_options o = {.prepare = bad_null_link};

    (void)state;
    wire_script(&w, 0, "true");
    wire_string(&w, WT_MASKED, "/etc/passwd");
    expect_fail(&o, STAGE_MOUNT, ENODEV, "/dev/null");
    o.prepare = bad_null_zero;
    expect_fail(&o, STAGE_MOUNT, ENODEV, "/dev/null");
}

/* Prints the options of the mount at a path. */
#define OPTIONS(path) "awk '$5 == \"" path "\" {o = $6} END {print o}' /proc/self/mountinfo;"

static void test_readonly(void **state)
{
    (void)state;
    wire_script(&w, WF_ROOT_READONLY | WF_SYS_READONLY | WF_DEV_READONLY,
                "touch /x /proc/sys/kernel/shmmni /sys/x /dev/x 2>&1 | grep -c Read-only;"
                "echo 1 > /proc/sys/net/ipv4/ip_forward;"
                "touch /tmp/x;" OPTIONS("/proc/sys") OPTIONS("/home/u"));
    wire_string(&w, WT_READONLY, "/proc/sys");
    wire_string(&w, WT_READONLY, "/home/u");
    wire_string(&w, WT_READONLY, "/nosuch");
    rig_run(&r, &w, NULL);
    assert_false(r.failed);
    assert_string_equal(r.text, "4\n/bin/sh: can't create /proc/sys/net/ipv4/ip_forward: "
                                "Read-only file system\n"
                                "touch: /tmp/x: Read-only file system\nro,relatime\nro,relatime\n");
}

static void test_mount_attr(void **state)
{
    struct wire_mount_attr attr = {.set = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME,
                                   .propagation = MS_SHARED};
    struct wire_mount tmpfs = {.flags = MS_NOSUID | MS_NODEV, .create = 1};

    (void)state;
    wire_script(&w, 0, OPTIONS("/mnt/new") "grep -c ' /mnt/new .*shared' /proc/self/mountinfo");
    wire_mixed(&w, WT_MOUNT, &tmpfs, sizeof(tmpfs), "/mnt/new", "tmpfs", "tmpfs",
               "size=64k,mode=700", NULL);
    wire_mixed(&w, WT_MOUNT_ATTR, &attr, sizeof(attr), "/mnt/new", NULL);
    expect(NULL, 0, "rw,nosuid,nodev,noexec,noatime\n1\n");
    wire_script(&w, 0, "true");
    wire_mixed(&w, WT_MOUNT_ATTR, &attr, sizeof(attr), "/nosuch", NULL);
    expect_fail(NULL, STAGE_MOUNT, ENOENT, "/nosuch");
}

static void test_root_propagation(void **state)
{
    (void)state;
    wire_script(&w, 0, "grep -c ' / / .*shared:' /proc/self/mountinfo");
    wire_u64(&w, WT_ROOT_PROPAGATION, MS_SHARED | MS_REC);
    rig_run(&r, &w, NULL);
    assert_false(r.failed);
    assert_true(strtol(r.text, NULL, 10) >= 1);
}

static void test_copyup(void **state)
{
    struct wire_mount tmpfs = {.flags = MS_RDONLY};

    (void)state;
    wire_script(&w, 0,
                "cat /etc/group | head -1; stat -c '%a %u' /etc/noexec; touch /etc/x 2>&1;"
                "ls -l /etc/link | grep -o '/etc.*'; stat -c %a /etc/sub; stat -f -c %T /etc");
    wire_string(&w, WT_TMPCOPYUP, "/etc");
    wire_mixed(&w, WT_MOUNT, &tmpfs, sizeof(tmpfs), "/etc", "tmpfs", "tmpfs", "size=1m", NULL);
    expect(NULL, 0,
           "root:x:0:\n644 0\ntouch: /etc/x: Read-only file system\n/etc/link -> group\n"
           "710\ntmpfs\n");
}

static void bind_ptmx(void)
{
    int fd = open("/dev/ptmx", O_CREAT | O_WRONLY, 0600);

    if (fd < 0 || mount("/dev/pts/ptmx", "/dev/ptmx", NULL, MS_BIND, NULL) < 0)
        _exit(97);
    close(fd);
}

static void test_links(void **state)
{
    struct rig_options o = {.prepare = bind_ptmx};

    (void)state;
    wire_script(&w, 0,
                "for i in /dev/ptmx /dev/core /a/b/c; do readlink $i; done;"
                "grep -c /dev/ptmx /proc/self/mountinfo");
    wire_mixed(&w, WT_SYMLINK, NULL, 0, "pts/ptmx", "/dev/ptmx", NULL);
    wire_mixed(&w, WT_SYMLINK, NULL, 0, "/proc/kcore", "/dev/core", NULL);
    wire_mixed(&w, WT_SYMLINK, NULL, 0, "x", "/a/b/c", NULL);
    wire_mixed(&w, WT_SYMLINK, NULL, 0, "x", "/a/b/c", NULL);
    expect(&o, 1, "pts/ptmx\n/proc/kcore\nx\n0\n");
    wire_script(&w, 0, "true");
    wire_mixed(&w, WT_SYMLINK, NULL, 0, "x", "/etc", NULL);
    expect_fail(NULL, STAGE_MOUNT, EISDIR, "/etc");
}

static void test_devices(void **state)
{
    struct wire_device null = {.mode = S_IFCHR | 0642, .uid = 3, .gid = 4, .major = 1, .minor = 3};
    struct wire_device fifo = {.mode = S_IFIFO | 0600};
    struct wire_device other = {.mode = S_IFCHR | 0666, .major = 1, .minor = 9};
    struct rig_options o = {.userns = true};

    (void)state;
    wire_script(&w, 0, "stat -c '%n %F %a %u %g %t:%T' /dev/a/null /dev/fifo /dev/zero");
    wire_mixed(&w, WT_DEVICE, &null, sizeof(null), "/dev/a/null", NULL);
    wire_mixed(&w, WT_DEVICE, &fifo, sizeof(fifo), "/dev/fifo", NULL);
    null.minor = 5;
    wire_mixed(&w, WT_DEVICE, &null, sizeof(null), "/dev/zero", NULL);
    expect(NULL, 0,
           "/dev/a/null character special file 642 3 4 1:3\n/dev/fifo fifo 600 0 0 0:0\n"
           "/dev/zero character special file 666 0 0 1:5\n");
    wire_script(&w, 0, "true");
    wire_mixed(&w, WT_DEVICE, &other, sizeof(other), "/dev/zero", NULL);
    expect_fail(NULL, STAGE_DEVICE, EEXIST, "/dev/zero");
    wire_script(&w, WF_USERNS, "true");
    wire_mixed(&w, WT_DEVICE, &other, sizeof(other), "/dev/urandom", NULL);
    expect_fail(&o, STAGE_DEVICE, EPERM, "/dev/urandom");
}

static void test_user_namespace(void **state)
{
    struct rig_options o = {.userns = true};

    (void)state;
    wire_script(&w, WF_USERNS | WF_LOOPBACK | WF_CHOWN_STDIO,
                "id -u; id -G; cat /proc/self/uid_map | tr -s ' '; cat /proc/keys | wc -c;"
                "cat /proc/sys/net/ipv4/ip_forward; echo x > /dev/stdout");
    wire_mixed(&w, WT_SYMLINK, NULL, 0, "/proc/self/fd/1", "/dev/stdout", NULL);
    wire_string(&w, WT_USER, "u");
    wire_string(&w, WT_MASKED, "/proc/keys");
    wire_string(&w, WT_READONLY, "/proc/sys");
    wire_string(&w, WT_SYSCTL, "net.ipv4.ip_forward=1");
    expect(&o, 0, "1000\n1001 2002 3003\n 0 100000 65536\n0\n1\nx\n");
}

/* A veth pair by rtnetlink: busybox has no word for it. */
static void make_veth(void)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
        struct rtattr name;
        char name_text[8];
        struct rtattr link;
        struct rtattr kind;
        char kind_text[4];
    } q = {
        .header = {.nlmsg_len = sizeof(q),
                   .nlmsg_type = RTM_NEWLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK},
        .name = {.rta_len = RTA_LENGTH(5), .rta_type = IFLA_IFNAME},
        .name_text = "eth0",
        .link = {.rta_len = RTA_LENGTH(RTA_SPACE(4)), .rta_type = IFLA_LINKINFO},
        .kind = {.rta_len = RTA_LENGTH(4), .rta_type = IFLA_INFO_KIND},
        .kind_text = {'v', 'e', 't', 'h'},
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } a;
    int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (nl < 0 || send(nl, &q, sizeof(q), 0) < 0 || recv(nl, &a, sizeof(a), 0) < 0 || a.error.error)
        _exit(96);
    close(nl);
}

static void add_address(uint32_t tag, int family, uint8_t prefix, const char *text)
{
    struct wire_addr a = {.family = (uint8_t)family, .prefix = prefix};

    assert_int_equal(inet_pton(family, text, a.addr), 1);
    wire_put(&w, tag, &a, sizeof(a));
}

static void test_network(void **state)
{
    struct rig_options o = {.prepare = make_veth};

    (void)state;
    wire_script(&w, WF_LOOPBACK,
                "ip -o addr | grep -v fe80 | sed 's/ *[\\\\].*//; s/^[0-9]*: //' | tr -s ' ';"
                "ip -o link show eth0 | grep -o 'mtu [0-9]*'; ip route; ip -6 route | grep default"
                " | cut -d' ' -f1-5; ping -c1 -W1 127.0.0.1 > /dev/null; echo $?");
    wire_string(&w, WT_NET_IF, "eth0");
    wire_u32(&w, WT_NET_MTU, 1400);
    add_address(WT_NET_ADDR, AF_INET, 12, "172.17.0.5");
    add_address(WT_NET_ADDR, AF_INET6, 64, "fd00::5");
    add_address(WT_NET_GATEWAY, AF_INET, 0, "10.0.0.1");
    add_address(WT_NET_GATEWAY, AF_INET6, 0, "fd00::1");
    expect(&o, 0,
           "lo inet 127.0.0.1/8 scope host lo\nlo inet6 ::1/128 scope host\n"
           "eth0 inet 172.17.0.5/12 brd 172.31.255.255 scope global eth0\n"
           "eth0 inet6 fd00::5/64 scope global flags 02\n"
           "mtu 1400\ndefault via 10.0.0.1 dev eth0 onlink \n"
           "172.16.0.0/12 dev eth0 scope link  src 172.17.0.5 \ndefault via fd00::1 dev eth0\n0\n");
    wire_script(&w, 0, "true");
    wire_string(&w, WT_NET_IF, "eth9");
    expect_fail(&o, STAGE_NETWORK, ENODEV, "eth9: interface");
}

static void test_terminal(void **state)
{
    struct wire_winsize size = {.rows = 31, .cols = 97};

    (void)state;
    wire_script(&w, WF_TERMINAL,
                "stty size; tty; ls -l /dev/pts/0 | tr -s ' ' | cut -d' ' -f1,3,4;"
                "stat -c %t /dev/console; echo hi > /dev/console;"
                "echo tty > /dev/tty; echo $(ls -1 /proc/self/fd)");
    wire_put(&w, WT_CONSOLE_SIZE, &size, sizeof(size));
    wire_string(&w, WT_USER, "u");
    expect(NULL, 0, "31 97\r\n/dev/pts/0\r\ncrw--w---- u 5\r\n88\r\nhi\r\ntty\r\n0 1 2 3\r\n");
    wire_script(&w, WF_TERMINAL | WF_INIT, "echo tty > /dev/tty; exit 3");
    expect(NULL, 3, "tty\r\n");
}

static void console_link(void)
{
    if (symlink("/etc/group", "/dev/console") < 0)
        _exit(97);
}

static void false_devpts(void)
{
    if (umount("/dev/pts") < 0)
        _exit(97);
}

static void test_terminal_hostile(void **state)
{
    struct rig_options o = {.prepare = console_link};

    (void)state;
    wire_script(&w, WF_TERMINAL, "true");
    expect_fail(&o, STAGE_CONSOLE, ELOOP, "/dev/console");
    o.prepare = false_devpts;
    expect_fail(&o, STAGE_CONSOLE, ENODEV, "/dev/pts");
}

static void overmount_proc(void)
{
    if (mount("/etc/group", "/proc/self/oom_score_adj", NULL, MS_BIND, NULL) < 0)
        _exit(97);
}

/* A file bound over the one to be written must not get what was meant for procfs. */
static void test_overmounted_procfs(void **state)
{
    struct rig_options o = {.prepare = overmount_proc};
    int32_t score = 444;

    (void)state;
    wire_script(&w, 0,
                "head -c 4 /etc/group; umount /proc/1/oom_score_adj;"
                "cat /proc/1/oom_score_adj");
    wire_put(&w, WT_OOM_SCORE_ADJ, &score, sizeof(score));
    rig_run(&r, &w, &o);
    assert_false(r.failed);
    assert_string_equal(r.text, "root444\n");
}

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID)

static void test_exec(void **state)
{
    static struct rig_run init;

    (void)state;
    wire_script(&w, 0, "echo up; sleep 20");
    wire_string(&w, WT_SYSCTL, "kernel.shmmni=55");
    rig_start(&init, &w, NULL);
    assert_true(init.ready);

    wire_script(&w, WF_EXEC,
                "cat /proc/sys/kernel/shmmni; cat /etc/passwd | head -1; id -u;"
                "ls /proc/self/fd | tr '\\n' ' '; env | sort | tr '\\n' ' ';"
                "ps -o comm | grep -c sleep; exit 5");
    wire_u64(&w, WT_SETNS, NAMESPACES);
    wire_string(&w, WT_USER, "u");
    rig_exec(&r, &w, init.pid);
    assert_false(r.failed);
    assert_int_equal(r.code, 0);
    assert_true(r.ready && r.cred.pid > 0);
    rig_finish(&r);
    assert_string_equal(r.text, "55\nroot:x:0:0:root:/root:/bin/sh\n1000\n0 1 2 3 "
                                "HOME=/home/u PATH=/bin PWD=/ SHLVL=1 1\n");
    assert_int_equal(r.code, 5);

    wire_script(&w, WF_EXEC | WF_TERMINAL, "tty; echo tty > /dev/tty");
    wire_u64(&w, WT_SETNS, NAMESPACES);
    rig_exec(&r, &w, init.pid);
    rig_finish(&r);
    assert_string_equal(r.text, "/dev/pts/0\r\ntty\r\n");
    assert_int_equal(r.code, 0);

    wire_begin(&w);
    wire_u64(&w, WT_FLAGS, WF_EXEC);
    wire_string(&w, WT_ARG, "nosuch");
    wire_u64(&w, WT_SETNS, NAMESPACES);
    rig_exec(&r, &w, init.pid);
    assert_true(r.failed && r.ready);
    assert_int_equal(r.fail.value, 127);
    rig_finish(&r);
    assert_int_equal(r.code, 127);

    wire_script(&w, WF_EXEC, "true");
    wire_string(&w, WT_CGROUP, "/nosuch/cgroup");
    rig_exec(&r, &w, init.pid);
    assert_true(r.failed);
    assert_int_equal(r.fail.stage, STAGE_CGROUP);
    assert_string_equal(r.fail.detail, "/nosuch/cgroup");
    assert_int_equal(r.code, 125);
    r.pid = 0;
    rig_finish(&r);

    kill(init.pid, SIGKILL);
    rig_finish(&init);
    assert_int_equal(init.code, 137);
}

static void test_exec_user_namespace(void **state)
{
    static struct rig_run init;
    struct rig_options o = {.userns = true};

    (void)state;
    wire_script(&w, WF_USERNS, "sleep 20");
    rig_start(&init, &w, &o);
    assert_true(init.ready);
    wire_script(&w, WF_EXEC | WF_USERNS, "id -u; id -G; tail -1 /proc/self/uid_map | tr -s ' '");
    wire_u64(&w, WT_SETNS, NAMESPACES | CLONE_NEWUSER);
    wire_string(&w, WT_USER, "u");
    rig_exec(&r, &w, init.pid);
    if (r.failed)
        print_error("failed: stage %u errno %d detail '%s'\n", r.fail.stage, r.fail.errnum,
                    r.fail.detail);
    assert_false(r.failed);
    rig_finish(&r);
    assert_string_equal(r.text, "1000\n1001 2002 3003\n 0 100000 65536\n");
    kill(init.pid, SIGKILL);
    rig_finish(&init);
}

static int setup(void **state)
{
    char command[512];

    rig_setup(state);
    snprintf(command, sizeof(command), "cd %s && mkdir -m 710 etc/sub && ln -s group etc/link",
             rig_root());
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masked),
        cmocka_unit_test(test_masked_bad_null),
        cmocka_unit_test(test_readonly),
        cmocka_unit_test(test_mount_attr),
        cmocka_unit_test(test_root_propagation),
        cmocka_unit_test(test_copyup),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_user_namespace),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_terminal_hostile),
        cmocka_unit_test(test_overmounted_procfs),
        cmocka_unit_test(test_exec),
        cmocka_unit_test(test_exec_user_namespace),
    };

    return cmocka_run_group_tests(tests, setup, rig_teardown);
}
