/* Values of TOML: strings of four kinds, scalars, arrays and inline tables. */
#include <ctype.h>
#include <pthread.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/toml.h"

#define SCALAR_MAX 128 /* bytes; a time with nanoseconds has 35 */

#define DIGITS "[0-9](_?[0-9])*"
#define WHOLE "(0|[1-9](_?[0-9])*)"
#define DATE "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
#define TIME "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?"
#define ZONE "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

static const char scalar_pattern[] =
    "^(true|false|[+-]?(inf|nan|" WHOLE "(\\." DIGITS ")?([eE][+-]?" DIGITS ")?)"
    "|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*"
    "|" DATE "([Tt ]" TIME ZONE "?)?|" TIME ")$";

/* Compiled once, by whichever thread comes first: that takes longer than to read a usual file. */
static regex_t scalar;
static bool scalar_compiled;

static void compile_scalar(void)
{
    scalar_compiled = regcomp(&scalar, scalar_pattern, REG_EXTENDED | REG_NOSUB) == 0;
}

/* NULL when memory ran out. */
static const regex_t *scalar_regex(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, compile_scalar);
    return scalar_compiled ? &scalar : NULL;
}

/* ---- strings ---- */

/* \uXXXX and \UXXXXXXXX, as UTF-8. */
static int read_code(struct toml_reader *r, size_t digits, struct buf *out)
{
    uint32_t code = 0;

    for (size_t i = 0; i < digits; i++) {
        unsigned char c = (unsigned char)r->text[r->at + i];

        if (!isxdigit(c))
            return toml_fail(r, "an escaped character has %zu hexadecimal digits", digits);
        code = code * 16 + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return toml_fail(r, "there is no character U+%04X", (unsigned)code);
    r->at += digits;
    if (code < 0x80) {
        buf_putc(out, (char)code);
        return 0;
    }
    if (code < 0x800) {
        buf_putc(out, (char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            buf_putc(out, (char)(0xe0 | code >> 12));
        } else {
            buf_putc(out, (char)(0xf0 | code >> 18));
            buf_putc(out, (char)(0x80 | (code >> 12 & 0x3f)));
        }
        buf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    buf_putc(out, (char)(0x80 | (code & 0x3f)));
    return 0;
}

/* A backslash at the end of a line takes white space away, newlines included. */
static bool skip_folded(struct toml_reader *r)
{
    size_t after = r->at + strspn(r->text + r->at, " \t");

    if (r->text[after] == '\r')
        after++;
    if (r->text[after] != '\n')
        return false;
    r->at = after + strspn(r->text + after, " \t\r\n");
    return true;
}

/* Behind a backslash. */
static int read_escape(struct toml_reader *r, bool several_lines, struct buf *out)
{
    static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
    const char *found;
    char c = r->text[r->at];

    if (several_lines && skip_folded(r))
        return 0;
    found = c ? strchr(names, c) : NULL;
    if (!found && c != 'u' && c != 'U')
        return toml_fail(r, "'\\' stands before what needs none, or before nothing");
    r->at++;
    if (!found)
        return read_code(r, c == 'u' ? 4 : 8, out);
    buf_putc(out, values[found - names]);
    return 0;
}

/* One character within a string. */
static int read_character(struct toml_reader *r, bool literal, bool several_lines, struct buf *out)
{
    unsigned char c = (unsigned char)r->text[r->at];
    bool newline = c == '\n' || (c == '\r' && r->text[r->at + 1] == '\n');

    if (c == '\0' || (newline && !several_lines))
        return toml_fail(r, "a string has no end");
    if (c == '\\' && !literal) {
        r->at++;
        return read_escape(r, several_lines, out);
    }
    if (((c < ' ' && c != '\t') || c == 0x7f) && !newline)
        return toml_fail(r, "a string has the control character 0x%02x", c);
    buf_putc(out, (char)c);
    r->at++;
    return 0;
}

/* The text, or NULL when it has a NUL. */
static int finish(const struct toml_reader *r, struct buf *text, char **out)
{
    bool nul = text->data && strlen(text->data) != text->len;

    *out = buf_take(text);
    if (!*out)
        return err_nomem(r->err);
    if (nul) {
        free(*out);
        *out = NULL;
    }
    return 0;
}

int toml_read_quoted(struct toml_reader *r, char **out)
{
    cleanup_buf struct buf text = {0};
    char quote = r->text[r->at++];

    while (r->text[r->at] != quote)
        if (read_character(r, quote == '\'', false, &text) < 0)
            return -1;
    r->at++;
    return finish(r, &text, out);
}

/* Between three quotes; a newline right behind the first three is none of it, and up to two quotes
 * may stand before the last three. */
static int read_lines(struct toml_reader *r, char **out)
{
    cleanup_buf struct buf text = {0};
    char quote = r->text[r->at];
    size_t n;

    r->at += 3;
    r->at += r->text[r->at] == '\r' && r->text[r->at + 1] == '\n';
    r->at += r->text[r->at] == '\n';
    for (;;) {
        for (n = 0; n < 5 && r->text[r->at + n] == quote; n++)
            ;
        if (n >= 3)
            break;
        if (n == 0 && read_character(r, quote == '\'', true, &text) < 0)
            return -1;
        buf_append(&text, r->text + r->at, n);
        r->at += n;
    }
    buf_append(&text, r->text + r->at, n - 3);
    r->at += n;
    return finish(r, &text, out);
}

/* ---- scalars ---- */

static int read_scalar(struct toml_reader *r)
{
    static const char letters[] =
        "+-.:_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *from = r->text + r->at;
    const regex_t *regex = scalar_regex();
    size_t len = strspn(from, letters);
    char token[SCALAR_MAX];

    /* A date and a time may have a space between them. */
    if (len == 10 && from[4] == '-' && from[len] == ' ' && isdigit((unsigned char)from[len + 1]))
        len += 1 + strspn(from + len + 1, letters);
    if (!regex)
        return err_nomem(r->err);
    if (len == 0)
        return toml_fail(r, "a value is missing");
    snprintf(token, sizeof(token), "%.*s", (int)(len < sizeof(token) ? len : sizeof(token) - 1),
             from);
    if (len >= sizeof(token) || regexec(regex, token, 0, NULL, 0) != 0)
        return toml_fail(r, "\"%s\" is no value", token);
    r->at += len;
    return 0;
}

/* ---- arrays and inline tables ---- */

static int read_array(struct toml_reader *r, struct toml_node *array, unsigned depth)
{
    r->at++;
    for (;;) {
        struct toml_node *element;

        if (toml_skip_lines(r) < 0)
            return -1;
        if (r->text[r->at] == ']')
            break;
        element = toml_add(r, array, TOML_SCALAR, "");
        if (!element || toml_read_value(r, element, depth) < 0 || toml_skip_lines(r) < 0)
            return -1;
        if (r->text[r->at] == ',')
            r->at++;
        else if (r->text[r->at] != ']')
            return toml_fail(r, "an array lacks ',' or ']'");
    }
    r->at++;
    return 0;
}

/* On one line, without a comma behind the last pair. */
static int read_inline(struct toml_reader *r, struct toml_node *table, unsigned depth)
{
    r->at++;
    toml_skip_blank(r);
    if (r->text[r->at] == '}') {
        r->at++;
        return 0;
    }
    for (;;) {
        toml_skip_blank(r);
        if (!toml_read_pair(r, table, depth))
            return -1;
        toml_skip_blank(r);
        if (r->text[r->at] != ',')
            break;
        r->at++;
    }
    if (r->text[r->at] != '}')
        return toml_fail(r, "an inline table lacks ',' or '}'");
    r->at++;
    return 0;
}

static int read_by_kind(struct toml_reader *r, struct toml_node *node, unsigned depth)
{
    char c = r->text[r->at];

    if (c == '[' || c == '{') {
        if (depth >= TOML_DEPTH_MAX)
            return toml_fail(r, "more than %d arrays and tables in one another", TOML_DEPTH_MAX);
        node->kind = c == '[' ? TOML_ARRAY : TOML_INLINE;
        return c == '[' ? read_array(r, node, depth + 1) : read_inline(r, node, depth + 1);
    }
    if (c != '"' && c != '\'')
        return read_scalar(r);
    node->kind = TOML_STRING;
    if (r->text[r->at + 1] == c && r->text[r->at + 2] == c)
        return read_lines(r, &node->string);
    return toml_read_quoted(r, &node->string);
}

int toml_read_value(struct toml_reader *r, struct toml_node *node, unsigned depth)
{
    node->value = r->at;
    if (read_by_kind(r, node, depth) < 0)
        return -1;
    node->end = r->at;
    return 0;
}

/* ---- writing ---- */

char *toml_quote(const char *text)
{
    struct buf out = {0};

    buf_putc(&out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(&out, '\\');
        buf_putc(&out, *text);
    }
    buf_putc(&out, '"');
    return buf_take(&out);
}

char *toml_key(const char *name)
{
    const char *c = name;

    while (isalnum((unsigned char)*c) || *c == '_' || *c == '-')
        c++;
    return *c || c == name ? toml_quote(name) : strdup(name);
}
