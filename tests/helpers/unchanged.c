#include "unchanged.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int count_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static int count_threads(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    int n = -1;

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "Threads: %d", &n) == 1)
            break;
    if (f)
        fclose(f);
    return n;
}

void take_state(struct process_state *s)
{
    memset(s, 0, sizeof(*s));
    for (int i = 1; i < NSIG; i++)
        sigaction(i, NULL, &s->actions[i]);
    sigprocmask(SIG_BLOCK, NULL, &s->mask);
    if (!getcwd(s->cwd, sizeof(s->cwd)))
        s->cwd[0] = '\0';
    s->umask = umask(0);
    umask(s->umask);
    s->fds = count_fds();
    s->threads = count_threads();
}

void compare_state(const struct process_state *before)
{
    struct process_state now;
    int handlers = 0;

    take_state(&now);
    for (int i = 1; i < NSIG; i++)
        handlers += now.actions[i].sa_handler != before->actions[i].sa_handler;
    printf(
        "changed: %d handlers, mask %s, directory %s, umask %s, %d descriptors, %d threads, %s\n",
        handlers, memcmp(&now.mask, &before->mask, sizeof(now.mask)) == 0 ? "same" : "other",
        strcmp(now.cwd, before->cwd) == 0 ? "same" : "other",
        now.umask == before->umask ? "same" : "other", now.fds - before->fds,
        now.threads - before->threads,
        waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "no child" : "a child");
}
