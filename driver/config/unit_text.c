/*
 * A property's value as text: GVariant's text format (GLib's documentation, "GVariant Text
 * Format"), as far as a unit has properties for it: strings, booleans, numbers, arrays and tuples
 * of them, with or without a type in front ("uint64 3", "@as []").
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/unit.h"

#define DEPTH_MAX 8
#define TYPE_MAX 64
#define USEC_PER_SEC 1000000

struct reader {
    const char *at;
    struct unit_property *prop;
    int depth;
    struct lxcdriver_error **err;
};

static const struct {
    const char *word;
    char type;
} type_words[] = {
    {"boolean", 'b'}, {"byte", 'y'},   {"int16", 'n'},      {"uint16", 'q'},
    {"int32", 'i'},   {"uint32", 'u'}, {"int64", 'x'},      {"uint64", 't'},
    {"double", 'd'},  {"string", 's'}, {"objectpath", 'o'}, {"signature", 'g'},
};

static const struct {
    char type;
    int64_t min;
    uint64_t max;
} ranges[] = {
    {'y', 0, UINT8_MAX},         {'n', INT16_MIN, INT16_MAX}, {'q', 0, UINT16_MAX},
    {'i', INT32_MIN, INT32_MAX}, {'u', 0, UINT32_MAX},        {'x', INT64_MIN, INT64_MAX},
    {'t', 0, UINT64_MAX},
};

static int bad(const struct reader *r, const char *what)
{
    return err_set(r->err, "%s is expected at \"%.32s\"", what, r->at);
}

static void skip_space(struct reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static int step(const struct reader *r, char kind, const char *text, uint64_t number)
{
    return unit_step_add(r->prop, kind, text, number) < 0 ? err_nomem(r->err) : 0;
}

/* Where the first complete type of a signature ends; NULL when it is none that is read here. */
static const char *type_end(const char *type, int depth)
{
    if (depth > DEPTH_MAX || !*type)
        return NULL;
    if (*type == 'a')
        return type_end(type + 1, depth + 1);
    if (*type != '(')
        return strchr("bynqiuxtdsog", *type) ? type + 1 : NULL;
    for (type++; type && *type != ')';)
        type = type_end(type, depth + 1);
    return type ? type + 1 : NULL;
}

/* ---- strings ---- */

static const char *utf8(uint32_t c, char out[5])
{
    if (c < 0x80) {
        out[0] = (char)c;
        out[1] = '\0';
    } else if (c < 0x800) {
        memcpy(out, (char[]){(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)), 0}, 3);
    } else if (c < 0x10000) {
        memcpy(out,
               (char[]){(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)),
                        (char)(0x80 | (c & 0x3f)), 0},
               4);
    } else {
        memcpy(out,
               (char[]){(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)),
                        (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f)), 0},
               5);
    }
    return out;
}

/* "uXXXX", "UXXXXXXXX". Neither NUL nor half of a pair, which no string can have. */
static int read_code(struct reader *r, struct buf *out)
{
    int digits = *r->at == 'u' ? 4 : 8;
    uint32_t code = 0;
    char bytes[5];

    for (int i = 1; i <= digits; i++) {
        unsigned char c = (unsigned char)r->at[i];

        if (!isxdigit(c))
            return bad(r, "a character's number in hexadecimal");
        code = code << 4 | (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return bad(r, "the number of a character");
    r->at += digits + 1;
    buf_puts(out, utf8(code, bytes));
    return 0;
}

static int read_escape(struct reader *r, struct buf *out)
{
    static const char letters[] = "abfnrtv", meant[] = "\a\b\f\n\r\t\v";
    const char *found;

    if (*r->at == 'u' || *r->at == 'U')
        return read_code(r, out);
    if (!*r->at)
        return bad(r, "a closing quotation mark");
    found = strchr(letters, *r->at);
    buf_putc(out, found ? meant[found - letters] : *r->at);
    r->at++;
    return 0;
}

static int read_string(struct reader *r, char type)
{
    cleanup_buf struct buf text = {0};
    char quote = *r->at;

    if ((quote != '\'' && quote != '"') || !strchr("sog", type))
        return bad(r, "a value of the type");
    r->at++;
    buf_puts(&text, "");
    while (*r->at != quote) {
        if (!*r->at)
            return bad(r, "a closing quotation mark");
        if (*r->at != '\\') {
            buf_putc(&text, *r->at++);
            continue;
        }
        r->at++;
        if (read_escape(r, &text) < 0)
            return -1;
    }
    r->at++;
    return text.failed ? err_nomem(r->err) : step(r, type, text.data, 0);
}

/* ---- numbers ---- */

static size_t number_length(const char *at)
{
    return strspn(at, "+-.0123456789abcdefxABCDEFXeE");
}

static int read_double(struct reader *r)
{
    size_t len = number_length(r->at);
    cleanup_free char *text = strndup(r->at, len);
    uint64_t bits;
    double value;
    char *end;

    if (!text)
        return err_nomem(r->err);
    value = strtod(text, &end);
    if (!len || *end || !isfinite(value))
        return bad(r, "a number");
    r->at += len;
    memcpy(&bits, &value, sizeof(bits));
    return step(r, 'd', NULL, bits);
}

static bool in_range(char type, bool negative, uint64_t size)
{
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
        if (ranges[i].type == type)
            return negative ? size <= -(uint64_t)ranges[i].min : size <= ranges[i].max;
    return false;
}

static int read_integer(struct reader *r, char type)
{
    bool negative = *r->at == '-';
    const char *digits = r->at + (negative || *r->at == '+');
    size_t len = number_length(digits);
    uint64_t size;
    char *end;

    if (!isdigit((unsigned char)*digits))
        return bad(r, "a whole number");
    errno = 0;
    size = strtoull(digits, &end, 0);
    if (end != digits + len)
        return bad(r, "a whole number");
    if (errno || !in_range(type, negative, size))
        return bad(r, "a number that its type can hold");
    r->at = end;
    return step(r, type, NULL, negative ? -size : size);
}

static int read_boolean(struct reader *r)
{
    bool value = str_starts(r->at, "true");

    if (!value && !str_starts(r->at, "false"))
        return bad(r, "true or false");
    r->at += value ? 4 : 5;
    return step(r, 'b', NULL, value);
}

/* ---- values ---- */

static int read_value(struct reader *r, const char *wanted, char type[TYPE_MAX]);

/* `end`, or a comma with more behind it. 1 to go on, 0 at the end, -1. */
static int next_element(struct reader *r, char end, bool first)
{
    skip_space(r);
    if (*r->at == end) {
        r->at++;
        return 0;
    }
    if (first)
        return 1;
    if (*r->at != ',')
        return bad(r, "a comma");
    r->at++;
    skip_space(r);
    return 1;
}

/* An array's type is that of its first element, but for what is said in front. What begins it has
 * to say so before the element is read: it is filled in afterwards. */
static int read_array(struct reader *r, const char *wanted, char type[TYPE_MAX])
{
    char element[TYPE_MAX] = "";
    size_t begin = r->prop->n;
    int more;

    if (wanted && *wanted != 'a')
        return bad(r, "a value of the type");
    if (wanted)
        snprintf(element, sizeof(element), "%s", wanted + 1);
    r->at++;
    if (step(r, 'a', "", 0) < 0)
        return -1;
    for (bool first = true; (more = next_element(r, ']', first)) > 0; first = false) {
        char found[TYPE_MAX];

        if (read_value(r, *element ? element : NULL, found) < 0)
            return -1;
        if (!*element)
            snprintf(element, sizeof(element), "%s", found);
    }
    if (more < 0)
        return -1;
    if (!*element)
        return bad(r, "an array with a type or an element");
    if (snprintf(type, TYPE_MAX, "a%.*s", TYPE_MAX - 2, element) >= TYPE_MAX - 1)
        return bad(r, "a shorter type");
    if (str_set(&r->prop->steps[begin].text, element) < 0)
        return err_nomem(r->err);
    return step(r, ')', NULL, 0);
}

static int read_tuple(struct reader *r, const char *wanted, char type[TYPE_MAX])
{
    const char *rest = wanted ? wanted + 1 : NULL;
    size_t begin = r->prop->n, len = 0;
    char inner[TYPE_MAX] = "";
    int more;

    if (wanted && *wanted != '(')
        return bad(r, "a value of the type");
    r->at++;
    if (step(r, '(', "", 0) < 0)
        return -1;
    for (bool first = true; (more = next_element(r, ')', first)) > 0; first = false) {
        char one[TYPE_MAX] = "", found[TYPE_MAX];
        const char *end = rest ? type_end(rest, 0) : NULL;

        if (rest && (!end || *rest == ')'))
            return bad(r, "the end of the tuple");
        if (rest)
            memcpy(one, rest, (size_t)(end - rest));
        if (read_value(r, rest ? one : NULL, found) < 0)
            return -1;
        rest = end;
        if (len + strlen(found) >= sizeof(inner) - 2)
            return bad(r, "a shorter type");
        len += (size_t)snprintf(inner + len, sizeof(inner) - len, "%s", found);
    }
    if (more < 0)
        return -1;
    if (!*inner || (rest && *rest != ')'))
        return bad(r, "another element");
    snprintf(type, TYPE_MAX, "(%.*s)", TYPE_MAX - 3, inner);
    if (str_set(&r->prop->steps[begin].text, inner) < 0)
        return err_nomem(r->err);
    return step(r, ')', NULL, 0);
}

/* "uint64 ", "@as ": 1 when there was one, which is then in `type`. */
static int read_type(struct reader *r, char type[TYPE_MAX])
{
    size_t len = strspn(r->at, "abcdefghijklmnopqrstuvwxyz0123456789");
    const char *end;

    for (size_t i = 0; i < ARRAY_SIZE(type_words); i++)
        if (strlen(type_words[i].word) == len && strncmp(type_words[i].word, r->at, len) == 0) {
            r->at += len;
            skip_space(r);
            type[0] = type_words[i].type;
            type[1] = '\0';
            return 1;
        }
    if (*r->at != '@')
        return 0;
    len = strcspn(r->at + 1, " \t\n");
    end = type_end(r->at + 1, 0);
    if (len >= TYPE_MAX || end != r->at + 1 + len)
        return bad(r, "a type that properties have");
    snprintf(type, TYPE_MAX, "%.*s", (int)len, r->at + 1);
    r->at = end;
    skip_space(r);
    return 1;
}

/* What a value is by its looks. */
static char type_by_looks(const char *at)
{
    size_t len = number_length(at);

    if (*at == '\'' || *at == '"')
        return 's';
    if (str_starts(at, "true") || str_starts(at, "false"))
        return 'b';
    if (strncmp(at + strspn(at, "+-"), "0x", 2) != 0)
        for (size_t i = 0; i < len; i++)
            if (strchr(".eE", at[i]))
                return 'd';
    return 'i';
}

/* One value, of the type `wanted` unless that is NULL; its type. */
static int read_value(struct reader *r, const char *wanted, char type[TYPE_MAX])
{
    char said[TYPE_MAX], kind;
    int result;

    if (++r->depth > DEPTH_MAX)
        return bad(r, "a value that is less deep");
    skip_space(r);
    result = read_type(r, said);
    if (result < 0)
        return -1;
    if (result && wanted && strcmp(said, wanted) != 0)
        return bad(r, "a value of the type");
    wanted = result ? said : wanted;
    if (*r->at == '[') {
        result = read_array(r, wanted, type);
    } else if (*r->at == '(') {
        result = read_tuple(r, wanted, type);
    } else {
        kind = wanted ? *wanted : type_by_looks(r->at);
        type[0] = kind;
        type[1] = '\0';
        result = kind == 'd'               ? read_double(r)
                 : kind == 'b'             ? read_boolean(r)
                 : strchr("sog", kind)     ? read_string(r, kind)
                 : strchr("ynqiuxt", kind) ? read_integer(r, kind)
                                           : bad(r, "a value of the type");
    }
    r->depth--;
    return result;
}

/* ---- properties ---- */

/* As runc has it: letters alone, since every name that systemd has is so. */
static int check_name(const char *name, struct lxcdriver_error **err)
{
    size_t len = 0;

    while (isalpha((unsigned char)name[len]))
        len++;
    if (len < 3 || name[len])
        return err_set(err, "\"%s\" is not the name of a property", name);
    return 0;
}

/* Seconds of any number's type, as microseconds. */
static int to_microseconds(struct unit_property *prop, struct lxcdriver_error **err)
{
    struct unit_step *value = &prop->steps[0];
    bool is_signed = strchr("nix", value->kind);
    double seconds;

    if (prop->n != 1 || !strchr("ynqiuxtd", value->kind))
        return err_set(err, "a number of seconds is expected");
    if (value->kind == 'd')
        memcpy(&seconds, &value->number, sizeof(seconds));
    else
        seconds = is_signed ? (double)(int64_t)value->number : (double)value->number;
    if (seconds < 0 || seconds > (double)(INT64_MAX / USEC_PER_SEC))
        return err_set(err, "%.0f seconds are out of range", seconds);
    /* A double has not as many digits as a great number of seconds may need. */
    value->number =
        value->kind == 'd' ? (uint64_t)(seconds * USEC_PER_SEC) : value->number * USEC_PER_SEC;
    value->kind = 't';
    return str_set(&prop->signature, "t") < 0 ? err_nomem(err) : 0;
}

static bool in_seconds(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && str_ends(name, "Sec") && islower((unsigned char)name[len - 4]);
}

int unit_add_text(struct unit_properties *props, const char *name, const char *text,
                  struct lxcdriver_error **err)
{
    cleanup_free char *renamed = NULL;
    struct unit_property *prop;
    struct reader r = {.at = text, .err = err};
    char type[TYPE_MAX];

    if (check_name(name, err) < 0)
        return -1;
    renamed = in_seconds(name) ? str_printf("%.*sUSec", (int)strlen(name) - 3, name) : strdup(name);
    prop = renamed ? unit_property_add(props, renamed, "") : NULL;
    if (!prop)
        return err_nomem(err);
    r.prop = prop;
    if (read_value(&r, NULL, type) < 0)
        return -1;
    skip_space(&r);
    if (*r.at)
        return bad(&r, "the end of the value");
    if (str_set(&prop->signature, type) < 0)
        return err_nomem(err);
    return in_seconds(name) ? to_microseconds(prop, err) : 0;
}
