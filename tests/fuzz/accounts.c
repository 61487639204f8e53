/* SOURCES: initshim/user.c initshim/account.c initshim/failure.c initshim/text.c initshim/rootdir.c
 */
/*
 * The container's /etc/passwd and /etc/group. The input: who is looked for, one more group,
 * /etc/passwd, /etc/group.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "user.h"

static int file_of(struct fuzz_input *in)
{
    size_t len;
    cleanup_free char *text = fuzz_text(in, &len);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(write(fd, text, len) == (ssize_t)len);
    return fd;
}

/* Whether the file has a line that begins with "name:". */
static bool has_entry(int fd, const char *name)
{
    cleanup_fclose FILE *file = fdopen(dup(fd), "r");
    cleanup_free char *line = NULL;
    size_t size = 0, len = strlen(name);
    bool found = false;

    FUZZ_CHECK(file);
    rewind(file);
    while (getline(&line, &size, file) > 0)
        found = found || (strncmp(line, name, len) == 0 && line[len] == ':');
    return found;
}

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Digits are a number whatever the file says; a name is one of the file. */
static void check_user(const struct user *u, const char *spec, int passwd)
{
    cleanup_free char *name = strndup(spec, strcspn(spec, ":"));

    FUZZ_CHECK(name);
    FUZZ_CHECK(u->uid != UINT32_MAX && u->gid != UINT32_MAX);
    FUZZ_CHECK(u->n_groups >= 1 && u->n_groups <= USER_GROUPS);
    FUZZ_CHECK(memchr(u->name, '\0', sizeof(u->name)) && memchr(u->home, '\0', sizeof(u->home)));
    FUZZ_CHECK(*u->home);
    if (is_number(name))
        FUZZ_CHECK(u->uid == strtoull(name, NULL, 10));
    else if (*name)
        FUZZ_CHECK(has_entry(passwd, name));
    if (*u->name)
        FUZZ_CHECK(has_entry(passwd, u->name));
}

static void check_failure(const struct failure *f)
{
    FUZZ_CHECK(f->stage == STAGE_USER);
    FUZZ_CHECK(memchr(f->detail, '\0', sizeof(f->detail)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    cleanup_free char *spec = fuzz_text(&in, NULL), *more = fuzz_text(&in, NULL);
    cleanup_close int passwd = file_of(&in), group = file_of(&in);
    static struct user u;
    struct failure failure = {0};

    if (user_lookup(&u, spec, passwd, group, &failure) == 0)
        check_user(&u, spec, passwd);
    else
        check_failure(&failure);
    if (user_add_group(&u, more, group, &failure) == 0)
        FUZZ_CHECK(u.n_groups <= USER_GROUPS && (is_number(more) || has_entry(group, more)));
    else
        check_failure(&failure);
    user_set(&u, 7, 8, passwd);
    FUZZ_CHECK(u.uid == 7 && u.gid == 8);
    return 0;
}
