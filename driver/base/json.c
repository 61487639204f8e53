#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/message.h"
#include "base/str.h"

/* A value is quoted in an error up to this many bytes. */
#define SHOWN_MAX 64

/*
 * jansson's integers end at INT64_MAX. A larger whole number is carried as a string that begins
 * with this mark; since a string with a NUL is refused by every getter, no document can pass one
 * for a text.
 */
static const char big_mark[] = {'\0', 'u', '6', '4', ':'};
static const char big_mark_json[] = "\"\\u0000u64:";

static const char *big_number(const json_t *value)
{
    const char *text;

    if (!json_is_string(value) || json_string_length(value) <= sizeof(big_mark))
        return NULL;
    text = json_string_value(value);
    return memcmp(text, big_mark, sizeof(big_mark)) == 0 ? text + sizeof(big_mark) : NULL;
}

static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p < end ? p + 1 : end;
}

static const char *skip_number(const char *p, const char *end)
{
    while (p < end && *p && strchr("+-.0123456789eE", *p))
        p++;
    return p;
}

/* Copy one number, marked when it needs all 64 bits; what exceeds those too stays for jansson to
 * refuse. */
static void copy_number(struct buf *out, const char *p, size_t len)
{
    char digits[24] = {0};
    uint64_t number;

    if (len < sizeof(digits)) {
        memcpy(digits, p, len);
        if (str_to_u64(digits, (uint64_t)INT64_MAX + 1, UINT64_MAX, &number)) {
            buf_printf(out, "%s%s\"", big_mark_json, digits);
            return;
        }
    }
    buf_append(out, p, len);
}

static void mark_big_numbers(const char *text, size_t len, struct buf *out)
{
    const char *end = text + len;

    for (const char *p = text, *next; p < end; p = next) {
        if (*p == '"') {
            next = skip_string(p, end);
            buf_append(out, p, (size_t)(next - p));
        } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
            next = skip_number(p, end);
            copy_number(out, p, (size_t)(next - p));
        } else {
            next = p + 1;
            buf_putc(out, *p);
        }
    }
}

json_t *json_parse(const char *text, size_t len, const char *what, struct lxcdriver_error **err)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    const char *nul = len ? memchr(text, '\0', len) : NULL;
    json_error_t failure;
    json_t *value;

    /* jansson passes over one that follows true, false, null or a number. */
    if (nul) {
        err_set(err, "%s: line %u: a NUL byte, which JSON does not have", what,
                str_line(text, (size_t)(nul - text)));
        return NULL;
    }
    value = json_loadb(text, len, flags, &failure);
    if (!value && json_error_code(&failure) == json_error_numeric_overflow) {
        cleanup_buf struct buf marked = {0};

        mark_big_numbers(text, len, &marked);
        if (marked.failed) {
            err_nomem(err);
            return NULL;
        }
        value = json_loadb(marked.data, marked.len, flags, &failure);
    }
    if (!value)
        err_set(err, "%s: line %d, column %d: %s", what, failure.line, failure.column,
                failure.text);
    return value;
}

struct json_at json_root(const json_t *value)
{
    return (struct json_at){.value = json_is_null(value) ? NULL : value};
}

struct json_at json_member(const struct json_at *at, const char *name)
{
    struct json_at member = json_root(json_object_get(at->value, name));

    /* A path that does not fit is cut: it only serves messages. */
    if (snprintf(member.path, sizeof(member.path), "%s%s%s", at->path, *at->path ? "." : "", name) <
        0)
        member.path[0] = '\0';
    return member;
}

struct json_at json_element(const struct json_at *at, size_t i)
{
    struct json_at element = json_root(json_array_get(at->value, i));

    if (snprintf(element.path, sizeof(element.path), "%s[%zu]", at->path, i) < 0)
        element.path[0] = '\0';
    return element;
}

bool json_present(const struct json_at *at)
{
    return at->value != NULL;
}

static const char *path_of(const struct json_at *at)
{
    return *at->path ? at->path : "the document";
}

/* The value as JSON on one line, cut at a character's border; NULL when memory ran out. */
static char *shown(const json_t *value)
{
    char *text = big_number(value)
                     ? strdup(big_number(value))
                     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

    if (text && strlen(text) > SHOWN_MAX)
        memcpy(text + SHOWN_MAX - 3, "...", sizeof("..."));
    return text;
}

int json_error(const struct json_at *at, struct lxcdriver_error **err, const char *fmt, ...)
{
    cleanup_buf struct buf text = {0};
    cleanup_free char *value = NULL;
    va_list ap;

    va_start(ap, fmt);
    message_vprintf(&text, fmt, ap);
    va_end(ap);
    if (text.failed)
        return err_nomem(err);
    if (!json_present(at))
        return err_set(err, "%s: %s", path_of(at), text.data);
    value = shown(at->value);
    return value ? err_set(err, "%s: %s, found %s", path_of(at), text.data, value) : err_nomem(err);
}

/* An error unless the value is there and has the right type. */
static int want(const struct json_at *at, bool right_type, const char *type,
                struct lxcdriver_error **err)
{
    if (!json_present(at))
        return json_error(at, err, "is missing");
    return right_type ? 0 : json_error(at, err, "expected %s", type);
}

int json_want_object(const struct json_at *at, struct lxcdriver_error **err)
{
    return want(at, json_is_object(at->value), "an object", err);
}

int json_want_array(const struct json_at *at, size_t *n, struct lxcdriver_error **err)
{
    if (want(at, json_is_array(at->value), "an array", err) < 0)
        return -1;
    *n = json_array_size(at->value);
    return 0;
}

int json_opt_object(const struct json_at *at, const char *name, struct json_at *out, bool *present,
                    struct lxcdriver_error **err)
{
    *out = json_member(at, name);
    *present = json_present(out);
    return *present ? json_want_object(out, err) : 0;
}

int json_opt_list(const struct json_at *at, const char *name, struct json_list *out,
                  struct lxcdriver_error **err)
{
    *out = (struct json_list){.at = json_member(at, name)};
    return json_present(&out->at) ? json_want_array(&out->at, &out->n, err) : 0;
}

bool json_list_next(struct json_list *list, struct json_at *element)
{
    if (list->next == list->n)
        return false;
    *element = json_element(&list->at, list->next++);
    return true;
}

static bool is_text(const json_t *value)
{
    return json_is_string(value) && !big_number(value);
}

static bool has_nul(const json_t *value)
{
    return memchr(json_string_value(value), '\0', json_string_length(value)) != NULL;
}

static int want_string(const struct json_at *at, struct lxcdriver_error **err)
{
    if (want(at, is_text(at->value), "a string", err) < 0)
        return -1;
    return has_nul(at->value) ? json_error(at, err, "a NUL character cannot be used") : 0;
}

int json_get_string(const struct json_at *at, char **out, struct lxcdriver_error **err)
{
    if (want_string(at, err) < 0)
        return -1;
    return str_set(out, json_string_value(at->value)) < 0 ? err_nomem(err) : 0;
}

int json_get_bool(const struct json_at *at, bool *out, struct lxcdriver_error **err)
{
    if (want(at, json_is_boolean(at->value), "true or false", err) < 0)
        return -1;
    *out = json_is_true(at->value);
    return 0;
}

static bool is_whole(const json_t *value)
{
    return json_is_integer(value) || big_number(value);
}

int json_get_int(const struct json_at *at, int64_t min, int64_t max, int64_t *out,
                 struct lxcdriver_error **err)
{
    const char *big = big_number(at->value);
    int64_t number;

    if (want(at, is_whole(at->value), "a whole number", err) < 0)
        return -1;
    if (big)
        return err_set(err, "%s: %s is not between %" PRId64 " and %" PRId64, path_of(at), big, min,
                       max);
    number = json_integer_value(at->value);
    if (number < min || number > max)
        return err_set(err, "%s: %" PRId64 " is not between %" PRId64 " and %" PRId64, path_of(at),
                       number, min, max);
    *out = number;
    return 0;
}

int json_get_u64(const struct json_at *at, uint64_t min, uint64_t max, uint64_t *out,
                 struct lxcdriver_error **err)
{
    const char *big = big_number(at->value);
    char digits[24] = {0};

    if (want(at, is_whole(at->value), "a whole number", err) < 0)
        return -1;
    if (!big) {
        snprintf(digits, sizeof(digits), "%" PRId64, (int64_t)json_integer_value(at->value));
        big = digits;
    }
    if (!str_to_u64(big, min, max, out))
        return err_set(err, "%s: %s is not between %" PRIu64 " and %" PRIu64, path_of(at), big, min,
                       max);
    return 0;
}

int json_get_strv(const struct json_at *at, struct strv *out, struct lxcdriver_error **err)
{
    size_t n;

    if (json_want_array(at, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(at->value, i);

        /* Lists are long (a seccomp profile has 450 names) and right: the path is made only for an
         * error. */
        if (!is_text(value) || has_nul(value)) {
            struct json_at element = json_element(at, i);

            return want_string(&element, err);
        }
        if (strv_add(out, json_string_value(value)) < 0)
            return err_nomem(err);
    }
    return 0;
}

int json_opt_string(const struct json_at *at, const char *name, char **out,
                    struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    return json_present(&member) ? json_get_string(&member, out, err) : 0;
}

int json_opt_bool(const struct json_at *at, const char *name, bool *out,
                  struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    return json_present(&member) ? json_get_bool(&member, out, err) : 0;
}

int json_opt_int(const struct json_at *at, const char *name, int64_t min, int64_t max, int64_t *out,
                 struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    return json_present(&member) ? json_get_int(&member, min, max, out, err) : 0;
}

int json_opt_u64(const struct json_at *at, const char *name, uint64_t min, uint64_t max,
                 uint64_t *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    return json_present(&member) ? json_get_u64(&member, min, max, out, err) : 0;
}

int json_opt_strv(const struct json_at *at, const char *name, struct strv *out,
                  struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    return json_present(&member) ? json_get_strv(&member, out, err) : 0;
}
