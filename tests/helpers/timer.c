/*
 * How long commands take, side by side: each contender once, in turn, round after round, so that
 * what the machine does besides meets all of them alike.
 *
 *     timer [-n ROUNDS] [-j JOBS] [-l SECONDS] NAME[@PID] STEP... [/ NAME[@PID] STEP...]...
 *
 * A STEP is one argument:
 *
 *     WORD WORD...     a command, without a shell; single blanks between its words
 *     reaped FILE      until the process whose pid is in FILE has ended; it is a child of ours, for
 *                      we are the reaper of orphans
 *     - STEP           the same, its time not counted
 *
 * "@" in a step reads as an id of this contender, round and job. With JOBS, each step is started
 * that many times at once and lasts until the last of them has ended. @PID: the commands run in the
 * mount namespace of PID. What a contender leaves running is waited for before the next one's turn,
 * and not counted.
 *
 * The first round does not count. Prints for each contender
 *
 *     NAME MEDIAN MIN P90 RATIO
 *
 * in microseconds; RATIO is the median of the first contender's times divided by this one's of the
 * same round. A command that fails ends everything: status 1, with its output. So does a step that
 * takes longer than SECONDS (60).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTENDERS_MAX 8
#define JOBS_MAX 100
#define WORDS_MAX 64

struct contender {
    char *name;
    int mount_ns;
    char **steps;
    int n_steps;
    uint64_t *times;
};

/* One of those that run at once. */
struct job {
    char id[64];
    char *text; /* of the step */
    char *words[WORDS_MAX];
    pid_t pid;
};

extern char **environ;

static struct contender contenders[CONTENDERS_MAX];
static struct job jobs[JOBS_MAX];
static int n_contenders, rounds = 20, n_jobs = 1;
static unsigned int limit = 60;
static const char *turn = "arguments"; /* then the contender's name */
static volatile sig_atomic_t expired;
static int output; /* what the commands of this step print */

static _Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void die(const char *format, ...)
{
    char text[4096];
    ssize_t n = output > 0 ? pread(output, text, sizeof(text), 0) : 0;
    va_list args;

    va_start(args, format);
    fprintf(stderr, "timer: %s: ", turn);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    if (n > 0)
        fwrite(text, 1, (size_t)n, stderr);
    exit(1);
}

static void *must_alloc(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (!p)
        die("no memory");
    return p;
}

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- processes ---- */

static pid_t start(char **words)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, output, 2);
    errno = posix_spawnp(&pid, words[0], &actions, NULL, words, environ);
    if (errno)
        die("%s: %s", words[0], strerror(errno));
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* alarm() interrupts it. */
static int await(pid_t pid, const char *what)
{
    int status;

    if (waitpid(pid, &status, 0) > 0)
        return status;
    if (errno != EINTR)
        die("%s: process %d: %s", what, (int)pid, strerror(errno));
    kill(pid, SIGKILL);
    die("%s: not within %u seconds", what, limit);
}

static void await_file(const char *path)
{
    FILE *file = fopen(path, "re");
    int pid;

    if (!file || fscanf(file, "%d", &pid) != 1 || pid <= 0)
        die("%s: no pid", path);
    fclose(file);
    /* A runtime that detaches may leave its child, the container's parent, to end a moment later
     * than it does itself; until then the container is not ours. */
    while (waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) < 0 &&
           errno == ECHILD && kill(pid, 0) == 0 && !expired)
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    await(pid, path);
}

/* Whatever was left to us. */
static void await_orphans(void)
{
    alarm(limit);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    if (errno != ECHILD)
        die("leaves processes that do not end");
    alarm(0);
}

/* ---- steps ---- */

/* With each "@" replaced; heap. */
static char *fill_in(const char *step, const char *id)
{
    size_t places = 1;
    char *text, *end;

    for (const char *p = step; *p; p++)
        places += *p == '@';
    end = text = must_alloc(1, strlen(step) + places * strlen(id));
    for (const char *p = step; *p; p++) {
        if (*p == '@')
            end = stpcpy(end, id);
        else
            *end++ = *p;
    }
    return text;
}

/* Cuts the text up. The words are valid as long as it is. */
static void split(char *text, char **words)
{
    int n = 0;

    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        if (n == WORDS_MAX - 1)
            die("a step has more than %d words", WORDS_MAX - 1);
        words[n++] = word;
    }
    if (n == 0)
        die("an empty step");
    words[n] = NULL;
}

/* Prepared beforehand, so that only starting and waiting is measured. */
static uint64_t run_step(const char *step)
{
    uint64_t begin, us;

    for (int i = 0; i < n_jobs; i++) {
        jobs[i].text = fill_in(step, jobs[i].id);
        split(jobs[i].text, jobs[i].words);
    }
    if (ftruncate(output, 0) < 0)
        die("ftruncate: %s", strerror(errno));
    alarm(limit);
    begin = now_us();
    for (int i = 0; i < n_jobs; i++) {
        if (strcmp(jobs[i].words[0], "reaped") != 0)
            jobs[i].pid = start(jobs[i].words);
        else
            jobs[i].pid = 0;
    }
    for (int i = 0; i < n_jobs; i++) {
        int status = 0;

        if (jobs[i].pid)
            status = await(jobs[i].pid, step);
        else if (jobs[i].words[1])
            await_file(jobs[i].words[1]);
        if (status)
            die("%s: wait status 0x%x", step, (unsigned int)status);
    }
    us = now_us() - begin;
    alarm(0);
    for (int i = 0; i < n_jobs; i++)
        free(jobs[i].text);
    return us;
}

static uint64_t run_contender(const struct contender *c, int round)
{
    uint64_t sum = 0;

    turn = c->name;
    for (int i = 0; i < n_jobs; i++)
        snprintf(jobs[i].id, sizeof(jobs[i].id), "%.40s-%d-%d", c->name, round, i);
    /* Ours is one thread, and posix_spawn's child inherits the namespace: no command has to be
     * started through another that enters it. */
    if (setns(c->mount_ns, CLONE_NEWNS) < 0)
        die("setns: %s", strerror(errno));
    for (int i = 0; i < c->n_steps; i++) {
        bool counted = strncmp(c->steps[i], "- ", 2) != 0;
        uint64_t us = run_step(c->steps[i] + (counted ? 0 : 2));

        sum += counted ? us : 0;
    }
    await_orphans();
    return sum;
}

/* ---- results ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const double *sorted)
{
    return (sorted[(rounds - 1) / 2] + sorted[rounds / 2]) / 2;
}

static void report(const struct contender *c)
{
    double *times = must_alloc((size_t)rounds, sizeof(*times));
    double *ratios = must_alloc((size_t)rounds, sizeof(*ratios));

    for (int i = 0; i < rounds; i++) {
        times[i] = (double)c->times[i];
        ratios[i] = (double)contenders[0].times[i] / times[i];
    }
    qsort(times, (size_t)rounds, sizeof(*times), compare);
    qsort(ratios, (size_t)rounds, sizeof(*ratios), compare);
    printf("%s %.0f %.0f %.0f %.3f\n", c->name, median(times), times[0],
           times[(rounds * 9 - 1) / 10], median(ratios));
    free(ratios);
    free(times);
}

/* ---- arguments ---- */

static int number(const char *text, int max)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*end || n < 1 || n > max)
        die("%s: a number from 1 to %d", text, max);
    return (int)n;
}

static void open_mount_ns(struct contender *c)
{
    char path[64], *pid = strchr(c->name, '@');

    if (pid)
        *pid++ = '\0';
    snprintf(path, sizeof(path), "/proc/%.20s/ns/mnt", pid ? pid : "self");
    c->mount_ns = open(path, O_RDONLY | O_CLOEXEC);
    if (c->mount_ns < 0)
        die("%s: %s", path, strerror(errno));
}

static void read_arguments(int argc, char **argv)
{
    int opt;

    while ((opt = getopt(argc, argv, "+n:j:l:")) != -1) {
        if (opt == 'n')
            rounds = number(optarg, 1000000);
        else if (opt == 'j')
            n_jobs = number(optarg, JOBS_MAX);
        else if (opt == 'l')
            limit = (unsigned int)number(optarg, 3600);
        else
            exit(2);
    }
    for (int i = optind; i < argc; i++) {
        struct contender *c = &contenders[n_contenders];

        if (n_contenders++ == CONTENDERS_MAX)
            die("more than %d contenders", CONTENDERS_MAX);
        c->name = argv[i];
        c->steps = &argv[i + 1];
        while (++i < argc && strcmp(argv[i], "/") != 0)
            c->n_steps++;
        if (c->n_steps == 0)
            die("%s: no step", c->name);
        open_mount_ns(c);
        c->times = must_alloc((size_t)rounds, sizeof(*c->times));
    }
}

static void on_alarm(int sig)
{
    expired = sig;
}

int main(int argc, char **argv)
{
    struct sigaction interrupt = {.sa_handler = on_alarm};

    read_arguments(argc, argv);
    output = memfd_create("output", MFD_CLOEXEC);
    if (output < 0 || fcntl(output, F_SETFL, O_APPEND) < 0)
        die("memfd: %s", strerror(errno));
    /* Without SA_RESTART: waitpid() returns. */
    sigaction(SIGALRM, &interrupt, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int round = -1; round < rounds; round++) {
        for (int i = 0; i < n_contenders; i++) {
            uint64_t us = run_contender(&contenders[i], round + 1);

            if (round >= 0)
                contenders[i].times[round] = us;
        }
    }
    for (int i = 0; i < n_contenders; i++)
        report(&contenders[i]);
    return 0;
}
