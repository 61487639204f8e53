/* SOURCES: tests/unit/shim_rig.c */
/* The init shim as a whole: a container is started with it, and the workload looks at what it got.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "shim_expect.h"

#define CAP(n) (UINT64_C(1) << (n))
#define CAP_CHOWN 0
#define CAP_KILL 5
#define CAP_SYS_RESOURCE 24

static struct wire w;
static struct rig_run r;

/* Run and expect a workload that ran and ended with `code`; what it printed must be `text`. */
static void expect(const struct rig_options *o, int code, const char *text)
{
    rig_expect(&r, &w, o, code, text);
}

static void expect_fail(const struct rig_options *o, unsigned stage, int errnum, int code,
                        const char *detail)
{
    rig_expect_fail(&r, &w, o, stage, errnum, code, detail);
}

static void test_environment(void **state)
{
    (void)state;
    wire_script(&w, 0, "env | sort; pwd; umask");
    wire_string(&w, WT_ENV, "A=line\nnext");
    wire_string(&w, WT_CWD, "/etc");
    expect(NULL, 0, "A=line\nHOME=/root\nPATH=/bin\nPWD=/etc\nSHLVL=1\nnext\n/etc\n0022\n");
}

static void test_descriptors(void **state)
{
    (void)state;
    wire_begin(&w);
    wire_u64(&w, WT_FLAGS, 0);
    wire_string(&w, WT_ARG, "/bin/ls");
    wire_string(&w, WT_ARG, "/proc/self/fd");
    /* 3 is the directory that ls itself has open. */
    expect(NULL, 0, "0\n1\n2\n3\n");
}

static void test_kept_descriptors(void **state)
{
    int pair[2][2], kept[2];
    struct rig_options o = {.kept = kept, .n_kept = 2};
    char buf[16] = "";

    (void)state;
    assert_int_equal(pipe(pair[0]), 0);
    assert_int_equal(pipe(pair[1]), 0);
    kept[0] = pair[0][1];
    kept[1] = pair[1][1];
    wire_script(&w, 0, "echo three >&3; echo four >&4; [ -e /proc/self/fd/5 ] || echo none");
    rig_start(&r, &w, &o);
    close(kept[0]);
    close(kept[1]);
    rig_finish(&r);
    assert_string_equal(r.text, "none\n");
    assert_int_equal(read(pair[0][0], buf, sizeof(buf)), 6);
    assert_memory_equal(buf, "three\n", 6);
    assert_int_equal(read(pair[1][0], buf, sizeof(buf)), 5);
    assert_memory_equal(buf, "four\n", 5);
    close(pair[0][0]);
    close(pair[1][0]);
}

static void test_credentials(void **state)
{
    (void)state;
    wire_script(&w, 0, "exit 7");
    rig_run(&r, &w, NULL);
    assert_int_equal(r.code, 7);
    assert_int_equal(r.cred.pid, r.pid);
}

static void test_user(void **state)
{
    static const struct {
        const char *user, *out;
    } cases[] = {
        {"u", "1000 1001 1001 2002 3003 /home/u\n"},
        {"1000", "1000 1001 1001 2002 3003 /home/u\n"},
        {"u:other", "1000 4004 4004 /home/u\n"},
        {"77", "77 0 0 /\n"},
        {"77:4004", "77 4004 4004 /\n"},
        {"root", "0 0 0 3003 /root\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wire_script(&w, 0, "echo $(id -u) $(id -g) $(id -G) $HOME");
        wire_string(&w, WT_USER, cases[i].user);
        expect(NULL, 0, cases[i].out);
    }
    wire_script(&w, 0, "id -u; id -g; id -G");
    wire_u32(&w, WT_UID, 12);
    wire_u32(&w, WT_GID, 13);
    wire_u32(&w, WT_ADDITIONAL_GID, 14);
    wire_string(&w, WT_GROUP, "other");
    expect(NULL, 0, "12\n13\n13 14 4004\n");
}

static void test_user_missing(void **state)
{
    (void)state;
    wire_script(&w, 0, "true");
    wire_string(&w, WT_USER, "nosuch");
    expect_fail(NULL, STAGE_USER, 0, 125, "nosuch");
    wire_script(&w, 0, "true");
    wire_string(&w, WT_USER, "u:nogroup");
    expect_fail(NULL, STAGE_USER, 0, 125, "nogroup");
}

static void test_exit_codes(void **state)
{
    static const struct {
        const char *arg;
        int errnum, code;
    } cases[] = {
        {"/nonexistent", ENOENT, 127}, {"nonexistent", ENOENT, 127},    {"/etc", EISDIR, 126},
        {"/etc/noexec", EACCES, 126},  {"badinterp", ENOENT, 127},      {"", ENOENT, 127},
        {"noexec", EACCES, 126},       {"/etc/passwd/x", ENOTDIR, 126},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wire_begin(&w);
        wire_u64(&w, WT_FLAGS, 0);
        wire_string(&w, WT_ARG, cases[i].arg);
        wire_string(&w, WT_ENV, "PATH=/etc:/bin");
        expect_fail(NULL, STAGE_EXEC, cases[i].errnum, cases[i].code, cases[i].arg);
    }
    wire_script(&w, 0, "true");
    wire_string(&w, WT_CWD, "/nonexistent");
    expect_fail(NULL, STAGE_CWD, ENOENT, 125, "/nonexistent");
    wire_script(&w, 0, "true");
    wire_string(&w, WT_CWD, "/proc/self/fd/3");
    expect_fail(NULL, STAGE_CWD, ELOOP, 125, "/proc/self/fd/3");
}

static void test_path_search(void **state)
{
    (void)state;
    /* A directory of that name in PATH is passed over. */
    wire_begin(&w);
    wire_u64(&w, WT_FLAGS, 0);
    wire_string(&w, WT_ARG, "echo");
    wire_string(&w, WT_ARG, "found");
    wire_string(&w, WT_ENV, "PATH=/tmp:/nonexistent:/bin");
    expect(NULL, 0, "found\n");
    wire_begin(&w);
    wire_u64(&w, WT_FLAGS, 0);
    wire_string(&w, WT_ARG, "./busybox");
    wire_string(&w, WT_ARG, "echo");
    wire_string(&w, WT_ARG, "relative");
    wire_string(&w, WT_CWD, "/bin");
    expect(NULL, 0, "relative\n");
}

static void test_cwd(void **state)
{
    (void)state;
    wire_script(&w, WF_CREATE_CWD, "pwd; stat -c '%a %u' /made/up/here");
    wire_string(&w, WT_CWD, "/made/up/here");
    wire_string(&w, WT_USER, "u");
    expect(NULL, 0, "/made/up/here\n755 0\n");
    /* One that only root can enter. */
    wire_script(&w, 0, "pwd");
    wire_string(&w, WT_CWD, "/private");
    wire_string(&w, WT_USER, "u");
    expect(NULL, 0, "/private\n");
}

static void add_caps(uint64_t set, uint64_t ambient)
{
    struct wire_caps caps = {set, set, ambient, set, ambient};

    wire_put(&w, WT_CAPS, &caps, sizeof(caps));
}

static void test_caps(void **state)
{
    (void)state;
    wire_script(&w, WF_NO_NEW_PRIVS, "grep -E '^(Cap|NoNew)' /proc/self/status");
    add_caps(CAP(CAP_CHOWN) | CAP(CAP_KILL) | CAP(63), 0);
    expect(NULL, 0,
           "CapInh:\t0000000000000000\nCapPrm:\t0000000000000021\nCapEff:\t0000000000000021\n"
           "CapBnd:\t0000000000000021\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
    wire_script(&w, 0, "grep -E '^(Cap|NoNew)' /proc/self/status");
    wire_string(&w, WT_USER, "u");
    add_caps(CAP(CAP_CHOWN), 0);
    expect(NULL, 0,
           "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
           "CapBnd:\t0000000000000001\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\n");
    wire_script(&w, 0, "grep -E '^(Cap|NoNew)' /proc/self/status");
    wire_string(&w, WT_USER, "u");
    add_caps(CAP(CAP_CHOWN), CAP(CAP_CHOWN));
    expect(NULL, 0,
           "CapInh:\t0000000000000001\nCapPrm:\t0000000000000001\nCapEff:\t0000000000000001\n"
           "CapBnd:\t0000000000000001\nCapAmb:\t0000000000000001\nNoNewPrivs:\t0\n");
}

/* What this process has not, a container of it cannot have either. */
static void test_caps_missing(void **state)
{
    char line[128];
    unsigned long long have = 0;
    FILE *f = fopen("/proc/self/status", "r");

    (void)state;
    while (fgets(line, sizeof(line), f))
        sscanf(line, "CapBnd: %llx", &have);
    fclose(f);
    wire_script(&w, 0, "true");
    add_caps(CAP(CAP_CHOWN) | CAP(CAP_SYS_RESOURCE), 0);
    expect(NULL, 0, "");
    if (have & CAP(CAP_SYS_RESOURCE)) {
        assert_int_equal(r.n_warnings, 0);
    } else {
        assert_int_equal(r.n_warnings, 1);
        assert_string_equal(r.warnings[0], "CAP_SYS_RESOURCE");
    }
}

static void test_limits(void **state)
{
    struct wire_rlimit files = {.resource = RLIMIT_NOFILE, .soft = 3, .hard = 64};
    struct wire_rlimit core = {.resource = RLIMIT_CORE, .soft = 0, .hard = 4096};
    struct wire_rlimit wrong = {.resource = 99, .soft = 0, .hard = 1};
    int32_t score = 555;

    (void)state;
    wire_script(&w, 0,
                "ulimit -Sn; ulimit -Hn; ulimit -Hc; umask; read a < /proc/self/stat; "
                "echo $?");
    wire_put(&w, WT_RLIMIT, &files, sizeof(files));
    wire_put(&w, WT_RLIMIT, &core, sizeof(core));
    wire_u32(&w, WT_UMASK, 077);
    rig_run(&r, &w, NULL);
    /* With room for 0, 1 and 2 only, the shell cannot open another file. */
    assert_non_null(strstr(r.text, "3\n64\n8\n0077\n"));
    wire_script(&w, 0, "cat /proc/self/oom_score_adj");
    wire_put(&w, WT_OOM_SCORE_ADJ, &score, sizeof(score));
    expect(NULL, 0, "555\n");
    wire_script(&w, 0, "true");
    wire_put(&w, WT_RLIMIT, &wrong, sizeof(wrong));
    expect_fail(NULL, STAGE_RLIMIT, EINVAL, 125, "99");
}

static void test_scheduling(void **state)
{
    struct wire_sched sched = {.policy = 3, .nice = 5};
    uint8_t mask[8] = {1};

    (void)state;
    wire_script(&w, 0,
                "cut -d' ' -f19,41 /proc/self/stat; grep Cpus_allowed_list /proc/self/status;"
                "ionice; uname -m");
    wire_put(&w, WT_SCHED, &sched, sizeof(sched));
    wire_put(&w, WT_AFFINITY, mask, sizeof(mask));
    wire_u32(&w, WT_IOPRIO, 3 << 13);
    wire_u64(&w, WT_PERSONALITY, 8);
    expect(NULL, 0, "5 3\nCpus_allowed_list:\t0\nidle\ni686\n");
}

/* The only node that every machine has. MPOL_BIND is shown by numa_maps for all of a process. */
static void test_memory_policy(void **state)
{
    struct wire_mempolicy policy = {.mode = 2, .nodes = {1}};

    (void)state;
    wire_script(&w, 0, "cut -d' ' -f2 /proc/self/numa_maps | sort -u");
    wire_put(&w, WT_MEMPOLICY, &policy, sizeof(policy));
    expect(NULL, 0, "bind:0\n");
    policy.mode = 99;
    wire_script(&w, 0, "true");
    wire_put(&w, WT_MEMPOLICY, &policy, sizeof(policy));
    expect_fail(NULL, STAGE_SCHED, EINVAL, 125, "memory policy");
}

static void test_sysctl(void **state)
{
    (void)state;
    wire_script(&w, 0,
                "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni "
                "/proc/sys/kernel/domainname");
    wire_string(&w, WT_SYSCTL, "net.ipv4.ip_forward=1");
    wire_string(&w, WT_SYSCTL, "kernel/shmmni=77");
    wire_string(&w, WT_DOMAINNAME, "example.org");
    expect(NULL, 0, "1\n77\nexample.org\n");
    wire_script(&w, 0, "true");
    wire_string(&w, WT_SYSCTL, "kernel.nosuch=1");
    expect_fail(NULL, STAGE_SYSCTL, ENOENT, 125, "kernel.nosuch=1");
    wire_script(&w, 0, "true");
    wire_string(&w, WT_SYSCTL, "../self/oom_score_adj=1");
    expect_fail(NULL, STAGE_SYSCTL, EINVAL, 125, "../self/oom_score_adj=1");
}

static void test_no_procfs(void **state)
{
    struct rig_options o = {.no_proc = true};
    int32_t score = 321;

    (void)state;
    /* /proc is a plain directory: the shim must not write there, and needs none. */
    wire_script(&w, 0,
                "ls /proc; mkdir -p /tmp/p; mount -t proc proc /tmp/p; "
                "cat /tmp/p/self/oom_score_adj");
    wire_put(&w, WT_OOM_SCORE_ADJ, &score, sizeof(score));
    expect(&o, 0, "321\n");
}

static void test_init(void **state)
{
    (void)state;
    wire_script(&w, WF_INIT,
                "echo $$; readlink /proc/self/fd/3; (sleep 0.05 &) ; "
                "grep -E '^(Name|CapEff|NoNewPrivs|Uid)' /proc/1/status; exit 9");
    expect(NULL, 9,
           "2\nName:\tinit\nUid:\t0\t0\t0\t0\nCapEff:\t0000000000000020\nNoNewPrivs:\t1\n");
    wire_script(&w, WF_INIT, "kill -9 $$");
    expect(NULL, 137, "");
    wire_script(&w, WF_INIT, "trap 'echo got; exit 4' TERM; kill -TERM 1; sleep 5 & wait");
    wire_string(&w, WT_USER, "root");
    expect(NULL, 4, "got\n");
}

#define LOAD(field)                                                                                \
    {                                                                                              \
        BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, field)                       \
    }

/* mkdir(2) fails with ENOTTY, sethostname(2) is for the listener; all else is allowed. */
static const struct sock_filter filter[] = {
    LOAD(nr),
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_mkdir},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOTTY},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_sethostname},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
};

static void test_seccomp(void **state)
{
    static const uint64_t flags[] = {0, WF_NO_NEW_PRIVS};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        wire_script(
            &w, flags[i],
            "mkdir /tmp/x; grep -E '^(Seccomp|NoNewPrivs|CapEff):' /proc/self/status; id -u");
        wire_put(&w, WT_SECCOMP, filter, sizeof(filter));
        wire_u32(&w, WT_SECCOMP_FLAGS, i ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
        wire_string(&w, WT_USER, "u");
        add_caps(CAP(CAP_CHOWN), 0);
        rig_run(&r, &w, NULL);
        assert_false(r.failed);
        assert_int_equal(r.listener >= 0, i);
        assert_non_null(strstr(r.text, "Inappropriate ioctl"));
        assert_non_null(
            strstr(r.text, i ? "CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n1000\n"
                             : "CapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n1000\n"));
    }
    wire_script(&w, 0, "true");
    wire_put(&w, WT_SECCOMP, (struct sock_filter[]){LOAD(nr)}, sizeof(filter[0]));
    expect_fail(NULL, STAGE_SECCOMP, EINVAL, 125, "filter");
}

static void test_supervisor_gone(void **state)
{
    struct rig_options o = {.hold = true};

    (void)state;
    wire_script(&w, 0, "echo never");
    rig_start(&r, &w, &o);
    assert_true(r.ready);
    close(r.sock);
    r.sock = -1;
    rig_finish(&r);
    assert_string_equal(r.text, "");
    assert_int_equal(r.code, 125);
}

static void test_bad_bootstrap(void **state)
{
    (void)state;
    wire_begin(&w);
    wire_u64(&w, WT_FLAGS, 0);
    expect_fail(NULL, STAGE_BOOTSTRAP, EINVAL, 125, "record of tag 2: missing");
    wire_script(&w, WF_EXEC, "true");
    expect_fail(NULL, STAGE_BOOTSTRAP, EINVAL, 125, "mode");
}

/* A workload and a startContainer hook before it, run by the shell. */
static void hooked(const char *script, int64_t timeout_s)
{
    struct wire_hook hook = {.timeout_s = timeout_s, .point = WIRE_HOOK_START_CONTAINER};

    wire_script(&w, 0, "cat /tmp/hooked; echo workload");
    wire_mixed(&w, WT_HOOK, &hook, sizeof(hook), "/bin/sh", "sh", "-c", script, "", "H=hook",
               "PATH=/bin", "", NULL);
    wire_string(&w, WT_STATE, "{\"id\":\"x\",\"status\":\"");
    wire_string(&w, WT_STATE, ",\"bundle\":\"/b\"}");
}

static void test_hook(void **state)
{
    (void)state;
    hooked("exec >/tmp/hooked; cat; echo; echo $H $(id -u) $$; env | wc -l;"
           "for n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo leaked $n; done",
           5);
    expect(NULL, 0,
           "{\"id\":\"x\",\"status\":\"created\",\"pid\":1,\"bundle\":\"/b\"}\n"
           "hook 0 2\n4\nworkload\n");
    hooked("id -u; exit 1", 0);
    wire_string(&w, WT_USER, "u");
    expect_fail(NULL, STAGE_HOOK, 0, 125, "startContainer hook \"/bin/sh\": exit status 1: 1000");
}

static void test_hook_fails(void **state)
{
    struct wire_hook hook = {.timeout_s = 0};

    (void)state;
    hooked("echo first; echo second >&2; exit 3", 0);
    expect_fail(NULL, STAGE_HOOK, 0, 125,
                "startContainer hook \"/bin/sh\": exit status 3: first; second");
    hooked("kill -9 $$", 0);
    expect_fail(NULL, STAGE_HOOK, 0, 125, "startContainer hook \"/bin/sh\": killed by signal 9");
    hooked("echo before; sleep 30", 1);
    expect_fail(NULL, STAGE_HOOK, 0, 125,
                "startContainer hook \"/bin/sh\": timed out after 1 s: before");
    wire_script(&w, 0, "echo workload");
    wire_mixed(&w, WT_HOOK, &hook, sizeof(hook), "/bin/nothing", "", "", NULL);
    expect_fail(NULL, STAGE_HOOK, ENOENT, 125, "startContainer hook \"/bin/nothing\"");
    /* One of another point is not ours to run. */
    hook.point = WIRE_HOOK_CREATE_CONTAINER;
    wire_script(&w, 0, "echo workload");
    wire_mixed(&w, WT_HOOK, &hook, sizeof(hook), "/bin/nothing", "", "", NULL);
    expect(NULL, 0, "workload\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_kept_descriptors),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_user_missing),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_path_search),
        cmocka_unit_test(test_cwd),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_caps_missing),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_scheduling),
        cmocka_unit_test(test_memory_policy),
        cmocka_unit_test(test_sysctl),
        cmocka_unit_test(test_no_procfs),
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_supervisor_gone),
        cmocka_unit_test(test_bad_bootstrap),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_hook_fails),
        cmocka_unit_test(test_seccomp),
    };

    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
