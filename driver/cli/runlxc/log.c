#include "runlxc/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/message.h"
#include "base/str.h"
#include "runlxc/verb.h"

static const char *const level_names[] = {"error", "warning", "info", "debug"};

/* Words for a level: ours, crun's, and all of the library's that runc logs by (logrus). */
static const struct {
    const char *word;
    enum log_level level;
} level_words[] = {
    {"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"info", LOG_INFO},    {"debug", LOG_DEBUG},
    {"panic", LOG_ERROR}, {"fatal", LOG_ERROR},     {"warn", LOG_WARNING}, {"trace", LOG_DEBUG},
};

static int find_level(const char *name, enum log_level *out, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(level_words); i++)
        if (strcasecmp(name, level_words[i].word) == 0) {
            *out = level_words[i].level;
            return 0;
        }
    return err_set(err, "--log-level: \"%s\" is not one of error, warning, info and debug", name);
}

int log_open(struct log *out, const char *path, const char *format, const char *level,
             struct lxcdriver_error **err)
{
    *out = (struct log){.fd = -1, .level = LOG_INFO};
    out->json = str_eq(format, "json");
    if (format && !out->json && strcmp(format, "text") != 0)
        return err_set(err, "--log-format: \"%s\" is neither text nor json", format);
    if (level && find_level(level, &out->level, err) < 0)
        return -1;
    if (!path || !*path)
        return 0;
    out->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return out->fd < 0 ? err_sys(err, errno, "--log: open %s", path) : 0;
}

void log_close(struct log *log)
{
    close_fd(&log->fd);
}

static void format_time(char *text, size_t size)
{
    time_t now = time(NULL);
    struct tm tm;

    if (!gmtime_r(&now, &tm) || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        *text = '\0';
}

static void put_json(struct buf *out, enum log_level level, const char *message)
{
    char now[64];
    json_t *line;
    cleanup_free char *dump = NULL;

    format_time(now, sizeof(now));
    line = json_pack("{s:s, s:s, s:s}", "level", level_names[level], "msg", message, "time", now);
    dump = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    buf_printf(out, "%s\n", dump ? dump : "{\"level\":\"error\",\"msg\":\"out of memory\"}");
}

/* key=value, as Go's logrus writes and tools for it read: the message quoted. */
static void put_text(struct buf *out, enum log_level level, const char *message)
{
    char now[64];

    format_time(now, sizeof(now));
    buf_printf(out, "time=\"%s\" level=%s msg=\"", now, level_names[level]);
    for (const char *p = message; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *p);
    }
    buf_puts(out, "\"\n");
}

static void put_plain(struct buf *out, enum log_level level, const char *message)
{
    buf_printf(out, PROGRAM ": %s%s%s\n", level == LOG_ERROR ? "" : level_names[level],
               level == LOG_ERROR ? "" : ": ", message);
}

/* A line is one write, so that those of several processes do not mix. Nobody is left to be told
 * that it failed. */
static void put(int fd, void (*format)(struct buf *, enum log_level, const char *),
                enum log_level level, const char *message)
{
    cleanup_buf struct buf line = {0};

    format(&line, level, message);
    if (!line.failed && fs_write_all(fd, line.data, line.len) < 0)
        return;
}

void log_line(const struct log *log, enum log_level level, const char *message)
{
    cleanup_buf struct buf clean = {0};

    if (level > log->level)
        return;
    message_escape(&clean, message, strlen(message));
    message = clean.failed ? "out of memory" : clean.data;
    if (log->fd >= 0)
        put(log->fd, log->json ? put_json : put_text, level, message);
    if (log->fd < 0)
        put(STDERR_FILENO, log->json ? put_json : put_plain, level, message);
    else if (level == LOG_ERROR)
        put(STDERR_FILENO, put_plain, level, message);
}

void log_printf(const struct log *log, enum log_level level, const char *fmt, ...)
{
    cleanup_buf struct buf text = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    if (!text.failed)
        log_line(log, level, text.data);
}
