/* The last lines of state.json: base/supervise.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define STATE_MAX (4 << 20)
#define TAIL_MAX 512

static int read_all(int fd, char *text, size_t size)
{
    size_t have = 0;
    ssize_t got;

    while (have < size && (got = read(fd, text + have, size - have)) > 0)
        have += (size_t)got;
    return have == size ? 0 : -1;
}

static int write_new(struct supervisor *s, const char *text, size_t len)
{
    int fd = openat(s->dir_fd, "state.json.new",
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t put;

    if (fd < 0)
        return -1;
    put = write(fd, text, len);
    close(fd);
    if (put == (ssize_t)len && renameat(s->dir_fd, "state.json.new", s->dir_fd, "state.json") == 0)
        return 0;
    unlinkat(s->dir_fd, "state.json.new", 0);
    return -1;
}

/*
 * On a full disk there is no second file, but the tail's few bytes have their room in a block that
 * is there. Not atomic; otherwise the container's status would be lost.
 */
static void write_in_place(const struct supervisor *s, const char *tail, size_t len, off_t at)
{
    int fd = openat(s->dir_fd, "state.json", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;
    if (pwrite(fd, tail, len, at) == (ssize_t)len && ftruncate(fd, at + (off_t)len) < 0)
        errno = 0; /* then a longer tail's end stays behind it */
    close(fd);
}

/* Where the tail begins: the last mark, since a string in JSON cannot hold a newline only the
 * driver's own lines match. */
static char *find_tail(char *text)
{
    char *found = NULL;

    for (char *at = text; (at = strstr(at, STATE_TAIL_MARK)); at++)
        found = at;
    return found;
}

/* The lines themselves, into TAIL_MAX bytes. Returns their length. */
static size_t print_tail(const struct supervisor *s, const char *status, char *tail)
{
    char code[16] = "null";
    int len;

    if (s->have_status)
        snprintf(code, sizeof(code), "%d",
                 WIFSIGNALED(s->status) ? 128 + WTERMSIG(s->status) : WEXITSTATUS(s->status));
    len = snprintf(tail, TAIL_MAX, STATE_TAIL_FORMAT, status, (long long)s->started_ns,
                   (long long)s->finished_ns, code, s->have_status ? s->status : -1,
                   s->oom_kills ? "true" : "false");
    return len > 0 && len < TAIL_MAX ? (size_t)len : 0;
}

void sup_state_write(struct supervisor *s, const char *status)
{
    int fd = openat(s->dir_fd, "state.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    char *text, *tail;

    if (fd < 0)
        return;
    if (fstat(fd, &st) < 0 || st.st_size > STATE_MAX ||
        !(text = malloc((size_t)st.st_size + TAIL_MAX))) {
        close(fd);
        return;
    }
    if (read_all(fd, text, (size_t)st.st_size) == 0) {
        text[st.st_size] = '\0';
        tail = find_tail(text);
        if (tail) {
            size_t len = print_tail(s, status, tail);

            if (write_new(s, text, (size_t)(tail - text) + len) < 0)
                write_in_place(s, tail, len, tail - text);
        }
    }
    free(text);
    close(fd);
}
