#include "host/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

#define OUTPUT_MAX 65536
#define LIST_MAX ((size_t)16 << 20)
#define PATH_ELSE "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- a child ---- */

static void be_child(int (*fn)(void *arg), void *arg, int output, pid_t parent)
{
    sigset_t none;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(ECANCELED);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    close(STDIN_FILENO);
    if (open("/dev/null", O_RDWR) != STDIN_FILENO || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        _exit(errno);
    _exit(fn(arg));
}

/* All that comes through the pipe until nobody holds its other end; what is too much is dropped. 0,
 * or -1 with errno. */
static int listen_to(int fd, int64_t end, struct buf *out)
{
    char part[4096];

    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = end - now_ms();
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        ssize_t got;

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready <= 0)
            return -1;
        got = read(fd, part, sizeof(part));
        if (got < 0 && errno != EINTR)
            return -1;
        if (got == 0)
            return 0;
        if (got > 0 && out->len + (size_t)got <= OUTPUT_MAX)
            buf_append(out, part, (size_t)got);
    }
}

/* Who closes his output need not end. Asked for ever less often, for the end is usually a moment
 * away; a pidfd, which could be waited for, is among what this is here to find out about. 0, or -1
 * with errno. */
static int await_end(pid_t pid, int64_t end)
{
    struct timespec nap = {.tv_nsec = 50000};

    for (;;) {
        siginfo_t ended = {0};

        if (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 || ended.si_pid)
            return 0;
        if (now_ms() >= end) {
            errno = ETIMEDOUT;
            return -1;
        }
        nanosleep(&nap, NULL);
        if (nap.tv_nsec < 20000000)
            nap.tv_nsec *= 2;
    }
}

/* A descendant that outlives the child holds the pipe: it is of the same group, and ends with it.
 */
static int reap(pid_t pid, int heard)
{
    int code = errno, status;

    if (heard < 0)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    errno = heard < 0 ? code : ECANCELED;
    return heard < 0 || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
}

int probe_run(int (*fn)(void *arg), void *arg, int timeout_ms, char **output)
{
    cleanup_close int in = -1, out = -1;
    cleanup_buf struct buf text = {0};
    pid_t self = getpid(), pid;
    int64_t end = now_ms() + timeout_ms;
    int pipe_fds[2], answer;

    if (output)
        *output = NULL;
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return -1;
    in = pipe_fds[0];
    out = pipe_fds[1];
    /* What is buffered would be written by both. */
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        be_child(fn, arg, out, self);
    if (pid < 0)
        return -1;
    close(steal_fd(&out));
    /* Set by both sides, for either may be first. */
    setpgid(pid, pid);
    answer = listen_to(in, end, &text);
    answer = reap(pid, answer < 0 ? -1 : await_end(pid, end));
    if (answer < 0 || !output)
        return answer;
    *output = buf_take(&text);
    if (*output)
        return answer;
    errno = ENOMEM;
    return -1;
}

/* ---- programs ---- */

/* The home is a directory, which Podman insists on, in which nobody can make a file. */
static int exec_program(void *arg)
{
    char path[] = "PATH=" PATH_ELSE, lang[] = "LC_ALL=C", home[] = "HOME=/proc";
    char *env[] = {path, lang, home, NULL};
    char *const *argv = arg;

    execve(argv[0], argv, env);
    return 127;
}

/* A program that talks to itself over it finds it. */
static int raise_loopback(void)
{
    cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

    return fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);
}

static int exec_apart(void *arg)
{
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/run", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0 ||
        mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0 || raise_loopback() < 0)
        return 126;
    return exec_program(arg);
}

int probe_program(const char *const *argv, int timeout_ms, char **output)
{
    return probe_run(exec_program, (void *)(uintptr_t)argv, timeout_ms, output);
}

int probe_program_apart(const char *const *argv, int timeout_ms, char **output)
{
    return probe_run(exec_apart, (void *)(uintptr_t)argv, timeout_ms, output);
}

static char *find_in(const char *path, const char *name)
{
    while (path && *path) {
        size_t len = strcspn(path, ":");
        cleanup_free char *file = str_printf("%.*s/%s", (int)len, path, name);

        if (file && *path == '/' && access(file, X_OK) == 0)
            return steal_ptr(&file);
        path += len + (path[len] == ':');
    }
    return NULL;
}

char *probe_find(const char *name)
{
    char *file = find_in(getenv("PATH"), name);

    return file ? file : find_in(PATH_ELSE, name);
}

/* ---- modules ---- */

/* The kernel's own names have '_' where files may have '-'. */
static bool same_name(const char *file, size_t len, const char *name)
{
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((file[i] == '-' ? '_' : file[i]) != name[i])
            return false;
    return true;
}

bool probe_module_listed(const char *text, const char *name)
{
    while (*text) {
        size_t line = strcspn(text, "\n"), end = strcspn(text, ":\n"), start = end;

        while (start > 0 && text[start - 1] != '/')
            start--;
        if (same_name(text + start, strcspn(text + start, ".:\n"), name))
            return true;
        text += line + (text[line] == '\n');
    }
    return false;
}

static bool is_listed(const char *list, const char *name)
{
    cleanup_free char *path = NULL, *text = NULL;
    struct utsname kernel;

    if (uname(&kernel) < 0)
        return false;
    path = str_printf("/lib/modules/%s/%s", kernel.release, list);
    return path && fs_read_at(AT_FDCWD, path, LIST_MAX, &text, NULL) == 0 &&
           probe_module_listed(text, name);
}

/* sysctl kernel.modules_disabled, which stays until the next boot: then there is no module that a
 * question could load. */
static bool forbidden(void)
{
    cleanup_free char *text = NULL;

    return fs_read_at(AT_FDCWD, "/proc/sys/kernel/modules_disabled", 64, &text, NULL) == 0 &&
           *text == '1';
}

enum probe_module probe_module(const char *name)
{
    cleanup_free char *path = str_printf("/sys/module/%s", name);

    if ((path && access(path, F_OK) == 0) || is_listed("modules.builtin", name))
        return MODULE_THERE;
    return is_listed("modules.dep", name) && !forbidden() ? MODULE_LOADABLE : MODULE_NOT_KNOWN;
}
