/* Bridges and counters, all in network namespaces that children make: nothing is seen of the host's
 * interfaces. */
#include <arpa/inet.h>
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

__attribute__((format(printf, 3, 4))) static void expect(bool ok, int line, const char *fmt, ...)
{
    va_list ap;

    if (ok)
        return;
    failures++;
    fprintf(stderr, "line %d: ", line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

static void expect_int(long got, long want, int line)
{
    expect(got == want, line, "expected %ld, got %ld", want, got);
}

static void expect_text(const char *got, const char *want, int line)
{
    expect(strcmp(got, want) == 0, line, "expected \"%s\", got \"%s\"", want, got);
}

#define EXPECT_INT(got, want) expect_int(got, want, __LINE__)
#define EXPECT_TEXT(got, want) expect_text(got, want, __LINE__)

static void in_namespace(void (*test)(void))
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(60);
        if (unshare(CLONE_NEWNET) < 0)
            _exit(99);
        failures = 0;
        test();
        fflush(stderr);
        exit(failures ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void run(const char *command)
{
    EXPECT_INT(system(command), 0);
}

static const char *text_of(const struct ip_address *a)
{
    static char text[INET6_ADDRSTRLEN + 8];
    char address[INET6_ADDRSTRLEN] = "none";

    if (a->family)
        inet_ntop(a->family, a->addr, address, sizeof(address));
    snprintf(text, sizeof(text), "%s/%u", address, a->prefix);
    return text;
}

/* ---- bridges ---- */

static void bridge_with_addresses(void)
{
    struct lxcdriver_error *err = NULL;
    struct bridge_info info;

    run("ip link add other0 type veth peer name other1 && ip addr add 192.0.2.9/24 dev other0");
    run("ip link add br-test type bridge && ip link set br-test mtu 1400 up");
    EXPECT_INT(bridge_info_read("br-test", &info, &err), 0);
    EXPECT_INT(info.has_ip4, false);
    EXPECT_INT(info.has_ip6, false);
    EXPECT_INT(info.mtu, 1400);
    run("ip addr add 169.254.7.7/16 scope link dev br-test");
    run("ip addr add 10.9.0.1/22 dev br-test && ip addr add 10.8.0.1/24 dev br-test");
    run("ip -6 addr add 2001:db8:9::1/64 dev br-test nodad");
    EXPECT_INT(bridge_info_read("br-test", &info, &err), 0);
    EXPECT_INT(info.has_ip4, true);
    EXPECT_TEXT(text_of(&info.ip4), "10.9.0.1/22");
    EXPECT_INT(info.has_ip6, true);
    EXPECT_TEXT(text_of(&info.ip6), "2001:db8:9::1/64");
    run("ip addr flush dev br-test && ip addr add 10.7.0.1 peer 10.7.0.2/30 dev br-test");
    EXPECT_INT(bridge_info_read("br-test", &info, &err), 0);
    EXPECT_TEXT(text_of(&info.ip4), "10.7.0.1/30");
    EXPECT_INT(info.has_ip6, false);
    expect(!err, __LINE__, "%s", err_message(err));
}

static void test_bridge(void **state)
{
    (void)state;
    in_namespace(bridge_with_addresses);
}

/* More than fit into one datagram, with one name of the greatest length. */
static void many_addresses(void)
{
    struct lxcdriver_error *err = NULL;
    struct bridge_info info;

    run("for i in $(seq 1 900); do "
        "echo addr add 10.1.$((i/250)).$((i%250+1))/32 dev lo; done | ip -batch -");
    run("ip link add fifteen-letters type bridge && ip addr add 10.2.3.4/24 dev fifteen-letters");
    EXPECT_INT(bridge_info_read("fifteen-letters", &info, &err), 0);
    EXPECT_TEXT(text_of(&info.ip4), "10.2.3.4/24");
    expect(!err, __LINE__, "%s", err_message(err));
}

static void test_bridge_among_many(void **state)
{
    (void)state;
    in_namespace(many_addresses);
}

static void refuse(const char *name, const char *message)
{
    struct lxcdriver_error *err = NULL;
    struct bridge_info info;

    EXPECT_INT(bridge_info_read(name, &info, &err), -1);
    EXPECT_TEXT(err_message(err), message);
    err_free(&err);
}

static void no_bridges(void)
{
    run("ip link add veth7 type veth peer name veth8");
    refuse("missing0", "bridge missing0: no such device");
    refuse("", "bridge : no such device");
    refuse("sixteen-letters0", "bridge sixteen-letters0: no such device");
    refuse("veth7", "network interface veth7 is no bridge but of kind veth");
    refuse("lo", "network interface lo is no bridge");
}

static void test_no_bridge(void **state)
{
    (void)state;
    in_namespace(no_bridges);
}

static void delete_one(void)
{
    struct lxcdriver_error *err = NULL;

    run("ip link add v0 type veth peer name v1");
    EXPECT_INT(net_interface_exists("v0"), true);
    EXPECT_INT(net_interface_exists("v9"), false);
    EXPECT_INT(net_interface_delete("v0", &err), 0);
    EXPECT_INT(net_interface_exists("v0"), false);
    EXPECT_INT(net_interface_exists("v1"), false);
    EXPECT_INT(net_interface_delete("v0", &err), 0);
    EXPECT_INT(net_interface_delete("a-name-that-no-interface-can-have", &err), 0);
    EXPECT_INT(net_interface_delete("lo", &err), -1);
    expect(strstr(err_message(err), "network interface lo: ") != NULL, __LINE__, "got %s",
           err_message(err));
    err_free(&err);
}

static void test_delete(void **state)
{
    (void)state;
    in_namespace(delete_one);
}

/* ---- counters ---- */

static void count_traffic(void)
{
    struct lxcdriver_error *err = NULL;
    struct lxcdriver_stats stats = {.pids_current = 77};

    run("ip link set lo up && ping -q -c 3 -i 0.01 127.0.0.1 >/dev/null");
    run("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
    EXPECT_INT(net_stats(getpid(), &stats, &err), 0);
    EXPECT_INT(stats.net_rx_packets, 0);
    EXPECT_INT(stats.net_tx_bytes, 0);
    EXPECT_INT(stats.pids_current, 77);
    run("ip link add e0 address 02:00:00:00:00:01 type veth peer name e1 address "
        "02:00:00:00:00:02 && ip link set e1 up && ip link set e0 up");
    run("ip addr add 192.0.2.1/24 dev e0 && ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev "
        "e0");
    /* Nobody answers: 5 packets of 42 + 58 bytes leave e0 and arrive at e1. */
    run("ping -q -c 5 -i 0.01 -W 0.1 -s 58 192.0.2.2 >/dev/null; true");
    EXPECT_INT(net_stats(getpid(), &stats, &err), 0);
    EXPECT_INT(stats.net_tx_packets, 5);
    EXPECT_INT(stats.net_tx_bytes, 500);
    EXPECT_INT(stats.net_rx_packets, 5);
    EXPECT_INT(stats.net_rx_bytes, 500);
    EXPECT_INT(stats.net_rx_errors + stats.net_tx_errors + stats.net_tx_dropped, 0);
    expect(!err, __LINE__, "%s", err_message(err));
}

static void test_stats(void **state)
{
    (void)state;
    in_namespace(count_traffic);
}

static void test_stats_of_missing(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct lxcdriver_stats stats = {.net_rx_bytes = 5};

    (void)state;
    assert_int_equal(net_stats(0x7ffffff0, &stats, &err), -1);
    assert_non_null(strstr(err_message(err), "/proc/2147483632/net/dev"));
    assert_int_equal(stats.net_rx_bytes, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bridge),    cmocka_unit_test(test_bridge_among_many),
        cmocka_unit_test(test_no_bridge), cmocka_unit_test(test_delete),
        cmocka_unit_test(test_stats),     cmocka_unit_test(test_stats_of_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
