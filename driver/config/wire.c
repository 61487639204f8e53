#include "config/wire.h"

#include <inttypes.h>
#include <string.h>

void wire_header(struct buf *out)
{
    struct wire_header header = {.magic = WIRE_MAGIC, .version = WIRE_VERSION};

    buf_append(out, &header, sizeof(header));
}

static void begin(struct buf *out, enum wire_tag tag, size_t len)
{
    struct wire_record record = {.tag = tag, .len = (uint32_t)len};

    if (len > WIRE_MAX)
        out->failed = true;
    buf_append(out, &record, sizeof(record));
}

static void pad(struct buf *out, size_t len)
{
    static const char zero[8];

    buf_append(out, zero, (8 - len % 8) % 8);
}

void wire_bytes(struct buf *out, enum wire_tag tag, const void *data, size_t len)
{
    begin(out, tag, len);
    buf_append(out, data, len);
    pad(out, len);
}

void wire_struct(struct buf *out, enum wire_tag tag, const void *data, size_t len,
                 const char *const *strings, size_t n)
{
    size_t total = len;

    for (size_t i = 0; i < n; i++)
        total += strlen(strings[i]) + 1;
    begin(out, tag, total);
    buf_append(out, data, len);
    for (size_t i = 0; i < n; i++)
        buf_append(out, strings[i], strlen(strings[i]) + 1);
    pad(out, total);
}

void wire_string(struct buf *out, enum wire_tag tag, const char *text)
{
    if (text)
        wire_bytes(out, tag, text, strlen(text) + 1);
}

void wire_strings(struct buf *out, enum wire_tag tag, const struct strv *list)
{
    for (size_t i = 0; list && i < list->n; i++)
        wire_string(out, tag, list->items[i]);
}

void wire_u32(struct buf *out, enum wire_tag tag, uint32_t value)
{
    wire_bytes(out, tag, &value, sizeof(value));
}

void wire_u64(struct buf *out, enum wire_tag tag, uint64_t value)
{
    wire_bytes(out, tag, &value, sizeof(value));
}

int wire_check(const struct buf *out, struct lxcdriver_error **err)
{
    if (out->failed)
        return err_nomem(err);
    if (out->len > WIRE_MAX)
        return err_set(err,
                       "the process, its arguments and environment take %zu bytes, more than %u",
                       out->len, WIRE_MAX);
    return 0;
}
