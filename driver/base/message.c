#include "base/message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Of a long value. */
#define HEAD 384
#define TAIL (MESSAGE_VALUE_MAX - HEAD - 3)

/* C1 controls (U+0080 to U+009F) begin a terminal's sequences as ESC does. */
static bool is_control(const char *s, size_t len)
{
    unsigned char c = (unsigned char)*s;

    return c < ' ' || c == 0x7f || (len == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

static void put_byte(struct buf *out, unsigned char c)
{
    static const char letters[] = {['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r'};

    if (c < sizeof(letters) && letters[c])
        buf_printf(out, "\\%c", letters[c]);
    else
        buf_printf(out, "\\x%02x", c);
}

void message_escape(struct buf *out, const char *text, size_t len)
{
    size_t plain = 0, n;

    for (size_t at = 0; at < len; at += n) {
        n = utf8_length(text + at, len - at);
        if (n > 0 && !is_control(text + at, n))
            continue;
        buf_append(out, text + plain, at - plain);
        n = n > 0 ? n : 1;
        for (size_t i = 0; i < n; i++)
            put_byte(out, (unsigned char)text[at + i]);
        plain = at + n;
    }
    buf_append(out, text + plain, len - plain);
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void message_value(struct buf *out, const char *value, size_t len)
{
    size_t head = HEAD, tail = len - TAIL;

    if (len <= MESSAGE_VALUE_MAX) {
        message_escape(out, value, len);
        return;
    }
    /* To a character's beginning; what is no UTF-8 is cut anywhere. */
    for (int i = 0; i < 3 && continues(value[head]); i++)
        head--;
    for (int i = 0; i < 3 && continues(value[tail]); i++)
        tail++;
    message_escape(out, value, head);
    buf_puts(out, "...");
    message_escape(out, value + tail, len - tail);
}

/* ---- printf ---- */

/* A va_list in a structure can be handed on by address on every architecture. */
struct args {
    va_list ap;
};

struct conversion {
    bool zeros;
    int width;
    int precision; /* -1: none */
    char length;   /* as written; 'H' hh, 'L' ll, 0 none */
    char type;
};

static int read_number(const char **at, struct args *args)
{
    int number = 0;

    if (**at == '*') {
        ++*at;
        return va_arg(args->ap, int);
    }
    for (; **at >= '0' && **at <= '9' && number < 1000; ++*at)
        number = number * 10 + (**at - '0');
    return number;
}

/* What stands behind a '%'; *at is moved behind it. */
static struct conversion read_conversion(const char **at, struct args *args)
{
    struct conversion c = {.precision = -1};

    c.zeros = **at == '0';
    c.width = read_number(at, args);
    if (**at == '.') {
        ++*at;
        c.precision = read_number(at, args);
    }
    if (**at && strchr("hlzt", **at)) {
        c.length = *(*at)++;
        if (**at == c.length) {
            c.length = c.length == 'h' ? 'H' : 'L';
            ++*at;
        }
    }
    c.type = **at;
    if (c.type)
        ++*at;
    return c;
}

static intmax_t signed_arg(char length, struct args *args)
{
    switch (length) {
    case 'l':
        return va_arg(args->ap, long);
    case 'L':
        return va_arg(args->ap, long long);
    case 'z':
    case 't':
        return va_arg(args->ap, ptrdiff_t);
    default: /* promoted */
        return va_arg(args->ap, int);
    }
}

static uintmax_t unsigned_arg(char length, struct args *args)
{
    switch (length) {
    case 'l':
        return va_arg(args->ap, unsigned long);
    case 'L':
        return va_arg(args->ap, unsigned long long);
    case 'z':
    case 't':
        return va_arg(args->ap, size_t);
    default:
        return va_arg(args->ap, unsigned);
    }
}

static void put_string(struct buf *out, const struct conversion *c, const char *value)
{
    if (!value)
        value = "(null)";
    message_value(out, value,
                  c->precision < 0 ? strlen(value) : strnlen(value, (size_t)c->precision));
}

static void put_unsigned(struct buf *out, const struct conversion *c, uintmax_t number)
{
    char digits[32];

    switch (c->type) {
    case 'o':
        snprintf(digits, sizeof(digits), "%jo", number);
        break;
    case 'x':
        snprintf(digits, sizeof(digits), "%jx", number);
        break;
    case 'X':
        snprintf(digits, sizeof(digits), "%jX", number);
        break;
    default:
        snprintf(digits, sizeof(digits), "%ju", number);
    }
    for (int n = (int)strlen(digits); n < c->width; n++)
        buf_putc(out, c->zeros ? '0' : ' ');
    buf_puts(out, digits);
}

/* False: not one of those that are known here. */
static bool put_conversion(struct buf *out, const struct conversion *c, struct args *args)
{
    char byte;

    switch (c->type) {
    case '%':
        buf_putc(out, '%');
        return true;
    case 'c':
        byte = (char)va_arg(args->ap, int);
        message_escape(out, &byte, 1);
        return true;
    case 's':
        put_string(out, c, va_arg(args->ap, const char *));
        return true;
    case 'd':
    case 'i':
        buf_printf(out, c->zeros ? "%0*jd" : "%*jd", c->width, signed_arg(c->length, args));
        return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_unsigned(out, c, unsigned_arg(c->length, args));
        return true;
    case 'f':
        buf_printf(out, "%.*f", c->precision < 0 ? 6 : c->precision, va_arg(args->ap, double));
        return true;
    default:
        return false;
    }
}

void message_vprintf(struct buf *out, const char *fmt, va_list ap)
{
    struct args args;

    va_copy(args.ap, ap);
    while (*fmt) {
        size_t literal = strcspn(fmt, "%");
        const char *next = fmt + literal + 1;
        struct conversion c;

        buf_append(out, fmt, literal);
        fmt += literal;
        if (!*fmt)
            break;
        c = read_conversion(&next, &args);
        if (!put_conversion(out, &c, &args)) {
            buf_puts(out, fmt);
            break;
        }
        fmt = next;
    }
    va_end(args.ap);
}

char *message_printf(const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;

    va_start(ap, fmt);
    message_vprintf(&text, fmt, ap);
    va_end(ap);
    return buf_take(&text);
}
