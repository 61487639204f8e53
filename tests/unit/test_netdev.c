/* netDevices: interfaces move between two network namespaces that a child makes; nothing is seen of
 * the host's. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "host/net.h"

/* Assertions of cmocka jump through the parent's stack, so a child counts its own failures. */
static int failures;

static void expect(bool ok, const char *what, const char *got)
{
    if (ok)
        return;
    failures++;
    fprintf(stderr, "%s: got %s\n", what, got);
}

static void expect_text(const char *what, const char *got, const char *want)
{
    if (strcmp(got, want) == 0)
        return;
    failures++;
    fprintf(stderr, "%s\nexpected: %s\ngot: %s\n", what, want, got);
}

static void run(const char *command)
{
    if (system(command) != 0) {
        failures++;
        fprintf(stderr, "failed: %s\n", command);
    }
}

/* A process that only keeps a network namespace: the container. */
static pid_t start_container(void)
{
    int ready[2];
    pid_t pid;
    char byte;

    if (pipe(ready) < 0)
        _exit(98);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "x", 1) != 1)
            _exit(97);
        for (;;)
            pause();
    }
    if (pid < 0 || read(ready[0], &byte, 1) != 1)
        _exit(96);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

/* What a command prints in the container, its newlines as spaces. */
static const char *inside(pid_t pid, const char *command)
{
    static char text[4096];
    char line[512];
    FILE *out;
    size_t n;

    snprintf(line, sizeof(line), "nsenter -t %d -n sh -c '%s'", (int)pid, command);
    out = popen(line, "r");
    n = out ? fread(text, 1, sizeof(text) - 1, out) : 0;
    text[n] = '\0';
    if (out)
        pclose(out);
    for (char *p = strchr(text, '\n'); p; p = strchr(p, '\n'))
        *p = ' ';
    return text;
}

static void in_namespace(void (*test)(pid_t container))
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        pid_t container;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(60);
        if (unshare(CLONE_NEWNET) < 0)
            _exit(99);
        failures = 0;
        container = start_container();
        test(container);
        kill(container, SIGKILL);
        waitpid(container, NULL, 0);
        fflush(stderr);
        exit(failures ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void move(pid_t container, const char *from, const char *to, const char *message)
{
    struct net_device dev = {(char *)(uintptr_t)from, (char *)(uintptr_t)to};
    struct lxcdriver_error *err = NULL;
    int rc = netdev_move(&dev, 1, container, &err);

    expect(rc == (message ? -1 : 0), from, err_message(err));
    if (message)
        expect_text(from, err_message(err), message);
    err_free(&err);
}

#define ADDRESSES                                                                                  \
    "ip -o addr show dev eth7 scope global | "                                                     \
    "awk \"{print \\$3, \\$4, (\\$5 == \\\"brd\\\" || \\$5 == \\\"peer\\\" ? \\$6 : \\\"\\\")}\""

static void keeps_addresses(pid_t container)
{
    run("ip link add d0 address 02:00:00:00:00:77 mtu 1400 type veth peer name peer0 && "
        "ip link set peer0 up && ip link set d0 up");
    run("ip addr add 192.0.2.5/24 brd + dev d0 && ip addr add 198.51.100.1/32 dev d0");
    run("ip addr add 169.254.3.3/16 scope link dev d0");
    run("ip addr add 203.0.113.9/24 dev d0 valid_lft 1000 preferred_lft 1000");
    run("ip -6 addr add 2001:db8::5/64 dev d0 nodad");
    move(container, "d0", "eth7", NULL);
    expect(!net_interface_exists("d0"), "d0", "still here");
    expect_text("addresses", inside(container, ADDRESSES),
                "inet 192.0.2.5/24 192.0.2.255 inet 198.51.100.1/32  inet6 2001:db8::5/64  ");
    expect_text("link",
                inside(container, "cat /proc/net/dev | grep -c eth7; ip -o link show eth7 up | "
                                  "grep -o \"mtu 1400\\|02:00:00:00:00:77\""),
                "1 mtu 1400 02:00:00:00:00:77 ");
    expect_text("routes", inside(container, "ip route show 192.0.2.0/24"),
                "192.0.2.0/24 dev eth7 proto kernel scope link src 192.0.2.5  ");
}

static void chooses_names(pid_t container)
{
    run("ip link add a0 type veth peer name a1 && ip link add a2 type veth peer name a3");
    move(container, "a0", NULL, NULL);
    move(container, "a1", "a%d", NULL);
    move(container, "a2", "x%dy", NULL);
    expect_text("names", inside(container, "ls /proc/self/net/dev_snmp6"), "a0 a1 lo x0y ");
}

static void refuses(pid_t container)
{
    run("ip link add b0 type veth peer name b1");
    move(container, "missing0", "eth0",
         "linux.netDevices: network interface missing0 of the host: "
         "no such device");
    move(container, "b0", "eth0", NULL);
    move(container, "b1", "eth0",
         "linux.netDevices: b1 cannot be named eth0 in the container: file exists");
    expect(net_interface_exists("b1"), "b1", "gone, though it could not be moved");
    /* A name that is taken there, but not wanted there. */
    run("ip link add eth0 type veth peer name b2");
    move(container, "eth0", "eth1", NULL);
    expect_text("names", inside(container, "ls /proc/self/net/dev_snmp6"), "eth0 eth1 lo ");
}

static void test_addresses(void **state)
{
    (void)state;
    in_namespace(keeps_addresses);
}

static void test_names(void **state)
{
    (void)state;
    in_namespace(chooses_names);
}

static void test_refused(void **state)
{
    (void)state;
    in_namespace(refuses);
}

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(netdev_move(NULL, 0, 0x7ffffff0, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
