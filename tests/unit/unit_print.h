/* Properties of a unit as text, one a line: "NAME SIGNATURE VALUE", arrays in brackets, structures
 * in parentheses. */
#ifndef RUNLXC_TEST_UNIT_PRINT_H
#define RUNLXC_TEST_UNIT_PRINT_H

#include <inttypes.h>
#include <string.h>

#include "config/unit.h"

static inline void print_step(struct buf *out, const struct unit_step *step)
{
    double real;

    memcpy(&real, &step->number, sizeof(real));
    if (strchr("sog", step->kind))
        buf_printf(out, " \"%s\"", step->text);
    else if (step->kind == 'd')
        buf_printf(out, " %g", real);
    else if (step->kind == 'b')
        buf_puts(out, step->number ? " true" : " false");
    else if (strchr("nix", step->kind))
        buf_printf(out, " %" PRId64, (int64_t)step->number);
    else
        buf_printf(out, " %" PRIu64, step->number);
}

/* `ends` remembers what ends each of the open ones. */
static inline void print_value(struct buf *out, const struct unit_property *prop)
{
    char ends[32] = {0};
    size_t depth = 0;

    for (size_t i = 0; i < prop->n; i++) {
        const struct unit_step *step = &prop->steps[i];

        if (step->kind == 'a' || step->kind == '(') {
            buf_printf(out, " %s:%c", step->text, step->kind == 'a' ? '[' : '(');
            ends[depth++] = step->kind == 'a' ? ']' : ')';
        } else if (step->kind == ')' && depth > 0) {
            buf_printf(out, " %c", ends[--depth]);
        } else {
            print_step(out, step);
        }
    }
}

static inline char *print_properties(const struct unit_properties *props)
{
    struct buf out = {0};

    buf_puts(&out, "");
    for (size_t i = 0; i < props->n; i++) {
        buf_printf(&out, "%s %s", props->items[i].name, props->items[i].signature);
        print_value(&out, &props->items[i]);
        buf_putc(&out, '\n');
    }
    return buf_take(&out);
}

#endif
