#include "spec/readers.h"

#include <ctype.h>
#include <string.h>

/* More digits than this behind the point say less than a byte of a pebibyte. */
#define FRACTION_DIGITS 15

/* log2 of the multiplier, or -1. */
static int shift_of(char unit)
{
    static const char units[] = "bkmgtp";
    const char *found = unit ? strchr(units, tolower((unsigned char)unit)) : NULL;

    return found ? (int)(found - units) * 10 : -1;
}

/* What may follow the digits: nothing, or a unit with "b" or "ib" behind it, in any case. */
static int suffix_shift(const char *suffix)
{
    int shift;

    if (!*suffix)
        return 0;
    shift = shift_of(*suffix++);
    if (shift > 0 && tolower((unsigned char)*suffix) == 'i')
        suffix++;
    if (shift > 0 && tolower((unsigned char)*suffix) == 'b')
        suffix++;
    return *suffix ? -1 : shift;
}

/* digits[.digits]: the whole part and the fraction in units of 10^-FRACTION_DIGITS; what follows,
 * or NULL. */
static const char *read_digits(const char *p, uint64_t *whole, uint64_t *fraction)
{
    uint64_t scale = 1;

    *whole = *fraction = 0;
    if (!isdigit((unsigned char)*p))
        return NULL;
    for (; isdigit((unsigned char)*p); p++)
        if (__builtin_mul_overflow(*whole, 10, whole) ||
            __builtin_add_overflow(*whole, (uint64_t)(*p - '0'), whole))
            return NULL;
    for (int i = 0; i < FRACTION_DIGITS; i++)
        scale *= 10;
    if (*p != '.')
        return p;
    if (!isdigit((unsigned char)*++p))
        return NULL;
    for (; isdigit((unsigned char)*p); p++) {
        scale /= 10;
        *fraction += (uint64_t)(*p - '0') * scale;
    }
    return p;
}

int units_bytes(const char *text, int64_t *bytes, struct lxcdriver_error **err)
{
    uint64_t whole, fraction;
    const char *suffix = read_digits(text, &whole, &fraction);
    int shift = suffix ? suffix_shift(*suffix == ' ' && suffix[1] ? suffix + 1 : suffix) : -1;
    int64_t value;

    if (shift < 0)
        return err_set(err, "\"%s\" is not a size: a number and b, k, m, g, t or p is expected",
                       text);
    if (whole > (uint64_t)INT64_MAX >> shift)
        return err_set(err, "\"%s\" is too large", text);
    value = (int64_t)(whole << shift);
    /* Below 2^50 * 10^15 / 10^15: exact enough in a double for what is cut to a byte anyway. */
    if (__builtin_add_overflow(value, (int64_t)((double)fraction / 1e15 * (double)(1LL << shift)),
                               &value))
        return err_set(err, "\"%s\" is too large", text);
    *bytes = value;
    return 0;
}
