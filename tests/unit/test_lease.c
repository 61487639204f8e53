#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"
#include "host/net.h"
#include "host/proc.h"

static char root[] = "/tmp/test_lease.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, root);
}

static void container(const char *id)
{
    cleanup_free char *path = str_printf("%s/%s", root, id);

    assert_int_equal(fs_mkdir_p(path, 0700), 0);
}

static void remove_container(const char *id)
{
    cleanup_free char *path = str_printf("%s/%s", root, id);

    assert_int_equal(rmdir(path), 0);
}

/* "10.0.0.1/24"; "" is no address. */
static struct ip_address address(const char *text)
{
    struct ip_address a = {0};
    cleanup_free char *copy = strdup(text);
    char *slash = strchr(copy, '/');

    if (!*text)
        return a;
    if (slash) {
        *slash = '\0';
        a.prefix = (uint32_t)strtoul(slash + 1, NULL, 10);
    }
    a.family = strchr(text, ':') ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(a.family, copy, a.addr), 1);
    return a;
}

/* What `id` gets, as "ADDRESS/PREFIX" or as the error's text; valid until the next call. */
static const char *take_on(const char *bridge, const char *net, const char *want, const char *id)
{
    static char text[512];
    cleanup_err struct lxcdriver_error *err = NULL;
    struct ip_address of_net = address(net), wanted = address(want), out = {0};
    char printed[INET6_ADDRSTRLEN];

    if (lease_take(root, bridge, &of_net, &wanted, id, &out, &err) < 0) {
        snprintf(text, sizeof(text), "%s", err_message(err));
        return text;
    }
    assert_non_null(inet_ntop(out.family, out.addr, printed, sizeof(printed)));
    snprintf(text, sizeof(text), "%s/%u", printed, out.prefix);
    return text;
}

#define take(net, want, id) take_on("br0", net, want, id)

static void test_next_free(void **state)
{
    (void)state;
    container("a");
    container("b");
    container("c");
    assert_string_equal(take("10.0.0.1/24", "", "a"), "10.0.0.2/24");
    assert_string_equal(take("10.0.0.1/24", "", "b"), "10.0.0.3/24");
    lease_release(root, "a");
    assert_string_equal(take("10.0.0.1/24", "", "c"), "10.0.0.2/24");
    /* The bridge is anywhere in its subnet. */
    assert_string_equal(take_on("br1", "10.0.5.200/22", "", "a"), "10.0.4.1/22");
    /* What a container has it may take again. */
    assert_string_equal(take("10.0.0.1/24", "", "b"), "10.0.0.3/24");
    assert_string_equal(take("10.0.0.1/24", "10.0.0.3", "b"), "10.0.0.3/24");
}

static void test_wanted(void **state)
{
    (void)state;
    container("a");
    container("b");
    assert_string_equal(take("10.0.0.1/24", "10.0.0.77", "a"), "10.0.0.77/24");
    assert_string_equal(take("10.0.0.1/24", "10.0.0.77", "b"),
                        "address 10.0.0.77 is in use by container a");
    assert_string_equal(take("10.0.0.1/24", "10.0.1.77", "b"),
                        "address 10.0.1.77 is not in the subnet 10.0.0.1/24 of bridge br0");
    assert_string_equal(take("10.0.0.1/24", "2001:db8::5", "b"),
                        "address 2001:db8::5 is not in the subnet 10.0.0.1/24 of bridge br0");
    assert_string_equal(take("10.0.0.1/24", "10.0.0.1", "b"),
                        "address 10.0.0.1 is the bridge's own address in the subnet 10.0.0.1/24 "
                        "of bridge br0");
    assert_string_equal(take("10.0.0.1/24", "10.0.0.0", "b"),
                        "address 10.0.0.0 is the network's address in the subnet 10.0.0.1/24 of "
                        "bridge br0");
    assert_string_equal(take("10.0.0.1/24", "10.0.0.255", "b"),
                        "address 10.0.0.255 is the broadcast address in the subnet 10.0.0.1/24 of "
                        "bridge br0");
    assert_string_equal(take("10.0.0.1/24", "10.0.0.78/8", "b"), "10.0.0.78/24");
    assert_string_equal(take("", "10.0.0.78", "b"),
                        "bridge br0 has no subnet to take an address from");
    assert_string_equal(take("10.0.0.1/33", "", "b"), "bridge br0: prefix 33 is out of range");
}

static void test_full(void **state)
{
    (void)state;
    container("a");
    container("b");
    container("c");
    container("d");
    container("e");
    assert_string_equal(take("10.0.0.2/29", "", "a"), "10.0.0.1/29");
    assert_string_equal(take("10.0.0.2/29", "", "b"), "10.0.0.3/29");
    assert_string_equal(take("10.0.0.2/29", "10.0.0.5", "c"), "10.0.0.5/29");
    assert_string_equal(take("10.0.0.2/29", "", "d"), "10.0.0.4/29");
    assert_string_equal(take("10.0.0.2/29", "", "e"), "10.0.0.6/29");
    container("f");
    assert_string_equal(take("10.0.0.2/29", "", "f"),
                        "no address is free in the subnet 10.0.0.2/29 of bridge br0");
    /* A container that is gone without a word gives its address back. */
    remove_container("c");
    assert_string_equal(take("10.0.0.2/29", "", "f"), "10.0.0.5/29");
}

static void test_small_subnets(void **state)
{
    (void)state;
    container("a");
    container("b");
    assert_string_equal(take_on("p31", "10.0.0.1/31", "", "a"), "10.0.0.0/31");
    assert_string_equal(take_on("p31", "10.0.0.1/31", "", "b"),
                        "no address is free in the subnet 10.0.0.1/31 of bridge p31");
    assert_string_equal(take_on("p32", "10.0.0.1/32", "", "a"),
                        "no address is free in the subnet 10.0.0.1/32 of bridge p32");
    assert_string_equal(take_on("p30", "10.0.0.1/30", "", "a"), "10.0.0.2/30");
    assert_string_equal(take_on("p127", "2001:db8::/127", "", "a"), "2001:db8::1/127");
    assert_string_equal(take_on("p0", "1.2.3.4/0", "", "a"), "0.0.0.1/0");
    assert_string_equal(take_on("end", "255.255.255.254/30", "", "a"), "255.255.255.253/30");
    assert_string_equal(take_on("end", "255.255.255.254/30", "", "b"),
                        "no address is free in the subnet 255.255.255.254/30 of bridge end");
}

static void test_ip6(void **state)
{
    (void)state;
    container("a");
    container("b");
    assert_string_equal(take("2001:db8::1/64", "", "a"), "2001:db8::2/64");
    assert_string_equal(take("2001:db8::1/64", "", "b"), "2001:db8::3/64");
    assert_string_equal(take("2001:db8::1/64", "2001:db8::ffff:ffff", "b"),
                        "2001:db8::ffff:ffff/64");
    assert_string_equal(take("2001:db8::1/64", "2001:db8:0:1::", "b"),
                        "address 2001:db8:0:1:: is not in the subnet 2001:db8::1/64 of bridge br0");
    assert_string_equal(take("2001:db8::1/64", "2001:db8::", "b"),
                        "address 2001:db8:: is the routers' anycast address in the subnet "
                        "2001:db8::1/64 of bridge br0");
    /* There is no broadcast. */
    assert_string_equal(take("fd00::1/126", "fd00::3", "a"), "fd00::3/126");
    assert_string_equal(take("2001:db8:0:0:0:0:0:ffff/111", "", "a"), "2001:db8::1/111");
}

static void test_release(void **state)
{
    cleanup_free char *leases = str_printf("%s/.leases", root);
    cleanup_free char *one =
        str_printf("%s/%llu-br0/10.0.0.2", leases, (unsigned long long)proc_ns_inode(0, "net"));
    cleanup_free char *text = NULL;
    struct stat st;

    (void)state;
    lease_release(root, "a");
    lease_release("/nowhere/at/all", "a");
    container("a");
    container("b");
    take("10.0.0.1/24", "", "a");
    take("2001:db8::1/64", "", "a");
    take_on("br1", "10.1.0.1/24", "", "a");
    take("10.0.0.1/24", "", "b");
    assert_int_equal(fs_read_at(AT_FDCWD, one, 100, &text, NULL), 0);
    assert_string_equal(text, "a");
    assert_int_equal(stat(one, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    remove_container("a");
    lease_release(root, "a");
    assert_int_equal(access(one, F_OK), -1);
    assert_true(fs_is_dir(leases));
    lease_release(root, "b");
    assert_false(fs_is_dir(leases));
}

/* Takers and releasers at once, in directories that come and go: no address is ever had by two. */
static void hammer(int number)
{
    cleanup_free char *id = str_printf("c%d", number);

    for (int round = 0; round < 40; round++) {
        struct ip_address net = address("10.0.0.1/24"), none = {0}, got;
        cleanup_free char *claim = NULL;
        char text[INET_ADDRSTRLEN];

        if (lease_take(root, "br0", &net, &none, id, &got, NULL) < 0)
            _exit(1);
        inet_ntop(AF_INET, got.addr, text, sizeof(text));
        claim = str_printf("%s/claimed-%s", root, text);
        if (mkdir(claim, 0700) < 0)
            _exit(2);
        usleep((useconds_t)((number * 37 + round * 101) % 500));
        if (rmdir(claim) < 0)
            _exit(3);
        lease_release(root, id);
    }
    _exit(0);
}

static void test_concurrent(void **state)
{
    enum { WORKERS = 12 };
    cleanup_free char *leases = str_printf("%s/.leases", root);
    pid_t workers[WORKERS];

    (void)state;
    for (int i = 0; i < WORKERS; i++) {
        cleanup_free char *id = str_printf("c%d", i);

        container(id);
        workers[i] = fork();
        if (workers[i] == 0) {
            alarm(60);
            hammer(i);
        }
    }
    for (int i = 0; i < WORKERS; i++) {
        int status;

        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        assert_int_equal(status, 0);
    }
    assert_false(fs_is_dir(leases));
}

#define in_root(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_root(test_next_free),     in_root(test_wanted), in_root(test_full),
        in_root(test_small_subnets), in_root(test_ip6),    in_root(test_release),
        in_root(test_concurrent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
