#include "shared/signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void signals_reset(void)
{
    /* All zero is the kernel's struct sigaction for SIG_DFL. Not sigaction(3): it keeps two signals
     * to itself, and posix_spawn(3) leaves these two ignored in what it starts. */
    const unsigned long dfl[8] = {0};
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        syscall(SYS_rt_sigaction, sig, dfl, NULL, NSIG / 8);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
