/* runlxc events: one JSON document a line. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/jsonwrite.h"
#include "runlxc/verb.h"

#define RECHECK_MS 50 /* after memory ran out: the kill is counted a little later */
#define RECHECKS 20

struct options {
    bool stats;
    const char *interval;
};

static const struct option_def options[] = {
    OPT_SWITCH(struct options, stats, "stats", 0, "print the numbers of this moment, and end"),
    OPT_TEXT(struct options, interval, "interval", 0, "TIME",
             "between two prints of the numbers: 500ms, 5s (default), 1m30s"),
};

struct watch {
    const struct context *ctx;
    const char *id;
    int pidfd, oom_fd;
    int64_t interval_ms, next_ms;
    uint64_t oom_kills;
    bool oom_seen;
    int rechecks;
};

/* Go's notation of a duration: numbers with units. A number alone is seconds. */
static int read_interval(const char *text, int64_t *ms, struct lxcdriver_error **err)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1},   {"us", 0.001}, {"ns", 0.000001},
                 {"s", 1000}, {"m", 60000},  {"h", 3600000}};
    double sum = 0;

    for (const char *p = text; *p;) {
        char *end;
        double number = strtod(p, &end), unit = *end || p != text ? 0 : 1000;
        size_t len = strspn(end, "hmnsu");

        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
            if (strlen(units[i].name) == len && strncmp(end, units[i].name, len) == 0)
                unit = units[i].ms;
        if (end == p || unit == 0 || number < 0)
            return err_set(err, "--interval: \"%s\" is not a time such as 500ms, 5s or 1m30s",
                           text);
        sum += number * unit;
        p = end + len;
    }
    if (!(sum >= 1 && sum <= INT32_MAX))
        return err_set(err, "--interval: \"%s\" is not between 1ms and 24 days", text);
    *ms = (int64_t)sum;
    return 0;
}

/* data: a JSON text; NULL: an event without. */
static int print_event(const char *type, const char *id, const char *data,
                       struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0};
    struct json_writer w = {.out = &text};

    json_open(&w, NULL, '{');
    json_put_text(&w, "type", type);
    json_put_text(&w, "id", id);
    if (data)
        buf_printf(&text, ",\"data\":%s", data);
    json_close(&w, '}');
    if (text.failed)
        return err_nomem(err);
    puts(text.data);
    return fflush(stdout) == 0 ? 0 : err_sys(err, errno, "write standard output");
}

static int print_stats(const struct context *ctx, const char *id, struct lxcdriver_error **err)
{
    cleanup_free char *data = lxcdriver_stats_json(ctx->drv, id, err);

    return data ? print_event("stats", id, data, err) : -1;
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static uint64_t count_kills(const struct watch *w)
{
    struct lxcdriver_stats stats;

    if (lxcdriver_get_stats(w->ctx->drv, w->id, &stats, NULL) < 0 ||
        stats.memory_oom_kills == LXCDRIVER_NO_VALUE)
        return w->oom_kills;
    return stats.memory_oom_kills;
}

static int look_for_oom(struct watch *w, struct lxcdriver_error **err)
{
    uint64_t kills = count_kills(w);

    if (kills == w->oom_kills)
        return 0;
    w->oom_kills = kills;
    w->oom_seen = true;
    w->rechecks = 0;
    return print_event("oom", w->id, NULL, err);
}

static int read_oom(struct watch *w, struct lxcdriver_error **err)
{
    char events[4096];

    /* A directory that is removed ends the descriptor's use. */
    if (read(w->oom_fd, events, sizeof(events)) <= 0 && errno != EAGAIN)
        close_fd(&w->oom_fd);
    w->rechecks = RECHECKS;
    return look_for_oom(w, err);
}

static bool has_ended(const struct watch *w)
{
    struct pollfd fd = {w->pidfd, POLLIN, 0};

    return poll(&fd, 1, 0) > 0;
}

/* 0, 1 when the container has ended instead, -1. */
static int print_next(struct watch *w, struct lxcdriver_error **err)
{
    w->next_ms += w->interval_ms;
    if (print_stats(w->ctx, w->id, err) == 0)
        return 0;
    if (!has_ended(w))
        return -1;
    err_free(err);
    return 1;
}

/* 1: the container has ended; 0; -1. */
static int wait_once(struct watch *w, struct lxcdriver_error **err)
{
    struct pollfd fds[] = {{w->pidfd, POLLIN, 0}, {w->oom_fd, POLLIN, 0}};
    int64_t wait_ms = w->next_ms - now_ms();

    if (w->rechecks > 0 && wait_ms > RECHECK_MS)
        wait_ms = RECHECK_MS;
    if (poll(fds, ARRAY_SIZE(fds), wait_ms > 0 ? (int)wait_ms : 0) < 0 && errno != EINTR)
        return err_sys(err, errno, "poll");
    if (fds[1].revents && read_oom(w, err) < 0)
        return -1;
    if (fds[0].revents)
        return 1;
    if (w->rechecks > 0) {
        w->rechecks--;
        if (look_for_oom(w, err) < 0)
            return -1;
    }
    return now_ms() < w->next_ms ? 0 : print_next(w, err);
}

/* The kill that ended the container may have been the only one; its cgroup is gone by now. */
static int print_last_oom(const struct watch *w, struct lxcdriver_error **err)
{
    struct lxcdriver_info info;
    bool killed;
    int status;

    if (w->oom_seen || lxcdriver_wait(w->ctx->drv, w->id, &status, NULL) < 0 ||
        lxcdriver_get_info(w->ctx->drv, w->id, &info, NULL) < 0)
        return 0;
    killed = info.oom_killed;
    lxcdriver_info_clear(&info);
    return killed ? print_event("oom", w->id, NULL, err) : 0;
}

/* The init's pidfd: read before and after, so that it is of the process that was meant. */
static int open_init(struct watch *w, struct lxcdriver_error **err)
{
    for (int i = 0; i < 2; i++) {
        struct lxcdriver_info info;
        pid_t pid;

        if (lxcdriver_get_info(w->ctx->drv, w->id, &info, err) < 0)
            return -1;
        pid = info.pid;
        lxcdriver_info_clear(&info);
        if (pid <= 0)
            return err_set(err, "container \"%s\" is not running", w->id);
        if (i == 0)
            w->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    }
    return w->pidfd < 0 ? err_sys(err, errno, "watch the container") : 0;
}

static int watch(struct watch *w, struct lxcdriver_error **err)
{
    int result;

    if (open_init(w, err) < 0)
        return -1;
    /* Without the memory controller there is nothing to hear. */
    w->oom_fd = lxcdriver_oom_fd(w->ctx->drv, w->id, NULL);
    w->oom_kills = count_kills(w);
    w->next_ms = now_ms() + w->interval_ms;
    do {
        result = wait_once(w, err);
    } while (result == 0);
    return result < 0 ? -1 : print_last_oom(w, err);
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    struct watch w = {.ctx = ctx, .id = args[0], .pidfd = -1, .oom_fd = -1};
    int result;

    if (read_interval(o->interval ? o->interval : "5s", &w.interval_ms, err) < 0)
        return -1;
    if (o->stats)
        return print_stats(ctx, args[0], err);
    result = watch(&w, err);
    close_fd(&w.pidfd);
    close_fd(&w.oom_fd);
    return result;
}

const struct verb verb_events = {
    .name = "events",
    .usage = "ID",
    .summary = "print numbers and out-of-memory events until a container ends",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
