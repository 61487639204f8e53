#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz.h"

static char dir[PATH_MAX];

void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

unsigned int fuzz_byte(struct fuzz_input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

char *fuzz_text(struct fuzz_input *in, size_t *len)
{
    const uint8_t *end = in->left ? memchr(in->at, FUZZ_SEPARATOR, in->left) : NULL;
    size_t n = end ? (size_t)(end - in->at) : in->left;
    char *text = malloc(n + 1);

    FUZZ_CHECK(text);
    if (n)
        memcpy(text, in->at, n);
    text[n] = '\0';
    in->at += end ? n + 1 : n;
    in->left -= end ? n + 1 : n;
    if (len)
        *len = n;
    return text;
}

void *fuzz_copy(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);

    FUZZ_CHECK(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

void fuzz_refused(const struct lxcdriver_error *err)
{
    FUZZ_CHECK(err);
    FUZZ_CHECK(*err_message(err));
    for (const char *p = err_message(err); *p; p++)
        FUZZ_CHECK((unsigned char)*p >= ' ' && *p != 0x7f);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_dir(void)
{
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_dir(void)
{
    const char *parent = getenv("TMPDIR");

    if (*dir)
        return dir;
    snprintf(dir, sizeof(dir), "%s/fuzz.XXXXXX", parent ? parent : "/tmp");
    FUZZ_CHECK(mkdtemp(dir));
    FUZZ_CHECK(atexit(remove_dir) == 0);
    return dir;
}

void fuzz_write(const char *name, const void *data, size_t size)
{
    char path[2 * PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
    close(fd);
}
