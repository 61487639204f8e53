#include "host/cgroup_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "lxcdriver.h"

#define FILE_MAX ((size_t)1 << 20)
#define NS_PER_S UINT64_C(1000000000)

char *cgroup_file_text(int dir, const char *file)
{
    char *text = NULL;

    return fs_read_at(dir, file, FILE_MAX, &text, NULL) < 0 ? NULL : text;
}

uint64_t cgroup_file_number(int dir, const char *file)
{
    cleanup_free char *text = cgroup_file_text(dir, file);
    uint64_t value;

    if (!text)
        return LXCDRIVER_NO_VALUE;
    text[strcspn(text, "\n")] = '\0';
    return str_to_u64(text, 0, UINT64_MAX, &value) ? value : LXCDRIVER_NO_VALUE;
}

uint64_t cgroup_text_number(const char *text, const char *key)
{
    size_t len = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0 && line[len] == ' ' &&
            isdigit((unsigned char)line[len + 1]))
            return strtoull(line + len + 1, NULL, 10);
    }
    return LXCDRIVER_NO_VALUE;
}

uint64_t cgroup_ticks_ns(uint64_t ticks)
{
    long per_second = sysconf(_SC_CLK_TCK);

    if (per_second <= 0 || ticks == LXCDRIVER_NO_VALUE)
        return LXCDRIVER_NO_VALUE;
    return ticks * (NS_PER_S / (uint64_t)per_second);
}
