/*
 * exchange SECONDS A B: exchange two directory entries again and again, for that long at most: what
 * an attacker with a shared volume does while somebody looks a path up in it. At its end the two
 * are where they were.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t ended;

static void end(int sig)
{
    (void)sig;
    ended = 1;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = end};
    bool swapped = false;
    long seconds;
    time_t limit;

    if (argc != 4 || (seconds = strtol(argv[1], NULL, 10)) <= 0) {
        fprintf(stderr, "usage: exchange SECONDS A B\n");
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    limit = time(NULL) + seconds;
    /* Once more when they are swapped. */
    while (swapped || (!ended && time(NULL) < limit)) {
        if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE) < 0) {
            fprintf(stderr, "exchange: %s and %s: %s\n", argv[2], argv[3], strerror(errno));
            return 1;
        }
        swapped = !swapped;
    }
    return 0;
}
