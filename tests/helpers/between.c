/*
 * Exchange two directory entries between two system calls of whoever is looking at them: what a
 * race wins by luck happens here at every point in turn.
 *
 *     between [-t SECONDS] [-k POINT [-b]] -o FILE REGEX A B -- COMMAND [ARG...]
 *
 * Runs COMMAND and follows all that it starts, whoever their parents become. A point is a system
 * call that takes a path, one of which REGEX (extended) matches: as it stands, or behind what its
 * directory descriptor or working directory is called; with a "@" in front where the process has
 * another mount namespace than ours. Immediately before point POINT (1, 2, ...) is carried out, and
 * with everything else going on, A and B are exchanged, and again at the end; with -b already
 * before the next point. FILE gets a line "NUMBER PROGRAM PATH" a point, and "exchanged" before the
 * one with that number.
 *
 * The exit status is COMMAND's; 124 when all was not over in SECONDS (30), and 123 when COMMAND
 * left a process behind that does not end within two seconds. Whatever is left is killed. The
 * filter that stops the calls stays on what COMMAND starts. x86-64 only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace.h"

#define PATH_SIZE (2 * PATH_MAX)

/* Where a call has its paths: pairs of arguments, the directory's descriptor (or none) and the
 * path. */
#define NONE (-1)
struct call {
    int nr;
    int dir[2], path[2];
};

#define PLAIN(name)                                                                                \
    {                                                                                              \
        SCMP_SYS(name), {NONE, NONE},                                                              \
        {                                                                                          \
            0, NONE                                                                                \
        }                                                                                          \
    }
#define AT(name)                                                                                   \
    {                                                                                              \
        SCMP_SYS(name), {0, NONE},                                                                 \
        {                                                                                          \
            1, NONE                                                                                \
        }                                                                                          \
    }
static const struct call calls[] = {
    PLAIN(open),
    PLAIN(creat),
    PLAIN(stat),
    PLAIN(lstat),
    PLAIN(access),
    PLAIN(mkdir),
    PLAIN(rmdir),
    PLAIN(unlink),
    PLAIN(mknod),
    PLAIN(chmod),
    PLAIN(chown),
    PLAIN(lchown),
    PLAIN(readlink),
    PLAIN(chdir),
    PLAIN(chroot),
    PLAIN(umount2),
    PLAIN(statfs),
    PLAIN(truncate),
    AT(openat),
    AT(openat2),
    AT(newfstatat),
    AT(statx),
    AT(faccessat),
    AT(faccessat2),
    AT(mkdirat),
    AT(mknodat),
    AT(unlinkat),
    AT(fchmodat),
    AT(fchownat),
    AT(readlinkat),
    AT(open_tree),
    AT(mount_setattr),
    {SCMP_SYS(symlink), {NONE, NONE}, {1, NONE}},
    {SCMP_SYS(symlinkat), {1, NONE}, {2, NONE}},
    {SCMP_SYS(mount), {NONE, NONE}, {0, 1}},
    {SCMP_SYS(move_mount), {0, 2}, {1, 3}},
    {SCMP_SYS(rename), {NONE, NONE}, {0, 1}},
    {SCMP_SYS(renameat), {0, 2}, {1, 3}},
    {SCMP_SYS(renameat2), {0, 2}, {1, 3}},
    {SCMP_SYS(pivot_root), {NONE, NONE}, {0, 1}},
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static FILE *out;
static regex_t pattern;
static const char *one, *other;
static unsigned wanted, points;
static bool exchanged, brief;
static char our_namespace[64];

static void exchange(void)
{
    if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) < 0)
        trace_die("exchange");
    exchanged = !exchanged;
}

/* A link of the process's below /proc; "" when there is none. */
static void link_of(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    ssize_t len;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    len = readlink(path, text, size - 1);
    text[len > 0 ? len : 0] = '\0';
}

static bool string_at(pid_t pid, uint64_t address, char *text, size_t size)
{
    size_t done = 0;

    /* Page by page: what lies behind the string may not be there. */
    while (done < size) {
        size_t part = 4096 - (address + done) % 4096;
        struct iovec local = {text + done, part < size - done ? part : size - done};
        struct iovec remote = {(void *)(uintptr_t)(address + done), local.iov_len};
        ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

        if (got <= 0)
            return false;
        if (memchr(text + done, '\0', (size_t)got))
            return true;
        done += (size_t)got;
    }
    return false;
}

/* What the call calls the file, as seen from outside of it. */
static bool path_of(pid_t pid, const struct user_regs_struct *regs, const struct call *call, int i,
                    char text[PATH_SIZE])
{
    const unsigned long long args[] = {regs->rdi, regs->rsi, regs->rdx, regs->r10};
    char given[PATH_MAX], base[PATH_MAX] = "", name[32] = "cwd", *rest;

    if (call->path[i] == NONE || !string_at(pid, args[call->path[i]], given, sizeof(given)))
        return false;
    if (call->dir[i] != NONE && (int)args[call->dir[i]] >= 0)
        snprintf(name, sizeof(name), "fd/%d", (int)args[call->dir[i]]);
    if (strncmp(given, "/proc/self/fd/", 14) == 0) {
        snprintf(name, sizeof(name), "fd/%d", (int)strtol(given + 14, &rest, 10));
        memmove(given, rest, strlen(rest) + 1);
        link_of(pid, name, base, sizeof(base));
    } else if (given[0] != '/') {
        link_of(pid, name, base, sizeof(base));
    }
    snprintf(text, PATH_SIZE, "%s%s%s", base, *base && *given && *given != '/' ? "/" : "", given);
    return true;
}

/* A call that the filter has stopped, which is about to begin. */
static void on_call(pid_t pid)
{
    struct user_regs_struct regs;
    char path[PATH_SIZE + 1], namespace[64], program[PATH_MAX];
    const struct call *call = calls;

    if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
        return;
    while (call < calls + COUNT(calls) && call->nr != (int)regs.orig_rax)
        call++;
    if (call == calls + COUNT(calls))
        return;
    link_of(pid, "ns/mnt", namespace, sizeof(namespace));
    path[0] = '@';
    for (int i = 0; i < 2; i++) {
        const char *text = path + (strcmp(namespace, our_namespace) == 0);

        if (!path_of(pid, &regs, call, i, path + 1) || regexec(&pattern, text, 0, NULL, 0) != 0)
            continue;
        if (++points == wanted || (brief && exchanged)) {
            exchange();
            fputs(exchanged ? "exchanged\n" : "back\n", out);
        }
        link_of(pid, "exe", program, sizeof(program));
        fprintf(out, "%u %s %s\n", points, program, text);
        return;
    }
}

static void on_stop(pid_t pid, int status)
{
    int event = status >> 16;

    if (trace_group_stop(pid, status))
        return;
    if (event == PTRACE_EVENT_SECCOMP)
        on_call(pid);
    ptrace(PTRACE_CONT, pid, 0, event ? 0 : WSTOPSIG(status));
}

static void stop_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int rc = filter ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) : -ENOMEM;

    for (size_t i = 0; rc == 0 && i < COUNT(calls); i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_TRACE(0), calls[i].nr, 0);
    if (rc == 0)
        rc = seccomp_load(filter);
    if (rc < 0)
        _exit(2);
}

int main(int argc, char **argv)
{
    const struct tracer tracer = {
        .options = PTRACE_O_TRACESECCOMP, .child = stop_calls, .stopped = on_stop};
    const char *file = NULL;
    unsigned seconds = 30;
    int opt, code;

    while ((opt = getopt(argc, argv, "+t:k:bo:")) != -1) {
        if (opt == 't')
            seconds = (unsigned)strtoul(optarg, NULL, 10);
        else if (opt == 'k')
            wanted = (unsigned)strtoul(optarg, NULL, 10);
        else if (opt == 'b')
            brief = true;
        else if (opt == 'o')
            file = optarg;
        else
            return 2;
    }
    out = file ? fopen(file, "we") : NULL;
    if (!out || argc - optind < 5 || strcmp(argv[optind + 3], "--") != 0 ||
        regcomp(&pattern, argv[optind], REG_EXTENDED | REG_NOSUB) != 0) {
        fprintf(stderr,
                "usage: between [-t SECONDS] [-k POINT [-b]] -o FILE REGEX A B -- COMMAND...\n");
        return 2;
    }
    one = argv[optind + 1];
    other = argv[optind + 2];
    link_of(getpid(), "ns/mnt", our_namespace, sizeof(our_namespace));
    code = trace_run(&tracer, argv + optind + 4, seconds);
    if (exchanged)
        exchange();
    return fclose(out) == 0 ? code : 2;
}
