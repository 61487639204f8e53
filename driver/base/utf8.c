#include "base/utf8.h"

#include "base/cleanup.h"

/* RFC 3629, section 4: the second byte's range depends on the first, all others' is the same. */
static const struct {
    unsigned char from, to, second_from, second_to, length;
} forms[] = {
    {0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_length(const char *s, size_t len)
{
    const unsigned char *byte = (const unsigned char *)s;
    size_t i = 0;

    if (len == 0)
        return 0;
    while (i < ARRAY_SIZE(forms) && (*byte < forms[i].from || *byte > forms[i].to))
        i++;
    if (i == ARRAY_SIZE(forms) || forms[i].length > len)
        return 0;
    if (forms[i].length > 1 && (byte[1] < forms[i].second_from || byte[1] > forms[i].second_to))
        return 0;
    for (size_t k = 2; k < forms[i].length; k++)
        if ((byte[k] & 0xc0) != 0x80)
            return 0;
    return forms[i].length;
}
