#include "common/user.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "base/str.h"

#define SUBIDS_MAX (1 << 20)
#define RANGES_MAX 32 /* newuidmap takes as many as the kernel, 340; nobody has so many */

extern char **environ;

struct ids {
    struct {
        uint32_t first, size;
    } ranges[RANGES_MAX];
    size_t n;
};

/* ---- who the user is ---- */

static int number_of(const char *text, uint32_t *out)
{
    uint64_t value;

    if (!str_to_u64(text, 0, UINT32_MAX, &value))
        return -1;
    *out = (uint32_t)value;
    return 0;
}

/* "name:first:size" or "uid:first:size"; whoever else's is passed over. */
static void take_line(char *line, const char *name, const char *uid, struct ids *out)
{
    char *save = NULL, *who = strtok_r(line, ":", &save), *first = strtok_r(NULL, ":", &save);
    const char *size = strtok_r(NULL, ":", &save);

    if (!size || out->n == RANGES_MAX || (!str_eq(who, name) && !str_eq(who, uid)))
        return;
    if (number_of(first, &out->ranges[out->n].first) == 0 &&
        number_of(size, &out->ranges[out->n].size) == 0 && out->ranges[out->n].size > 0)
        out->n++;
}

static int read_subids(const char *file, const char *name, struct ids *out,
                       struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL, *uid = str_printf("%u", (unsigned)getuid());
    char *save = NULL;

    *out = (struct ids){0};
    if (!uid)
        return err_nomem(err);
    if (fs_read_at(AT_FDCWD, file, SUBIDS_MAX, &text, NULL) < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "read %s", file);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        take_line(line, name, uid, out);
    return 0;
}

/* ---- id maps ---- */

static void add_argument(struct strv *argv, uint32_t number)
{
    (void)strv_take(argv, str_printf("%" PRIu32, number));
}

/* newuidmap PID 0 OWN 1 [1 FIRST SIZE]... */
static int map_arguments(const char *program, pid_t pid, uint32_t own, const struct ids *ids,
                         struct strv *argv)
{
    uint32_t inside = 1;

    (void)strv_add(argv, program);
    add_argument(argv, (uint32_t)pid);
    add_argument(argv, 0);
    add_argument(argv, own);
    add_argument(argv, 1);
    for (size_t i = 0; i < ids->n; i++) {
        add_argument(argv, inside);
        add_argument(argv, ids->ranges[i].first);
        add_argument(argv, ids->ranges[i].size);
        inside += ids->ranges[i].size;
    }
    return argv->n == 5 + 3 * ids->n ? 0 : -1;
}

/* In a child that stays in the host's user namespace: what the program has against it, it says on
 * standard error. 0, or what to exit with. */
static int run_mapper(const char *program, pid_t pid, uint32_t own, const struct ids *ids)
{
    struct strv argv = {0};
    int status = -1;
    pid_t child;

    if (map_arguments(program, pid, own, ids, &argv) < 0)
        return 1;
    if (posix_spawnp(&child, program, NULL, NULL, argv.items, environ) != 0)
        return 127;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? 0 : 1;
}

static int write_single(const char *file, unsigned id, struct lxcdriver_error **err)
{
    cleanup_free char *line = str_printf("0 %u 1", id);

    if (!line)
        return err_nomem(err);
    return fs_write_existing(AT_FDCWD, file, line) < 0 ? err_sys(err, errno, "write %s", file) : 0;
}

/* user_namespaces(7): without privilege a group is mapped only once setgroups(2) is given up. */
static int map_single(uid_t uid, gid_t gid, struct lxcdriver_error **err)
{
    if (fs_write_existing(AT_FDCWD, "/proc/self/setgroups", "deny") < 0)
        return err_sys(err, errno, "write /proc/self/setgroups");
    return write_single("/proc/self/uid_map", uid, err) < 0
               ? -1
               : write_single("/proc/self/gid_map", gid, err);
}

static int make_namespaces(uid_t uid, struct lxcdriver_error **err)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
        return 0;
    return err_sys(err, errno, "user %u cannot make a user namespace here", (unsigned)uid);
}

struct mapper {
    pid_t pid;
    int go; /* closed: the namespace is there */
};

/* The child that maps our ids from outside: it is made before we go in. */
static int start_mapper(const struct ids *uids, const struct ids *gids, struct mapper *out,
                        struct lxcdriver_error **err)
{
    pid_t self = getpid();
    int pair[2], code;
    char byte;

    if (pipe2(pair, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    out->pid = fork();
    if (out->pid == 0) {
        close(pair[1]);
        if (read(pair[0], &byte, 1) != 1)
            _exit(0);
        code = run_mapper("newuidmap", self, getuid(), uids);
        if (code == 0)
            code = run_mapper("newgidmap", self, getgid(), gids);
        _exit(code);
    }
    close(pair[0]);
    out->go = pair[1];
    if (out->pid < 0)
        close_fd(&out->go);
    return out->pid < 0 ? err_sys(err, errno, "fork") : 0;
}

static int end_mapper(struct mapper *m, bool made, struct lxcdriver_error **err)
{
    int status = -1;

    if (made && write(m->go, "", 1) < 0)
        return err_sys(err, errno, "talk to a child");
    close_fd(&m->go);
    while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!made)
        return -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return err_set(err, "newuidmap and newgidmap are missing: they give a user the ids of "
                            "/etc/subuid and /etc/subgid");
    return status == 0 ? 0
                       : err_set(err, "newuidmap or newgidmap refused the ids of /etc/subuid and "
                                      "/etc/subgid");
}

static int enter_new(struct lxcdriver_error **err)
{
    const struct passwd *pw = getpwuid(getuid());
    const char *name = pw ? pw->pw_name : "";
    uid_t uid = getuid();
    gid_t gid = getgid();
    struct ids uids, gids;
    struct mapper mapper;
    bool made;

    if (read_subids("/etc/subuid", name, &uids, err) < 0 ||
        read_subids("/etc/subgid", name, &gids, err) < 0)
        return -1;
    if (uids.n == 0 || gids.n == 0)
        return make_namespaces(uid, err) < 0 ? -1 : map_single(uid, gid, err);
    if (start_mapper(&uids, &gids, &mapper, err) < 0)
        return -1;
    made = make_namespaces(uid, err) == 0;
    return end_mapper(&mapper, made, err);
}

/* ---- a namespace that there is ---- */

/*
 * The user namespace of the supervisor of the container that a word names ("ID", "container:ID");
 * -1 when it names none. A supervisor that has ended may have given its number to another process:
 * of that only a namespace of this user's can be entered, which is as good as a new one.
 */
static int open_namespace(const char *root, const char *word)
{
    const char *colon = strrchr(word, ':'), *id = colon ? colon + 1 : word;
    cleanup_free char *file = str_printf("%s/%s/state.json", root, id), *path = NULL;
    json_t *state = file && !strchr(id, '/') && *id != '.' ? json_load_file(file, 0, NULL) : NULL;
    pid_t pid = (pid_t)json_integer_value(json_object_get(state, "supervisorPid"));

    json_decref(state);
    path = pid > 1 ? str_printf("/proc/%d/ns/user", (int)pid) : NULL;
    return path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* 1 when it was entered, 0 when there is none. */
static int enter_existing(const char *root, char *const *words, struct lxcdriver_error **err)
{
    for (size_t i = 0; words && words[i]; i++) {
        cleanup_close int ns = open_namespace(root, words[i]);

        if (ns < 0 || setns(ns, CLONE_NEWUSER) < 0)
            continue;
        return unshare(CLONE_NEWNS) < 0 ? err_sys(err, errno, "make a mount namespace") : 1;
    }
    return 0;
}

/* As root of a namespace we would be taken for the host's otherwise. */
static int keep_directories(const char *root, struct lxcdriver_error **err)
{
    cleanup_free char *runtime = strdup(root);
    char *slash = runtime ? strrchr(runtime, '/') : NULL;

    if (!slash)
        return err_nomem(err);
    *slash = '\0';
    if (!getenv("XDG_RUNTIME_DIR") && setenv("XDG_RUNTIME_DIR", runtime, 1) < 0)
        return err_nomem(err);
    if (str_eq(getenv("USER"), "root"))
        unsetenv("USER");
    return 0;
}

int user_enter(const char *root, char *const *words, struct lxcdriver_error **err)
{
    cleanup_free char *containers = NULL, *images = NULL;
    int entered;

    if (geteuid() == 0)
        return 0;
    if (rootless_dirs(&containers, &images, err) < 0)
        return -1;
    entered = enter_existing(root ? root : containers, words, err);
    if (entered < 0 || (entered == 0 && enter_new(err) < 0))
        return -1;
    rootless_ids_are_outer();
    return keep_directories(containers, err);
}
