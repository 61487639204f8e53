/*
 * On x86: make every system call of a range of numbers, each in a process of its own, and print
 * what became of it. Static, for it runs in containers.
 *
 *     sweep FIRST LAST ABI...
 *
 * ABI is x86-64, i386 (int $0x80) or x32 (bit 30 is added to the numbers). Every argument is -1: no
 * address, no descriptor, no valid set of flags and no process, so that no call changes anything
 * but the process that makes it, if that. A line for each:
 *
 *     ABI NUMBER errno E    E is 0 when it succeeded
 *     ABI NUMBER signal S   what killed the process (sigreturn)
 *     ABI NUMBER exit       the process ended by the call
 *     ABI NUMBER hang       it sleeps, or did not return within the limit (pause)
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define X32_BIT 0x40000000L
#define LIMIT_MS 20000
#define STEP_MS 200
#define NOTHING INT32_MIN

enum abi { X86_64, I386, X32, ABIS };

static const char *const names[ABIS] = {"x86-64", "i386", "x32"};

static inline long __attribute__((always_inline)) call_wide(long number)
{
    register long r10 __asm__("r10") = -1, r8 __asm__("r8") = -1, r9 __asm__("r9") = -1;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(-1L), "S"(-1L), "d"(-1L), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* The sixth argument is whatever %ebp holds: calls that have one refuse the others first. */
static inline long __attribute__((always_inline)) call_narrow(long number)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L)
                     : "memory", "cc", "r8", "r9", "r10", "r11");
    return (int)result;
}

/* What fork and vfork return in a process of their own goes no further, and on the stack that
 * vfork shares nothing is called. */
static inline void __attribute__((always_inline)) end_copy(pid_t self)
{
    long pid;

    __asm__ volatile("syscall" : "=a"(pid) : "a"(SYS_getpid) : "rcx", "r11", "memory");
    if (pid != self)
        __asm__ volatile("syscall" ::"a"(SYS_exit_group), "D"(0) : "rcx", "r11", "memory");
}

static void child(enum abi abi, long number, volatile int *report)
{
    pid_t self = getpid();
    long result;

    if (abi == I386)
        result = call_narrow(number);
    else
        result = call_wide(number);
    end_copy(self);
    *report = result < 0 && result >= -4095 ? (int)-result : 0;
    _exit(0);
}

/* Sleeping until a signal comes, as pause(2) does. One that only waits for a processor is not. */
static bool sleeps(pid_t pid)
{
    char name[32], text[256] = "", *at;
    FILE *stat;

    snprintf(name, sizeof(name), "/proc/%d/stat", pid);
    stat = fopen(name, "re");
    if (!stat)
        return false;
    at = fgets(text, sizeof(text), stat) ? strrchr(text, ')') : NULL;
    fclose(stat);
    return at && strncmp(at, ") S", 3) == 0;
}

static int wait_for(pid_t pid, bool *hung)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
    struct pollfd end = {fd, POLLIN, 0};

    *hung = true;
    for (int i = 0; *hung && i < LIMIT_MS / STEP_MS; i++) {
        *hung = poll(&end, 1, STEP_MS) == 0;
        if (*hung && sleeps(pid))
            break;
    }
    if (*hung)
        kill(pid, SIGKILL);
    close(fd);
    waitpid(pid, &status, 0);
    return status;
}

/* Copies that a child made of itself have come to us. As long as one is there, kill(2) of all
 * processes finds somebody. */
static void reap_copies(void)
{
    pid_t pid = 0;

    for (int i = 0; pid >= 0 && i < LIMIT_MS; i++) {
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            continue;
        if (pid == 0)
            usleep(1000);
    }
}

static int try(enum abi abi, long number, volatile int *report)
{
    bool hung;
    int status;
    pid_t pid;

    *report = NOTHING;
    fflush(stdout);
    pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0)
        child(abi, number | (abi == X32 ? X32_BIT : 0), report);
    status = wait_for(pid, &hung);
    printf("%s %ld ", names[abi], number);
    if (*report != NOTHING)
        printf("errno %d\n", *report);
    else if (hung)
        puts("hang");
    else if (WIFSIGNALED(status))
        printf("signal %d\n", WTERMSIG(status));
    else
        puts("exit");
    reap_copies();
    return 0;
}

int main(int argc, char **argv)
{
    volatile int *report =
        mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    long first, last;

    if (argc < 4 || report == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return 2;
    first = strtol(argv[1], NULL, 10);
    last = strtol(argv[2], NULL, 10);
    for (int i = 3; i < argc; i++) {
        int abi = 0;

        while (abi < ABIS && strcmp(names[abi], argv[i]) != 0)
            abi++;
        if (abi == ABIS)
            return 2;
        for (long number = first; number <= last; number++)
            if (try((enum abi)abi, number, report) < 0)
                return 1;
    }
    return 0;
}
