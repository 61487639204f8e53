#include "base/jsonwrite.h"

#include <inttypes.h>

static void put_string(struct buf *out, const char *text)
{
    buf_putc(out, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_printf(out, "\\%c", *p);
        else if (*p < ' ')
            buf_printf(out, "\\u%04x", *p);
        else
            buf_putc(out, *p < 0x80 ? (char)*p : '?');
    }
    buf_putc(out, '"');
}

static void begin(struct json_writer *w, const char *name)
{
    if (w->more)
        buf_putc(w->out, ',');
    w->more = true;
    if (name) {
        put_string(w->out, name);
        buf_putc(w->out, ':');
    }
}

void json_open(struct json_writer *w, const char *name, char bracket)
{
    begin(w, name);
    buf_putc(w->out, bracket);
    w->more = false;
}

void json_close(struct json_writer *w, char bracket)
{
    buf_putc(w->out, bracket);
    w->more = true;
}

void json_put_u64(struct json_writer *w, const char *name, uint64_t value)
{
    begin(w, name);
    buf_printf(w->out, "%" PRIu64, value);
}

void json_put_i64(struct json_writer *w, const char *name, int64_t value)
{
    begin(w, name);
    buf_printf(w->out, "%" PRId64, value);
}

void json_put_nonzero(struct json_writer *w, const char *name, uint64_t value)
{
    if (value)
        json_put_u64(w, name, value);
}

void json_put_text(struct json_writer *w, const char *name, const char *text)
{
    begin(w, name);
    put_string(w->out, text);
}
