#include "shared/record.h"

#include <string.h>

#include "base/protocol.h"

int record_open(struct record_reader *r, const void *data, size_t len)
{
    struct wire_header header;

    if (len < sizeof(header) || len > WIRE_MAX)
        return -1;
    memcpy(&header, data, sizeof(header));
    if (header.magic != WIRE_MAGIC || header.version != WIRE_VERSION)
        return -1;
    r->at = (const unsigned char *)data + sizeof(header);
    r->end = (const unsigned char *)data + len;
    return 0;
}

int record_next(struct record_reader *r, struct record *out)
{
    struct wire_record head;
    size_t left = (size_t)(r->end - r->at), padded;

    if (left == 0)
        return 0;
    if (left < sizeof(head))
        return -1;
    memcpy(&head, r->at, sizeof(head));
    left -= sizeof(head);
    padded = ((size_t)head.len + 7) & ~(size_t)7;
    if (padded > left)
        return -1;
    out->tag = head.tag;
    out->len = head.len;
    out->data = r->at + sizeof(head);
    r->at += sizeof(head) + padded;
    return 1;
}

const char *record_string(const struct record *rec)
{
    const char *text = rec->data;

    if (rec->len == 0 || memchr(text, '\0', rec->len) != text + rec->len - 1)
        return NULL;
    return text;
}

int record_value(const struct record *rec, void *out, size_t size)
{
    if (rec->len != size)
        return -1;
    memcpy(out, rec->data, size);
    return 0;
}
