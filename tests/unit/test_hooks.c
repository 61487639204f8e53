/* driver/run/hooks.c, hookfile.c, driver/config/hooks.c, initshim/shared/hookrun.c and listener.c:
 * hooks on the host, what is kept of them, and the seccomp listener. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/hooks.h"
#include "shared/hookrun.h"
#include "shared/listener.h"

static char dir[] = "/tmp/test_hooks.XXXXXX";
static int dir_fd;

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    close(dir_fd);
    return fs_remove_tree(AT_FDCWD, dir);
}

static struct command *container(void)
{
    struct command *cmd = command_new();

    assert_non_null(cmd);
    assert_int_equal(str_set(&cmd->id, "web"), 0);
    assert_int_equal(str_set(&cmd->oci_version, "1.0.2"), 0);
    assert_int_equal(str_set(&cmd->bundle, dir), 0);
    return cmd;
}

/* A hook that is a script for sh; it finds the test's directory as its own. */
static struct hook *add(struct command *cmd, enum hook_point point, const char *script)
{
    struct hook *h = ARRAY_GROW(&cmd->hooks[point], &cmd->n_hooks[point]);

    assert_non_null(h);
    h->timeout_s = RES_UNSET;
    assert_int_equal(str_set(&h->path, "/bin/sh"), 0);
    assert_int_equal(strv_add(&h->args, "hook"), 0);
    assert_int_equal(strv_add(&h->args, "-c"), 0);
    assert_int_equal(strv_add(&h->args, script), 0);
    assert_int_equal(strv_add(&h->env, "PATH=/usr/bin:/bin"), 0);
    return h;
}

static void is_file(const char *name, const char *want)
{
    cleanup_free char *text = NULL;

    assert_int_equal(fs_read_at(dir_fd, name, 1 << 20, &text, NULL), 0);
    assert_string_equal(text, want);
    assert_int_equal(unlinkat(dir_fd, name, 0), 0);
}

static void refused(const struct command *cmd, enum hook_point point, const char *want)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(hooks_run(cmd, point, "{}", &err), -1);
    assert_string_equal(err_message(err), want);
    assert_int_equal(err->exit_code, 125);
}

static void test_state(void **state)
{
    cleanup_command struct command *cmd = container();
    cleanup_free char *bare = NULL, *full = NULL, *odd = NULL;
    char want[512];
    json_t *value;

    (void)state;
    bare = hooks_state_json(cmd, 0, "stopped", NULL);
    snprintf(want, sizeof(want),
             "{\"ociVersion\":\"1.0.2\",\"id\":\"web\",\"status\":\"stopped\",\"bundle\":\"%s\"}",
             dir);
    assert_string_equal(bare, want);
    assert_int_equal(pair_add(&cmd->annotations, &cmd->n_annotations, "a", "1"), 0);
    assert_int_equal(pair_add(&cmd->annotations, &cmd->n_annotations, "b\n\"\\\x01", "\xc3\xa4"),
                     0);
    full = hooks_state_json(cmd, 42, "creating", NULL);
    snprintf(
        want, sizeof(want),
        "{\"ociVersion\":\"1.0.2\",\"id\":\"web\",\"status\":\"creating\",\"pid\":42,"
        "\"bundle\":\"%s\",\"annotations\":{\"a\":\"1\",\"b\\u000a\\\"\\\\\\u0001\":\"\xc3\xa4\"}}",
        dir);
    assert_string_equal(full, want);
    /* A path that is not UTF-8, with forms that look like it: RFC 3629's list of what is not. */
    assert_int_equal(str_set(&cmd->bundle, "/\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82"), 0);
    odd = hooks_state_json(cmd, 1, "created", NULL);
    value = json_loads(odd, 0, NULL);
    assert_non_null(value);
    assert_int_equal(strncmp(json_string_value(json_object_get(value, "bundle")),
                             "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 10),
                     0);
    json_decref(value);
}

static void test_runs(void **state)
{
    cleanup_command struct command *cmd = container();
    cleanup_free char *json = hooks_state_json(cmd, 7, "creating", NULL);
    struct hook *bare;
    char want[512];
    sigset_t block, before;

    (void)state;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &block, &before), 0);
    signal(SIGUSR1, SIG_IGN);
    /* What it got: arguments, environment, input, directory, descriptors, signals, group. */
    add(cmd, HOOK_PRESTART,
        "exec >out; echo $0; env; cat; echo; pwd;"
        "for n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo leaked $n; done;"
        "grep -E '^Sig(Blk|Ign)' /proc/self/status; [ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && "
        "echo group");
    add(cmd, HOOK_PRESTART, "echo second >>out");
    bare = add(cmd, HOOK_CREATE_RUNTIME, "");
    strv_free(&bare->args);
    assert_int_equal(str_set(&bare->path, "/bin/true"), 0);
    assert_int_equal(hooks_run(cmd, HOOK_PRESTART, json, NULL), 0);
    assert_int_equal(hooks_run(cmd, HOOK_CREATE_RUNTIME, json, NULL), 0);
    assert_int_equal(hooks_run(cmd, HOOK_POSTSTART, json, NULL), 0);
    snprintf(want, sizeof(want),
             "hook\nPATH=/usr/bin:/bin\nPWD=%s\n%s\n%s\nSigBlk:\t0000000000000000\n"
             "SigIgn:\t0000000000000000\ngroup\nsecond\n",
             dir, json, dir);
    is_file("out", want);
    signal(SIGUSR1, SIG_DFL);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

static void test_failures(void **state)
{
    cleanup_command struct command *cmd = container();
    struct hook *missing;

    (void)state;
    add(cmd, HOOK_PRESTART, "echo one; printf 'two\\t!\\n\\n' >&2; exit 3");
    add(cmd, HOOK_PRESTART, "touch never");
    refused(cmd, HOOK_PRESTART, "prestart hook \"/bin/sh\": exit status 3: one; two !");
    assert_int_equal(faccessat(dir_fd, "never", F_OK, 0), -1);
    add(cmd, HOOK_CREATE_RUNTIME, "kill -SEGV $$");
    refused(cmd, HOOK_CREATE_RUNTIME, "createRuntime hook \"/bin/sh\": killed by signal 11");
    missing = add(cmd, HOOK_POSTSTART, "");
    assert_int_equal(str_set(&missing->path, "/no/such/hook"), 0);
    refused(cmd, HOOK_POSTSTART, "poststart hook \"/no/such/hook\": no such file or directory");
}

/* A hook in the words of the shared part. */
static void run_script(const char *script, const char *input, int64_t timeout_s,
                       struct hook_end *end)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL};
    char *env[] = {(char *)"PATH=/usr/bin:/bin", NULL};
    const struct hook_program p = {.path = "/bin/sh",
                                   .argv = argv,
                                   .env = env,
                                   .cwd = dir,
                                   .input = input,
                                   .input_len = strlen(input),
                                   .timeout_s = timeout_s};

    hook_run(&p, end);
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void test_timeout(void **state)
{
    cleanup_command struct command *cmd = container();
    int64_t begin = now_ms(), took;
    struct hook_end end;
    char pid[32] = "";
    int fd;

    (void)state;
    /* Its children as well; and one that closes its output is still watched. */
    add(cmd, HOOK_POSTSTART, "sleep 60 & echo $! >child; echo waiting; wait")->timeout_s = 1;
    refused(cmd, HOOK_POSTSTART, "poststart hook \"/bin/sh\": timed out after 1 s: waiting");
    fd = openat(dir_fd, "child", O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, pid, sizeof(pid) - 1) > 0);
    close(fd);
    for (int i = 0; i < 200 && kill((pid_t)strtol(pid, NULL, 10), 0) == 0; i++) {
        char stat[64];
        cleanup_free char *text = NULL;

        snprintf(stat, sizeof(stat), "/proc/%ld/stat", strtol(pid, NULL, 10));
        if (fs_read_at(AT_FDCWD, stat, 4096, &text, NULL) < 0 || strstr(text, ") Z"))
            break;
        usleep(10000);
        assert_int_not_equal(i, 199);
    }
    run_script("exec >&- 2>&-; sleep 60", "", 1, &end);
    assert_int_equal(end.result, HOOK_TIMED_OUT);
    took = now_ms() - begin;
    assert_true(took >= 2000 && took < 10000);
    unlinkat(dir_fd, "child", 0);
    /* One that is in time. */
    run_script("exit 0", "", 30, &end);
    assert_int_equal(end.result, HOOK_ENDED);
    assert_int_equal(end.status, 0);
}

/* More than a pipe holds, read or not; and no SIGPIPE. */
static void test_input(void **state)
{
    size_t len = 300000;
    cleanup_free char *input = malloc(len + 1);
    struct hook_end end;

    (void)state;
    assert_non_null(input);
    memset(input, 'x', len);
    input[len] = '\0';
    run_script("wc -c", input, 0, &end);
    assert_int_equal(end.status, 0);
    assert_string_equal(end.tail, "300000\n");
    run_script("true", input, 0, &end);
    assert_int_equal(end.result, HOOK_ENDED);
    assert_int_equal(end.status, 0);
    run_script("exec <&-; sleep 0.2; echo closed", input, 0, &end);
    assert_string_equal(end.tail, "closed\n");
}

static void test_output(void **state)
{
    int64_t begin = now_ms();
    struct hook_program p = {.path = "/h"};
    struct hook_end end;
    char sentence[64];

    (void)state;
    /* The last of much. */
    run_script("seq 1 200000; exit 1", "", 0, &end);
    assert_int_equal(WEXITSTATUS(end.status), 1);
    assert_int_equal(end.tail_len, HOOK_TAIL);
    assert_string_equal(end.tail + HOOK_TAIL - 7, "200000\n");
    hook_sentence("prestart", &p, &end, sentence, sizeof(sentence));
    assert_string_equal(sentence,
                        "prestart hook \"/h\": exit status 1: 9997; 199998; 199999; 200000");
    assert_true(strlen(sentence) < sizeof(sentence));
    /* What is left running does not hold us. */
    run_script("sleep 20 & echo $! >child; echo left", "", 0, &end);
    assert_string_equal(end.tail, "left\n");
    assert_true(now_ms() - begin < 10000);
    run_script("kill $(cat child); rm child", "", 0, &end);
    assert_int_equal(end.status, 0);
}

static void warned(void *opaque, const char *message)
{
    struct strv *list = opaque;

    assert_int_equal(strv_add(list, message), 0);
}

static void test_kept(void **state)
{
    cleanup_command struct command *cmd = container(), *got = NULL;
    struct hooks_claim claim = HOOKS_UNCLAIMED;
    cleanup_strv struct strv warnings = {0};
    char want[256];

    (void)state;
    /* Others than those two leave no file. */
    add(cmd, HOOK_PRESTART, "true");
    assert_int_equal(hooks_save(dir_fd, cmd, NULL), 0);
    assert_null(hooks_load(dir_fd, NULL));
    assert_int_equal(pair_add(&cmd->annotations, &cmd->n_annotations, "k", "v"), 0);
    add(cmd, HOOK_POSTSTART, "echo \"quoted\\\"\"")->timeout_s = 9;
    add(cmd, HOOK_POSTSTOP, "exit 4");
    add(cmd, HOOK_POSTSTOP, "cat >out");
    assert_int_equal(hooks_save(dir_fd, cmd, NULL), 0);
    got = hooks_load(dir_fd, NULL);
    assert_non_null(got);
    assert_int_equal(got->n_hooks[HOOK_PRESTART], 0);
    assert_int_equal(got->n_hooks[HOOK_POSTSTART], 1);
    assert_int_equal(got->hooks[HOOK_POSTSTART][0].timeout_s, 9);
    assert_string_equal(got->hooks[HOOK_POSTSTART][0].args.items[2], "echo \"quoted\\\"\"");
    assert_string_equal(got->hooks[HOOK_POSTSTART][0].env.items[0], "PATH=/usr/bin:/bin");
    assert_int_equal(got->n_hooks[HOOK_POSTSTOP], 2);
    assert_true(got->hooks[HOOK_POSTSTOP][0].timeout_s == RES_UNSET);
    assert_int_equal(hooks_claim(dir_fd, &claim, NULL), 0);
    assert_non_null(claim.cmd);
    assert_int_equal(hooks_forget(dir_fd, NULL), 0);
    assert_int_equal(faccessat(dir_fd, "hooks.json", F_OK, 0), -1);
    assert_int_equal(hooks_forget(dir_fd, NULL), 0); /* gone already */
    hooks_poststop(&claim, warned, &warnings);
    hooks_unclaim(&claim);
    assert_int_equal(warnings.n, 1);
    assert_string_equal(warnings.items[0], "poststop hook \"/bin/sh\": exit status 4");
    snprintf(want, sizeof(want),
             "{\"ociVersion\":\"1.0.2\",\"id\":\"web\",\"status\":\"stopped\",\"bundle\":\"%s\","
             "\"annotations\":{\"k\":\"v\"}}",
             dir);
    is_file("out", want);
}

/* Of two who delete one waits, and then finds that there is nothing to run. */
static void test_claimed_once(void **state)
{
    cleanup_command struct command *cmd = container();
    struct hooks_claim mine = HOOKS_UNCLAIMED;
    struct lxcdriver_error *err = NULL;
    pid_t other;
    int status;

    (void)state;
    add(cmd, HOOK_POSTSTOP, "true");
    assert_int_equal(hooks_save(dir_fd, cmd, NULL), 0);
    assert_int_equal(hooks_claim(dir_fd, &mine, NULL), 0);
    assert_non_null(mine.cmd);
    other = fork();
    if (other == 0) {
        struct hooks_claim theirs = HOOKS_UNCLAIMED;

        close(mine.fd); /* flock(2) belongs to the open file, which fork(2) shares */
        _exit(hooks_claim(dir_fd, &theirs, NULL) < 0 || theirs.cmd ? 1 : 0);
    }
    usleep(100000);
    assert_int_equal(waitpid(other, &status, WNOHANG), 0);
    assert_int_equal(unlinkat(dir_fd, "hooks.json", 0), 0);
    hooks_unclaim(&mine);
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    /* A file that is damaged runs nothing, and says so. */
    assert_int_equal(fs_write_atomic(dir_fd, "hooks.json", "{\"hooks\":7}", 11, 0600), 0);
    assert_int_equal(hooks_claim(dir_fd, &mine, &err), -1);
    assert_non_null(strstr(err_message(err), "hooks.json"));
    err_free(&err);
    assert_null(mine.cmd);
    assert_int_equal(mine.fd, -1);
    assert_int_equal(unlinkat(dir_fd, "hooks.json", 0), 0);
}

/* ---- the seccomp listener ---- */

static int listen_at(const char *name)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", dir, name);
    assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(sock, 4), 0);
    return sock;
}

/* All that comes to the end of the connection, and the descriptor that came with its beginning. */
static int take(int sock, char *text, size_t size)
{
    char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(8)));
    struct iovec iov = {.iov_base = text, .iov_len = size - 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    int peer = accept(sock, NULL, NULL), fd = -1;
    ssize_t got = recvmsg(peer, &msg, 0), more;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

    assert_true(got > 0);
    assert_non_null(cmsg);
    assert_int_equal(cmsg->cmsg_len, CMSG_LEN(sizeof(int)));
    memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
    while ((more = read(peer, text + got, size - 1 - (size_t)got)) > 0)
        got += more;
    text[got] = '\0';
    close(peer);
    return fd;
}

static void test_listener(void **state)
{
    const struct listener_state st = {
        .parts = {"{\"pid\":", ",\"state\":{\"status\":\"", "\",\"pid\":", "}}"},
        .process = 120,
        .container = 9,
        .status = "created"};
    int sock = listen_at("s"), pair[2], fd;
    char text[256], name[300], path[64];
    struct stat mine, theirs;

    (void)state;
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    snprintf(path, sizeof(path), "%s/s", dir);
    assert_int_equal(listener_send(path, &st, pair[0]), 0);
    fd = take(sock, text, sizeof(text));
    assert_string_equal(text, "{\"pid\":120,\"state\":{\"status\":\"created\",\"pid\":9}}");
    assert_int_equal(fstat(fd, &theirs), 0);
    assert_int_equal(fstat(pair[0], &mine), 0);
    assert_int_equal(theirs.st_ino, mine.st_ino);
    close(fd);
    close(sock);
    assert_int_equal(listener_send(path, &st, pair[0]), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(listener_send(path, &st, pair[0]), -1);
    assert_int_equal(errno, ENOENT);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(listener_send(name, &st, pair[0]), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state),    cmocka_unit_test(test_runs),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_input),    cmocka_unit_test(test_output),
        cmocka_unit_test(test_kept),     cmocka_unit_test(test_claimed_once),
        cmocka_unit_test(test_listener),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
