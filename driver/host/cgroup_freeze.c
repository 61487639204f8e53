#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"

#define LIMIT_MS 10000
#define STATE_MAX 4096
#define FIRST_PAUSE_NS 20000
#define LONGEST_PAUSE_NS 10000000
/* So many looks at a v1 freezer that stays FREEZING before it is thawed for a moment: a task that
 * waits, not freezable, for one that is frozen already (vfork(2)) gets on then. */
#define LOOKS_BEFORE_THAW 100

/* ---- v1: freezer-subsystem.rst ---- */

static int v1_state(int dir, char **state)
{
    size_t len;

    if (fs_read_at(dir, "freezer.state", STATE_MAX, state, &len) < 0)
        return -1;
    if (len > 0 && (*state)[len - 1] == '\n')
        (*state)[len - 1] = '\0';
    return 0;
}

/* Write the state until it is reported: a write while tasks are forked can leave some of them
 * running, and the report stays FREEZING until the state is written again. 0, or -1 with errno
 * (ETIMEDOUT). */
static int v1_reach(int dir, const char *wanted)
{
    int64_t deadline = cgroup_now_ms() + LIMIT_MS;
    struct timespec pause = {.tv_nsec = FIRST_PAUSE_NS};

    for (int looks = 1;; looks++) {
        cleanup_free char *state = NULL;

        if (fs_write_existing(dir, "freezer.state", wanted) < 0 || v1_state(dir, &state) < 0)
            return -1;
        if (str_eq(state, wanted))
            return 0;
        if (cgroup_now_ms() >= deadline) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (looks % LOOKS_BEFORE_THAW == 0 && str_eq(state, "FREEZING") &&
            fs_write_existing(dir, "freezer.state", "THAWED") < 0)
            return -1;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec * 2 <= LONGEST_PAUSE_NS)
            pause.tv_nsec *= 2;
    }
}

/* A thawed cgroup below a frozen one stays frozen, for ever as far as this cgroup is concerned. */
static bool v1_parent_freezes(int dir)
{
    cleanup_free char *text = NULL;

    return fs_read_at(dir, "freezer.parent_freezing", STATE_MAX, &text, NULL) == 0 && *text == '1';
}

static int v1_freeze(int dir, const char *path, bool frozen, struct lxcdriver_error **err)
{
    int code;

    if (!frozen) {
        if (fs_write_existing(dir, "freezer.state", "THAWED") < 0)
            return err_sys(err, errno, "write THAWED to %s/freezer.state", path);
        if (v1_parent_freezes(dir))
            return err_set(err, "thaw %s: a cgroup above it is frozen", path);
    }
    if (v1_reach(dir, frozen ? "FROZEN" : "THAWED") == 0)
        return 0;
    code = errno;
    if (frozen)
        fs_write_existing(dir, "freezer.state", "THAWED");
    return err_sys(err, code, "%s %s", frozen ? "freeze" : "thaw", path);
}

/* ---- v2: cgroup-v2.rst, "cgroup.freeze" ---- */

/* The value of a word in cgroup.events, read from its start; -1 with errno when it cannot be read.
 */
static int event_value(int events, const char *word)
{
    char text[256], *at;
    ssize_t n = pread(events, text, sizeof(text) - 1, 0);

    if (n < 0)
        return -1;
    text[n] = '\0';
    at = strstr(text, word);
    if (!at) {
        errno = ENODATA;
        return -1;
    }
    return at[strlen(word)] == '1';
}

int cgroup_events_wait(int dir, const char *word, bool wanted, int limit_ms)
{
    cleanup_close int events = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
    int64_t deadline = cgroup_now_ms() + limit_ms;

    if (events < 0)
        return -1;
    for (;;) {
        struct pollfd changed = {.fd = events, .events = POLLPRI};
        int value = event_value(events, word);
        int64_t left = deadline - cgroup_now_ms();

        if (value < 0)
            return -1;
        if ((value == 1) == wanted)
            return 0;
        if (left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        /* The read above armed it: a change since then makes poll return at once. */
        if (poll(&changed, 1, (int)left) < 0 && errno != EINTR)
            return -1;
    }
}

static int v2_freeze(int dir, const char *path, bool frozen, struct lxcdriver_error **err)
{
    int code;

    if (fs_write_existing(dir, "cgroup.freeze", frozen ? "1" : "0") < 0)
        return err_sys(err, errno, "write %d to %s/cgroup.freeze", frozen, path);
    if (cgroup_events_wait(dir, "frozen ", frozen, LIMIT_MS) == 0)
        return 0;
    code = errno;
    if (frozen)
        fs_write_existing(dir, "cgroup.freeze", "0");
    return err_sys(err, code, "%s %s", frozen ? "freeze" : "thaw", path);
}

/* ---- either ---- */

int cgroup_freeze(const struct cgroup_dirs *dirs, bool frozen, struct lxcdriver_error **err)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, "freezer");
    const char *verb = frozen ? "freeze" : "thaw";
    cleanup_close int fd = -1;

    if (!dir)
        return err_set(err, "%s: this host has no freezer cgroup", verb);
    if (cgroup_path_is_root(dir->path))
        return err_set(err, "%s: %s is the root of its hierarchy", verb, dir->path);
    fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "%s %s", verb, dir->path);
    return dir->v2 ? v2_freeze(fd, dir->path, frozen, err) : v1_freeze(fd, dir->path, frozen, err);
}

int cgroup_is_frozen(const struct cgroup_dirs *dirs, bool *frozen)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, "freezer");
    cleanup_close int fd = -1;
    cleanup_free char *text = NULL;

    if (!dir) {
        errno = ENOENT;
        return -1;
    }
    fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (!dir->v2) {
        if (v1_state(fd, &text) < 0)
            return -1;
        *frozen = str_eq(text, "FROZEN");
        return 0;
    }
    if (fs_read_at(fd, "cgroup.events", STATE_MAX, &text, NULL) < 0)
        return -1;
    *frozen = strstr(text, "frozen 1") != NULL;
    return 0;
}
