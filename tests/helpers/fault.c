/*
 * One system call of one process made to fail, once.
 *
 *     fault [-t SECONDS] -o FILE [-f ROLE:CALL:N:ERROR] -- COMMAND [ARG...]
 *
 * Runs COMMAND and follows all that it starts, whoever their parents become. Without -f FILE gets a
 * line "ROLE CALL N PLACE" for each system call that each role made, in their order: the Nth CALL
 * of ROLE, and a number for the place in the program that it comes from, by way of which functions;
 * for the dynamic loader's calls "loader:PROGRAM" stands before it. With -f the Nth CALL of ROLE
 * does not happen and fails with ERROR, and FILE gets "hit ROLE CALL N", and "loader" behind it
 * when the call was the dynamic loader's. strace can do nearly that
 * (-e inject=CALL:error=ERROR:when=N), but counts in every process for itself, so that one run
 * fails in several places.
 *
 * A role is the program's name: lxc-start, lxc-launch, supervise, init, exec-init and hook-init for
 * the modes of the shim, of runlxc its verb; delete-force is `delete --force`, cleanup what a
 * supervisor becomes. A child that has not executed anything yet is its parent's role with a "+".
 * Any other program has no role and is only followed.
 *
 * close(2) is carried out nevertheless: whatever it returns the descriptor is gone, and a run in
 * which it is not would say nothing about a real kernel.
 *
 * The exit status is COMMAND's; 124 when all was not over in SECONDS (30), with a line "hang ROLE
 * CALL" in FILE for each process that was there; 123 when COMMAND left a process behind that does
 * not end within two seconds ("left ROLE CALL"). Whatever is left is killed. x86-64 only.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "place.h"
#include "trace.h"

#define ROLE_LEN 32
#define MAX_TRACEES 512
#define MAX_COUNTS 4096

struct tracee {
    pid_t pid;
    char role[ROLE_LEN]; /* "": none */
    char program[ROLE_LEN];
    bool held;         /* stopped before its parent's word about it came */
    bool fail_at_exit; /* in the call whose result is to be replaced */
};

struct count {
    char role[ROLE_LEN];
    long nr;
    unsigned n;
};

static const struct {
    const char *name;
    int number;
} errors[] = {
    {"ENOMEM", ENOMEM}, {"EIO", EIO}, {"EINTR", EINTR}, {"ENOSPC", ENOSPC}, {"EPERM", EPERM},
};

static struct tracee tracees[MAX_TRACEES];
static struct count counts[MAX_COUNTS];
static size_t n_counts;
static FILE *out;
static bool inject, done;
static char fail_role[ROLE_LEN];
static long fail_nr;
static unsigned fail_at;
static int fail_error;

static const char *call_name(long nr)
{
    static char text[64];
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)nr);

    if (name)
        snprintf(text, sizeof(text), "%s", name);
    else
        snprintf(text, sizeof(text), "%ld", nr);
    free(name);
    return text;
}

static struct tracee *find(pid_t pid)
{
    for (size_t i = 0; i < MAX_TRACEES; i++)
        if (tracees[i].pid == pid)
            return &tracees[i];
    return NULL;
}

static struct tracee *add(pid_t pid)
{
    struct tracee *t = find(0);

    if (t)
        *t = (struct tracee){.pid = pid};
    else
        trace_die("more processes than expected");
    return t;
}

/* The verb of a runlxc: the first word that is one. */
static const char *verb_of(const char *words, size_t len, bool below_supervisor)
{
    static const char *const verbs[] = {"create", "start", "exec",   "kill", "delete",
                                        "run",    "state", "update", "pause"};
    bool force = memmem(words, len, "--force", sizeof("--force")) != NULL;

    if (below_supervisor)
        return "cleanup";
    for (const char *at = words; at < words + len; at += strlen(at) + 1)
        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
            if (strcmp(at, verbs[i]) == 0)
                return force && strcmp(at, "delete") == 0 ? "delete-force" : verbs[i];
    return "runlxc";
}

static const char *mode_of(const char *words, size_t len)
{
    const char *word = words + strlen(words) + 1;

    if (word < words + len && strcmp(word, "exec") == 0)
        return "exec-init";
    return word < words + len && strcmp(word, "hook") == 0 ? "hook-init" : "init";
}

/* What a process is after its exec. */
static void set_role(struct tracee *t)
{
    char path[64], words[4096] = "", exe[4096] = "";
    const char *base = exe, *role = "";
    bool below_supervisor = strcmp(t->role, "supervise") == 0;
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)t->pid);
    len = readlink(path, exe, sizeof(exe) - 1);
    exe[len > 0 ? len : 0] = '\0';
    if (strrchr(exe, '/'))
        base = strrchr(exe, '/') + 1;
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)t->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd < 0 ? 0 : read(fd, words, sizeof(words) - 1);
    if (fd >= 0)
        close(fd);
    if (len < 0)
        len = 0;
    if (strcmp(base, "runlxc") == 0)
        role = verb_of(words, (size_t)len, below_supervisor);
    else if (strcmp(base, "runlxc-supervise") == 0)
        role = "supervise";
    else if (!*base || strcmp(base, "runlxc-init") == 0) /* executed from a mount of its own: "/" */
        role = mode_of(words, (size_t)len);
    else if (strcmp(base, "lxc-start") == 0 || strcmp(base, "lxc-launch") == 0)
        role = base;
    snprintf(t->role, sizeof(t->role), "%s", role);
    snprintf(t->program, sizeof(t->program), "%.*s", ROLE_LEN - 1, base);
}

static unsigned counted(const char *role, long nr)
{
    for (size_t i = 0; i < n_counts; i++)
        if (counts[i].nr == nr && strcmp(counts[i].role, role) == 0)
            return ++counts[i].n;
    if (n_counts == MAX_COUNTS)
        trace_die("more system calls than expected");
    counts[n_counts] = (struct count){.nr = nr, .n = 1};
    snprintf(counts[n_counts].role, ROLE_LEN, "%s", role);
    return counts[n_counts++].n;
}

static void resume(struct tracee *t, int sig)
{
    bool watched =
        t->fail_at_exit || (*t->role && !done && (!inject || strcmp(t->role, fail_role) == 0));

    ptrace(watched ? PTRACE_SYSCALL : PTRACE_CONT, t->pid, 0, sig);
}

static void set_result(struct tracee *t, bool entering)
{
    struct user_regs_struct regs;

    if (ptrace(PTRACE_GETREGS, t->pid, 0, &regs) < 0)
        return;
    if (entering)
        regs.orig_rax = (unsigned long long)-1;
    else
        regs.rax = (unsigned long long)-fail_error;
    ptrace(PTRACE_SETREGS, t->pid, 0, &regs);
}

static void put_call(const struct tracee *t, const struct __ptrace_syscall_info *info, unsigned n)
{
    fprintf(out, "%s %s %u ", t->role, call_name((long)info->entry.nr), n);
    if (place_in_loader(t->pid, info->instruction_pointer))
        fprintf(out, "loader:%s\n", t->program);
    else
        fprintf(out, "%lx\n", place_of(t->pid, info->stack_pointer));
}

static void on_syscall(struct tracee *t)
{
    struct __ptrace_syscall_info info;
    unsigned n;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) < 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && t->fail_at_exit) {
        t->fail_at_exit = false;
        set_result(t, false);
        return;
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY || done)
        return;
    n = counted(t->role, (long)info.entry.nr);
    if (!inject)
        put_call(t, &info, n);
    if (!inject || (long)info.entry.nr != fail_nr || n != fail_at)
        return;
    done = t->fail_at_exit = true;
    fprintf(out, "hit %s %s %u%s\n", t->role, call_name(fail_nr), n,
            place_in_loader(t->pid, info.instruction_pointer) ? " loader" : "");
    if (fail_nr != SYS_close)
        set_result(t, true);
}

/* A new process: its own first stop and its parent's word of it come in any order. */
static void on_child(const struct tracee *parent)
{
    unsigned long pid = 0;
    struct tracee *child;
    size_t len = strlen(parent->role);

    if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
        return;
    child = find((pid_t)pid);
    if (!child)
        child = add((pid_t)pid);
    memcpy(child->role, parent->role, len + 1);
    memcpy(child->program, parent->program, sizeof(child->program));
    if (len > 0 && parent->role[len - 1] != '+' && len + 1 < ROLE_LEN)
        memcpy(child->role + len, "+", 2);
    if (child->held) {
        child->held = false;
        resume(child, 0);
    }
}

static void on_stop(pid_t pid, int status)
{
    struct tracee *t = find(pid);
    int sig = WSTOPSIG(status), event = status >> 16;

    if (!t) {
        t = add(pid);
        t->held = true;
        return;
    }
    if (trace_group_stop(pid, status))
        return;
    if (sig == (SIGTRAP | 0x80)) {
        on_syscall(t);
        sig = 0;
    } else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
               event == PTRACE_EVENT_CLONE) {
        on_child(t);
        sig = 0;
    } else if (event == PTRACE_EVENT_EXEC) {
        set_role(t);
        sig = 0;
    } else if (event == PTRACE_EVENT_STOP) {
        sig = 0;
    }
    resume(t, sig);
}

/* What each process that is still there is doing; then none is. */
static void end_all(int code)
{
    for (size_t i = 0; i < MAX_TRACEES; i++) {
        char path[64], call[32] = "-1";
        FILE *file;

        if (!tracees[i].pid)
            continue;
        snprintf(path, sizeof(path), "/proc/%d/syscall", (int)tracees[i].pid);
        file = fopen(path, "re");
        if (file && !fgets(call, sizeof(call), file))
            snprintf(call, sizeof(call), "-1");
        if (file)
            fclose(file);
        fprintf(out, "%s %s %s\n", code == TRACE_HANG ? "hang" : "left",
                *tracees[i].role ? tracees[i].role : "another", call_name(strtol(call, NULL, 10)));
        kill(tracees[i].pid, SIGKILL);
    }
    while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
        ;
}

static void begun(pid_t pid)
{
    add(pid);
}

static void ended(pid_t pid)
{
    struct tracee *t = find(pid);

    if (t)
        *t = (struct tracee){0};
}

static void parse_failure(char *text)
{
    char *save = NULL, *role = strtok_r(text, ":", &save), *call = strtok_r(NULL, ":", &save);
    char *n = strtok_r(NULL, ":", &save), *error = strtok_r(NULL, ":", &save);

    for (size_t i = 0; error && i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strcmp(error, errors[i].name) == 0)
            fail_error = errors[i].number;
    if (!fail_error) {
        fprintf(stderr, "fault: -f ROLE:CALL:N:ERROR\n");
        exit(2);
    }
    snprintf(fail_role, sizeof(fail_role), "%s", role);
    fail_nr = seccomp_syscall_resolve_name(call);
    fail_at = (unsigned)strtoul(n, NULL, 10);
    inject = true;
}

int main(int argc, char **argv)
{
    const struct tracer tracer = {
        .begun = begun, .stopped = on_stop, .ended = ended, .over = end_all};
    const char *file = NULL;
    unsigned seconds = 30;
    int opt, code;

    while ((opt = getopt(argc, argv, "+t:o:f:")) != -1) {
        if (opt == 't')
            seconds = (unsigned)strtoul(optarg, NULL, 10);
        else if (opt == 'o')
            file = optarg;
        else if (opt == 'f')
            parse_failure(optarg);
        else
            return 2;
    }
    out = file ? fopen(file, "we") : NULL;
    if (!out || optind >= argc)
        trace_die("fault -o FILE -- COMMAND");
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    code = trace_run(&tracer, argv + optind, seconds);
    return fclose(out) == 0 ? code : 2;
}
