/* The difference of two texts as diff(1) -u writes it, for patch(1) and people. */
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "runlxc/install.h"

#define CONTEXT 3
#define CELLS_MAX (1u << 22) /* of the table below */

struct line {
    const char *at;
    size_t len; /* with its newline, which the last one may lack: */
    bool open_end;
};

struct side {
    struct line *lines;
    size_t n;
};

/* What becomes of a line: ' ' stays, '-' goes, '+' comes. */
struct script {
    char *ops;
    size_t n;
};

static int split(const char *text, size_t len, struct side *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n' || i + 1 == len;
    out->lines = calloc(n + 1, sizeof(*out->lines));
    if (!out->lines)
        return -1;
    for (const char *at = text, *end = text + len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t size = newline ? (size_t)(newline - at) + 1 : (size_t)(end - at);

        out->lines[out->n++] = (struct line){at, size, !newline};
        at += size;
    }
    return 0;
}

static bool same(const struct line *a, const struct line *b)
{
    return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

static void repeat(struct script *s, char op, size_t n)
{
    memset(s->ops + s->n, op, n);
    s->n += n;
}

/* The longest common subsequence of a[0, n) and b[0, m): cell (i, j) is its length for what begins
 * at i and j. */
static void walk_table(const struct line *a, size_t n, const struct line *b, size_t m,
                       uint16_t *table, struct script *s)
{
    size_t width = m + 1, i = 0, j = 0;

    for (size_t row = n; row-- > 0;)
        for (size_t col = m; col-- > 0;) {
            uint16_t down = table[(row + 1) * width + col], right = table[row * width + col + 1];

            table[row * width + col] = same(&a[row], &b[col])
                                           ? (uint16_t)(table[(row + 1) * width + col + 1] + 1)
                                           : (down > right ? down : right);
        }
    while (i < n && j < m) {
        if (same(&a[i], &b[j])) {
            repeat(s, ' ', 1);
            i++;
            j++;
        } else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) {
            repeat(s, '-', 1);
            i++;
        } else {
            repeat(s, '+', 1);
            j++;
        }
    }
    repeat(s, '-', n - i);
    repeat(s, '+', m - j);
}

/* What both have at their beginning and end is not compared again; what is too large for a table
 * goes and comes as a whole. */
static int compare(const struct side *a, const struct side *b, struct script *s)
{
    size_t head = 0, tail = 0, n, m;
    cleanup_free uint16_t *table = NULL;

    while (head < a->n && head < b->n && same(&a->lines[head], &b->lines[head]))
        head++;
    while (tail < a->n - head && tail < b->n - head &&
           same(&a->lines[a->n - 1 - tail], &b->lines[b->n - 1 - tail]))
        tail++;
    n = a->n - head - tail;
    m = b->n - head - tail;
    s->ops = calloc(1, a->n + b->n + 1);
    if (!s->ops)
        return -1;
    repeat(s, ' ', head);
    if (n < UINT16_MAX && m < UINT16_MAX && (n + 1) * (m + 1) <= CELLS_MAX) {
        table = calloc((n + 1) * (m + 1), sizeof(*table));
        if (!table)
            return -1;
        walk_table(a->lines + head, n, b->lines + head, m, table, s);
    } else {
        repeat(s, '-', n);
        repeat(s, '+', m);
    }
    repeat(s, ' ', tail);
    return 0;
}

static void put_line(FILE *out, char op, const struct line *line)
{
    fputc(op, out);
    fwrite(line->at, 1, line->len, out);
    if (line->open_end)
        fputs("\n\\ No newline at end of file\n", out);
}

/* Where a hunk that begins at ops[from] ends: CONTEXT lines behind its last change. */
static size_t hunk_end(const struct script *s, size_t from)
{
    size_t last = from;

    for (size_t i = from; i < s->n && i <= last + 2 * (size_t)CONTEXT + 1; i++)
        if (s->ops[i] != ' ')
            last = i;
    return last + 1 + CONTEXT < s->n ? last + 1 + CONTEXT : s->n;
}

static size_t count(const struct script *s, size_t from, size_t to, char but)
{
    size_t n = 0;

    for (size_t i = from; i < to; i++)
        n += s->ops[i] != but;
    return n;
}

/* An empty side is counted from the line before, diff(1) has it so. */
static void put_hunk(FILE *out, const struct script *s, size_t from, size_t to,
                     const struct side *a, const struct side *b)
{
    size_t i = count(s, 0, from, '+'), j = count(s, 0, from, '-');
    size_t n = count(s, from, to, '+'), m = count(s, from, to, '-');

    fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", i + (n > 0), n, j + (m > 0), m);
    for (size_t at = from; at < to; at++) {
        put_line(out, s->ops[at], s->ops[at] == '+' ? &b->lines[j] : &a->lines[i]);
        i += s->ops[at] != '+';
        j += s->ops[at] != '-';
    }
}

static void put_script(FILE *out, const struct script *s, const struct side *a,
                       const struct side *b)
{
    size_t printed = 0;

    for (size_t at = 0; at < s->n;) {
        size_t from, to;

        if (s->ops[at] == ' ') {
            at++;
            continue;
        }
        from = at > printed + CONTEXT ? at - CONTEXT : printed;
        to = hunk_end(s, at);
        put_hunk(out, s, from, to, a, b);
        at = printed = to;
    }
}

int install_diff(FILE *out, const char *file, const char *before, size_t before_len,
                 const char *after, size_t after_len)
{
    struct side a = {0}, b = {0};
    struct script s = {0};
    int result = -1;

    if (split(before ? before : "", before_len, &a) == 0 &&
        split(after ? after : "", after_len, &b) == 0 && compare(&a, &b, &s) == 0) {
        fprintf(out, "--- %s\n+++ %s\n", before ? file : "/dev/null", after ? file : "/dev/null");
        put_script(out, &s, &a, &b);
        result = 0;
    }
    free(a.lines);
    free(b.lines);
    free(s.ops);
    return result;
}
