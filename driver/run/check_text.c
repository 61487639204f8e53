/* What the check concludes from texts: no question to the host, so that it can be tested anywhere.
 */
#include <ctype.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "run/check.h"

/* ---- packages ---- */

static const struct {
    const char *id, *manager;
} distributions[] = {
    {"debian", "apt install"}, {"ubuntu", "apt install"},  {"fedora", "dnf install"},
    {"rhel", "dnf install"},   {"centos", "dnf install"},  {"alpine", "apk add"},
    {"arch", "pacman -S"},     {"suse", "zypper install"}, {"opensuse", "zypper install"},
    {"gentoo", "emerge"},
};

static const struct {
    const char *debian, *manager, *name;
} packages[] = {
    {"uidmap", "dnf install", "shadow-utils"},
    {"uidmap", "apk add", "shadow-uidmap"},
    {"uidmap", "pacman -S", "shadow"},
    {"uidmap", "zypper install", "shadow"},
    {"docker.io", "dnf install", "moby-engine"},
    {"docker.io", "apk add", "docker"},
    {"docker.io", "pacman -S", "docker"},
    {"docker.io", "zypper install", "docker"},
    {"apparmor", "dnf install", "apparmor-parser"},
    {"apparmor", "zypper install", "apparmor-parser"},
    {"busybox-static", "dnf install", "busybox"},
    {"busybox-static", "pacman -S", "busybox"},
};

/* ID names the distribution, ID_LIKE those that it comes from, the nearest first. */
static const char *manager_of(const char *value, size_t len)
{
    while (len > 0) {
        size_t skip = 0, word = 0;

        while (skip < len && strchr(" \"'", value[skip]))
            skip++;
        value += skip;
        len -= skip;
        while (word < len && !strchr(" \"'", value[word]))
            word++;
        for (size_t i = 0; i < ARRAY_SIZE(distributions); i++)
            if (strlen(distributions[i].id) == word &&
                memcmp(distributions[i].id, value, word) == 0)
                return distributions[i].manager;
        value += word;
        len -= word;
    }
    return NULL;
}

static const char *manager_by(const char *os_release, const char *key)
{
    size_t len = strlen(key);

    for (const char *line = os_release; *line;) {
        size_t end = strcspn(line, "\n");

        if (end > len && strncmp(line, key, len) == 0)
            return manager_of(line + len, end - len);
        line += end + (line[end] == '\n');
    }
    return NULL;
}

const char *check_package_manager(const char *os_release)
{
    const char *found = manager_by(os_release, "ID=");

    return found ? found : manager_by(os_release, "ID_LIKE=");
}

const char *check_package_name(const char *manager, const char *debian)
{
    for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
        if (str_eq(packages[i].debian, debian) && str_eq(packages[i].manager, manager))
            return packages[i].name;
    return debian;
}

/* ---- versions ---- */

/* Where "5.0" or "v5.0" begins; not in the middle of a word, as in "crc32.so". */
static char *find_version(char *text)
{
    for (char *at = text; *at; at++) {
        size_t digits = strspn(at, "0123456789");
        bool begins = at == text || !isalnum((unsigned char)at[-1]) ||
                      (at[-1] == 'v' && (at - 1 == text || !isalnum((unsigned char)at[-2])));

        if (digits > 0 && begins && at[digits] == '.' && isdigit((unsigned char)at[digits + 1]))
            return at;
        if (digits > 1)
            at += digits - 1;
    }
    return NULL;
}

bool check_version(const char *text, unsigned *major, unsigned *minor)
{
    const char *at = find_version((char *)(uintptr_t)text);
    char *end;

    if (!at)
        return false;
    *major = (unsigned)strtoul(at, &end, 10);
    *minor = (unsigned)strtoul(end + 1, NULL, 10);
    return true;
}

char *check_version_word(char *text)
{
    char *at = find_version(text);

    if (!at)
        return text + strlen(text);
    at[strcspn(at, " ,;\t\r\n")] = '\0';
    return at;
}

/* ---- files ---- */

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
#define OWN_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr elf_header;
#define OWN_CLASS ELFCLASS32
#endif
#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OWN_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OWN_MACHINE EM_S390
#elif defined(__arm__)
#define OWN_MACHINE EM_ARM
#elif defined(__i386__)
#define OWN_MACHINE EM_386
#else
#define OWN_MACHINE EM_NONE /* not compared */
#endif

/* Section headers come last in what the linkers write, and stay when a file is stripped. */
const char *check_elf(const void *data, size_t len, size_t size)
{
    elf_header h;

    if (len < sizeof(h))
        return size == 0 ? "is empty" : "is no program";
    memcpy(&h, data, sizeof(h));
    if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
        return "is no program";
    if (h.e_ident[EI_CLASS] != OWN_CLASS || (OWN_MACHINE != EM_NONE && h.e_machine != OWN_MACHINE))
        return "is for another machine";
    if (h.e_shoff > size || (size_t)h.e_shnum * h.e_shentsize > size - h.e_shoff)
        return "is cut off";
    return NULL;
}

/* ---- subuid(5) ---- */

/* One line, cut up; false when it gives nothing. */
static bool read_range(char *line, const char **who, uint64_t *first, uint64_t *n)
{
    const char *name = strsep(&line, ":"), *from = strsep(&line, ":");

    *who = name;
    return *name && *name != '#' && from && line && str_to_u64(from, 0, UINT32_MAX, first) &&
           str_to_u64(line, 1, UINT32_MAX, n);
}

size_t check_subids(const char *text, const char *name, unsigned uid)
{
    cleanup_free char *copy = strdup(text), *number = str_printf("%u", uid);
    char *rest = copy, *line;
    const char *who;
    uint64_t first, size;
    size_t n = 0;

    while (copy && number && (line = strsep(&rest, "\n")))
        if (read_range(line, &who, &first, &size) &&
            (!name || str_eq(who, name) || str_eq(who, number)))
            n++;
    return n;
}

uint64_t check_free_subids(const char *text, uint64_t first, uint64_t n)
{
    bool taken = true;

    while (taken && first + n - 1 < UINT32_MAX) {
        cleanup_free char *copy = strdup(text);
        char *rest = copy, *line;
        const char *who;
        uint64_t from, size;

        if (!copy)
            return 0;
        taken = false;
        while ((line = strsep(&rest, "\n")))
            if (read_range(line, &who, &from, &size) && from < first + n && first < from + size) {
                taken = true;
                first += (from + size - first + n - 1) / n * n;
            }
    }
    return taken ? 0 : first;
}
