#include "text.h"

#include <string.h>

void text_init(struct text *t, char *data, size_t size)
{
    *t = (struct text){.data = data, .size = size};
    data[0] = '\0';
}

void text_put_bytes(struct text *t, const char *s, size_t len)
{
    size_t room = t->size - t->len - 1;

    if (len > room) {
        len = room;
        t->cut = true;
    }
    memcpy(t->data + t->len, s, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void text_put(struct text *t, const char *s)
{
    text_put_bytes(t, s, strlen(s));
}

void text_put_number(struct text *t, uint64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    text_put_bytes(t, digits + at, sizeof(digits) - at);
}

bool text_is_digits(const char *s, size_t len)
{
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

bool text_number(const char *s, size_t len, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    if (!text_is_digits(s, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(s[i] - '0');

        if (n > (max - digit) / 10 || digit > max)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}
