/* Writing record files: base/protocol.h. */
#include <string.h>

#include "run/run.h"

void record_begin(struct buf *out)
{
    const struct wire_header header = {WIRE_MAGIC, WIRE_VERSION};

    buf_append(out, &header, sizeof(header));
}

void record_add(struct buf *out, uint32_t tag, const void *data, size_t len)
{
    static const char zeros[8];
    const struct wire_record head = {tag, (uint32_t)len};

    if (len > WIRE_MAX) {
        out->failed = true;
        return;
    }
    buf_append(out, &head, sizeof(head));
    buf_append(out, data, len);
    buf_append(out, zeros, (8 - len % 8) % 8);
}

void record_add_string(struct buf *out, uint32_t tag, const char *text)
{
    record_add(out, tag, text, strlen(text) + 1);
}

void record_add_u64(struct buf *out, uint32_t tag, uint64_t value)
{
    record_add(out, tag, &value, sizeof(value));
}
