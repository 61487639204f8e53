#include "spec/readers.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},  {"CONT", SIGCONT}, {"FPE", SIGFPE},       {"HUP", SIGHUP},
    {"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},         {"IOT", SIGIOT},
    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},     {"PROF", SIGPROF},
    {"PWR", SIGPWR},   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

/*
 * "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n". The C library keeps the first two of the kernel's
 * real-time signals (32, 33) for itself; like it and Docker, RTMIN is 34.
 */
static int realtime(const char *name)
{
    bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
    int64_t offset = 0;

    if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
        return -1;
    name += 5;
    if (*name) {
        if (*name != (from_min ? '+' : '-') || name[1] == '-' ||
            !str_to_i64(name + 1, 0, SIGRTMAX - SIGRTMIN, &offset))
            return -1;
    }
    return from_min ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
}

int signal_from_name(const char *name, struct lxcdriver_error **err)
{
    const char *bare = strncasecmp(name, "SIG", 3) == 0 ? name + 3 : name;
    int64_t number;
    int found;

    if (str_to_i64(name, 1, SIGRTMAX, &number))
        return (int)number;
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        if (strcasecmp(bare, signals[i].name) == 0)
            return signals[i].number;
    found = realtime(bare);
    return found > 0 ? found : err_set(err, "\"%s\" is not a signal", name);
}
