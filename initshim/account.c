#include "account.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rootdir.h"
#include "text.h"

#define ID_MAX (UINT32_MAX - 1) /* (uid_t)-1 is no user */
#define PASSWD_FIELDS 7
#define PASSWD_NEEDED 6 /* the shell may be missing */
#define GROUP_FIELDS 4
#define GROUP_NEEDED 3 /* the members may be missing */

typedef bool (*line_fn)(char *line, void *arg);

/* Give the whole lines of buf[0..len) to fn, a NUL in place of each newline. Returns where the
 * unfinished rest begins. */
static size_t whole_lines(char *buf, size_t len, bool *skip, bool *stop, line_fn fn, void *arg)
{
    size_t at = 0;

    while (!*stop) {
        char *end = memchr(buf + at, '\n', len - at);
        size_t n;

        if (!end)
            break;
        *end = '\0';
        n = (size_t)(end - (buf + at));
        /* A NUL inside would hide the rest of the line from us, and nobody else. */
        if (!*skip && strlen(buf + at) == n)
            *stop = fn(buf + at, arg);
        *skip = false;
        at += n + 1;
    }
    return at;
}

static void each_line(int fd, line_fn fn, void *arg)
{
    static char buf[ACCOUNT_LINE_MAX + 1];
    size_t have = 0, total = 0, rest;
    bool skip = false, stop = false;

    while (fd >= 0 && !stop && total < ACCOUNT_FILE_MAX) {
        ssize_t n = pread(fd, buf + have, ACCOUNT_LINE_MAX - have, (off_t)total);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        total += (size_t)n;
        have += (size_t)n;
        rest = whole_lines(buf, have, &skip, &stop, fn, arg);
        have -= rest;
        memmove(buf, buf + rest, have);
        /* A line that fills the buffer is too long: what comes until its end is no line either. */
        if (have == ACCOUNT_LINE_MAX) {
            have = 0;
            skip = true;
        }
    }
    if (!stop && have && !skip && total < ACCOUNT_FILE_MAX) {
        buf[have] = '\n';
        whole_lines(buf, have + 1, &skip, &stop, fn, arg);
    }
}

/* Split at ':' in place; the last field takes the rest. Returns how many there are. */
static size_t split(char *line, char **fields, size_t max)
{
    size_t n = 0;

    while (n < max) {
        char *colon = strchr(line, ':');

        fields[n++] = line;
        if (!colon)
            break;
        *colon = '\0';
        line = colon + 1;
    }
    return n;
}

static bool valid_name(const char *name)
{
    return *name && *name != '#' && *name != '+' && *name != '-';
}

static bool field_id(const char *s, uint32_t *out)
{
    uint64_t n;

    if (!text_number(s, strlen(s), ID_MAX, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}

struct passwd_walk {
    passwd_fn fn;
    void *arg;
};

static bool passwd_line(char *line, void *arg)
{
    const struct passwd_walk *walk = arg;
    struct passwd_entry e;
    char *fields[PASSWD_FIELDS];

    if (split(line, fields, PASSWD_FIELDS) < PASSWD_NEEDED || !valid_name(fields[0]) ||
        !field_id(fields[2], &e.uid) || !field_id(fields[3], &e.gid))
        return false;
    e.name = fields[0];
    e.home = fields[5];
    return walk->fn(&e, walk->arg);
}

void account_passwd(int fd, passwd_fn fn, void *arg)
{
    struct passwd_walk walk = {fn, arg};

    each_line(fd, passwd_line, &walk);
}

struct group_walk {
    group_fn fn;
    void *arg;
};

static bool group_line(char *line, void *arg)
{
    const struct group_walk *walk = arg;
    struct group_entry e;
    char *fields[GROUP_FIELDS];
    size_t n = split(line, fields, GROUP_FIELDS);

    if (n < GROUP_NEEDED || !valid_name(fields[0]) || !field_id(fields[2], &e.gid))
        return false;
    e.name = fields[0];
    e.members = n == GROUP_FIELDS ? fields[3] : "";
    return walk->fn(&e, walk->arg);
}

void account_group(int fd, group_fn fn, void *arg)
{
    struct group_walk walk = {fn, arg};

    each_line(fd, group_line, &walk);
}

bool account_is_member(const char *members, const char *name)
{
    size_t len = strlen(name);

    while (len) {
        size_t n = strcspn(members, ",");

        if (n == len && memcmp(members, name, n) == 0)
            return true;
        if (!members[n])
            return false;
        members += n + 1;
    }
    return false;
}

int account_open(int root_fd, const char *path)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO put there would hold us until somebody opens its other end. */
    int fd = rootdir_openat(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}
