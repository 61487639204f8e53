#include "supervise/notice.h"

#include <stdio.h>
#include <string.h>

enum word { READY, RELOADING, STOPPING, WATCHDOG, WORDS };

static const char *const words[WORDS] = {
    [READY] = "READY=1",
    [RELOADING] = "RELOADING=1",
    [STOPPING] = "STOPPING=1",
    [WATCHDOG] = "WATCHDOG=1",
};

static const char status_word[] = "STATUS=";

struct said {
    bool words[WORDS];
    const char *status; /* NULL: none */
    size_t n_status;
};

static void take_line(const char *line, size_t len, struct said *said)
{
    const size_t prefix = sizeof(status_word) - 1;

    for (int i = 0; i < WORDS; i++)
        if (len == strlen(words[i]) && memcmp(line, words[i], len) == 0)
            said->words[i] = true;
    if (len >= prefix && memcmp(line, status_word, prefix) == 0) {
        said->status = line + prefix;
        said->n_status = len - prefix;
    }
}

/* Length of the character of UTF-8 that text[len] begins with, 0: it is none, or one that moves
 * something on a terminal. */
static size_t character(const unsigned char *text, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = text[0];
    size_t n = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : 2;
    uint32_t code;

    if (n == 1)
        return c >= 0x20 && c != 0x7f;
    if (c < 0xc2 || c >= 0xf5 || n > len)
        return 0;
    code = c & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    /* C1 controls; surrogates; marks and overrides of the writing direction. */
    if (code < least[n] || code < 0xa0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
        (code >= 0x200e && code < 0x2010) || (code >= 0x2028 && code < 0x202f) ||
        (code >= 0x2066 && code < 0x206a))
        return 0;
    return n;
}

static size_t add(char *out, size_t at, const char *text, size_t len)
{
    if (at)
        out[at++] = '\n';
    memcpy(out + at, text, len);
    return at + len;
}

static size_t add_status(char *out, size_t at, const struct said *said)
{
    const unsigned char *text = (const unsigned char *)said->status;
    size_t end;

    at = add(out, at, status_word, sizeof(status_word) - 1);
    end = at + NOTIFY_STATUS_MAX;
    for (size_t i = 0; i < said->n_status;) {
        size_t n = character(text + i, said->n_status - i);

        if (at + (n ? n : 1) > end)
            break;
        if (n)
            memcpy(out + at, text + i, n);
        else
            out[at] = '?';
        at += n ? n : 1;
        i += n ? n : 1;
    }
    return at;
}

size_t notice_filter(const char *in, size_t len, int64_t now_us, char out[NOTIFY_OUT_MAX],
                     bool *ready)
{
    struct said said = {0};
    size_t at = 0;

    for (size_t i = 0; i < len;) {
        const char *end = memchr(in + i, '\n', len - i);
        size_t n = end ? (size_t)(end - (in + i)) : len - i;

        take_line(in + i, n, &said);
        i += n + 1;
    }
    for (int i = 0; i < WORDS; i++)
        if (said.words[i])
            at = add(out, at, words[i], strlen(words[i]));
    if (said.words[RELOADING]) {
        char time[48];
        int n = snprintf(time, sizeof(time), "MONOTONIC_USEC=%lld", (long long)now_us);

        at = add(out, at, time, (size_t)n);
    }
    if (said.status)
        at = add_status(out, at, &said);
    *ready = said.words[READY];
    return at;
}

size_t notice_add_pid(char out[NOTIFY_OUT_MAX], size_t len, pid_t pid)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "MAINPID=%d", (int)pid);

    return add(out, len, text, (size_t)n);
}
