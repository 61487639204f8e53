/*
 * Where mounts go. LXC refuses a destination that passes through a symbolic link and would make
 * missing ones with a plain mkdir -p, which follows links out of a hostile root. So each
 * destination is walked here, one component at a time, in the root as it will look once the mounts
 * before it are in place: a component may lie in the root itself, in the source of an earlier bind,
 * or in a filesystem that does not exist yet ("fresh": a tmpfs, /dev), where nothing can be found
 * and LXC has to make the mount point.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define LINKS_MAX 40 /* as the kernel: path_resolution(7) */

struct place {  /* something mounted at `path` */
    char *path; /* relative, resolved; "" the root */
    int fd;     /* O_PATH of what is seen there; -1: fresh */
    bool directory;
    bool kernel;      /* proc or sysfs: nothing can be made there; `fd` is the host's own, which has
                         the same files but for those of processes and of interfaces */
    const char *host; /* host path for `made`, or NULL */
};

struct walk {
    struct place *places;
    size_t n;
    bool look_only;
    bool remount;        /* what is there is changed, be it a directory or a file */
    const char *own_dir; /* files below it exist once there is a start */
    struct strv *made;
    uid_t owner_uid; /* of what is made: the container's root, where the layers are not shifted back
                        on disk */
    gid_t owner_gid;
    struct lxcdriver_error **err;
    const char *destination; /* for errors */
};

static bool below(const char *path, const char *prefix, const char **rest)
{
    size_t len = strlen(prefix);

    if (len == 0) {
        *rest = path;
        return true;
    }
    if (strncmp(path, prefix, len) != 0 || (path[len] != '\0' && path[len] != '/'))
        return false;
    *rest = path + len + (path[len] == '/');
    return true;
}

/* The mount that a resolved path lies in: the longest, and of those the latest. */
static struct place *place_of(struct walk *w, const char *path, const char **rest)
{
    struct place *best = NULL;
    size_t best_len = 0;

    for (size_t i = 0; i < w->n; i++) {
        const char *tail;
        size_t len = strlen(w->places[i].path);

        if (below(path, w->places[i].path, &tail) && (!best || len >= best_len)) {
            best = &w->places[i];
            best_len = len;
            *rest = tail;
        }
    }
    return best;
}

enum found { FOUND_NOTHING, FOUND_FRESH, FOUND_DIRECTORY, FOUND_FILE, FOUND_LINK, FOUND_ERROR };

/* What stands at a resolved path; a link's text in *link, a directory's permissions in *mode. Its
 * parent is known to be a directory without links. */
static enum found look(struct walk *w, const char *path, char **link, unsigned int *mode)
{
    const char *rest = "";
    struct place *place = place_of(w, path, &rest);
    cleanup_close int fd = -1;
    struct stat st;
    char text[PATH_MAX];
    ssize_t len;

    if (!*rest) {
        if (place->fd >= 0 && fstat(place->fd, &st) == 0)
            *mode = st.st_mode & 07777;
        return place->directory ? FOUND_DIRECTORY : FOUND_FILE;
    }
    if (place->fd < 0)
        return FOUND_FRESH;
    fd = fs_open_beneath(place->fd, rest, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return errno == ENOENT ? FOUND_NOTHING : FOUND_ERROR;
    if (fstat(fd, &st) < 0)
        return FOUND_ERROR;
    *mode = st.st_mode & 07777;
    if (S_ISDIR(st.st_mode))
        return FOUND_DIRECTORY;
    if (!S_ISLNK(st.st_mode))
        return FOUND_FILE;
    len = readlinkat(fd, "", text, sizeof(text) - 1);
    if (len < 0)
        return FOUND_ERROR;
    text[len] = '\0';
    *link = strdup(text);
    return *link ? FOUND_LINK : FOUND_ERROR;
}

static char *join(const char *dir, const char *name)
{
    return *dir ? str_printf("%s/%s", dir, name) : strdup(name);
}

static int make_file(int dir, const char *name)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

/* Make one missing component. Its parent is opened without following anything, so no link put there
 * meanwhile leads away. */
static int make(struct walk *w, const char *path, bool directory)
{
    const char *rest = "";
    struct place *place = place_of(w, path, &rest);
    cleanup_free char *parent = strdup(rest);
    cleanup_close int dir = -1;
    char *slash;
    const char *name = rest;

    if (!parent)
        return err_nomem(w->err);
    slash = strrchr(parent, '/');
    if (slash) {
        *slash = '\0';
        name = rest + (slash - parent) + 1;
        dir = fs_open_beneath(place->fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    } else {
        dir = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (dir < 0)
        return err_sys(w->err, errno, "mount destination %s: open the directory of %s",
                       w->destination, path);
    if ((directory ? mkdirat(dir, name, 0755) : make_file(dir, name)) < 0) {
        if (errno == EEXIST)
            return 0;
        return err_sys(w->err, errno, "mount destination %s: make /%s", w->destination, path);
    }
    if ((w->owner_uid || w->owner_gid) &&
        fchownat(dir, name, w->owner_uid, w->owner_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(w->err, errno, "mount destination %s: give /%s to the container's root",
                       w->destination, path);
    if (place->host && strv_printf(w->made, "%s/%s", place->host, rest) < 0)
        return err_nomem(w->err);
    return 0;
}

/* Put `text` (a link's) in front of what is still to be walked. */
static int splice_link(char **todo, const char *text, const char *rest)
{
    char *joined = str_printf("%s/%s", text, rest);

    if (!joined)
        return -1;
    free(*todo);
    *todo = joined;
    return 0;
}

static void drop_last(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash)
        *slash = '\0';
    else
        *path = '\0';
}

struct step {
    char *at;   /* resolved so far */
    char *todo; /* what is left, owned */
    const char *next;
    int links;
};

/* One component that is not "." or "..". 1: go on, 0: done, -1. */
static int walk_component(struct walk *w, struct step *step, const char *name, bool last,
                          bool want_directory, struct mount_target *out)
{
    cleanup_free char *path = join(step->at, name), *link = NULL;
    const char *rest = "";
    unsigned int mode = 0;
    enum found found;

    if (!path)
        return err_nomem(w->err);
    found = look(w, path, &link, &mode);
    if (found == FOUND_ERROR)
        return err_sys(w->err, errno, "mount destination %s: look at /%s", w->destination, path);
    if (found == FOUND_LINK) {
        if (place_of(w, path, &rest)->kernel)
            return err_set(w->err, "mount destination %s: /%s is a link of the kernel's",
                           w->destination, path);
        if (++step->links > LINKS_MAX)
            return err_sys(w->err, ELOOP, "mount destination %s", w->destination);
        if (*link == '/')
            *step->at = '\0';
        if (splice_link(&step->todo, link, step->next) < 0)
            return err_nomem(w->err);
        step->next = step->todo;
        return 1;
    }
    if (found == FOUND_FILE && !last)
        return err_sys(w->err, ENOTDIR, "mount destination %s: /%s", w->destination, path);
    if (last && found == FOUND_FILE && want_directory && !w->remount)
        return err_set(
            w->err,
            "mount destination %s: /%s is no directory, but what is to be mounted there is one",
            w->destination, path);
    if (last && found == FOUND_DIRECTORY && !want_directory)
        return err_set(
            w->err,
            "mount destination %s: /%s is a directory, but what is to be mounted there is none",
            w->destination, path);
    if (found == FOUND_NOTHING) {
        if (place_of(w, path, &rest)->kernel)
            return err_sys(w->err, ENOENT, "mount destination %s: /%s", w->destination, path);
        if (!w->look_only && make(w, path, !last || want_directory) < 0)
            return -1;
    }
    if (found == FOUND_DIRECTORY && last)
        out->mode = mode;
    if (found == FOUND_FRESH && last)
        out->create = want_directory ? TARGET_CREATE_DIR : TARGET_CREATE_FILE;
    free(step->at);
    step->at = steal_ptr(&path);
    return 1;
}

static bool only_slashes(const char *text)
{
    return text[strspn(text, "/")] == '\0';
}

static int walk_path(struct walk *w, const char *destination, bool want_directory,
                     struct mount_target *out)
{
    struct step step = {.at = strdup(""), .todo = strdup(destination)};
    int result = step.at && step.todo ? 0 : err_nomem(w->err);

    step.next = step.todo;
    while (result == 0) {
        char name[NAME_MAX + 1];
        size_t len;

        step.next += strspn(step.next, "/");
        len = strcspn(step.next, "/");
        if (len == 0)
            break;
        if (len > NAME_MAX) {
            result = err_sys(w->err, ENAMETOOLONG, "mount destination %s", destination);
            break;
        }
        memcpy(name, step.next, len);
        name[len] = '\0';
        step.next += len;
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0)
            drop_last(step.at);
        else if (walk_component(w, &step, name, only_slashes(step.next), want_directory, out) < 0)
            result = -1;
    }
    free(step.todo);
    if (result < 0) {
        free(step.at);
        return -1;
    }
    out->path = step.at;
    return 0;
}

static int add_place(struct walk *w, const char *path, int fd, bool directory, bool kernel,
                     const char *host)
{
    struct place *place = ARRAY_GROW(&w->places, &w->n);

    if (!place)
        return err_nomem(w->err);
    *place = (struct place){.fd = fd, .directory = directory, .kernel = kernel, .host = host};
    place->path = strdup(path);
    return place->path ? 0 : err_nomem(w->err);
}

/* What stands for the kernel's file system of that type in a container. */
static int open_kernel(const char *type)
{
    return open(str_eq(type, "proc") ? "/proc" : "/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The launcher's own mounts; a mount of the user's on the same place comes later in the list and so
 * wins. */
static int add_default_places(struct walk *w)
{
    static const struct {
        const char *path;
        bool kernel;
    } defaults[] = {{"proc", true}, {"sys", true}, {"dev", false}};

    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
        struct mount_target target = {0};
        int result;

        w->destination = defaults[i].path;
        result = walk_path(w, defaults[i].path, true, &target);
        if (result == 0)
            result =
                add_place(w, target.path, defaults[i].kernel ? open_kernel(defaults[i].path) : -1,
                          true, defaults[i].kernel, NULL);
        free(target.path);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* Open a bind's source; *directory says what it is. A missing one is an error unless it is to be
 * made. */
static int open_source(struct walk *w, const struct mount_spec *m, int *fd, bool *directory)
{
    struct stat st;

    *fd = open(m->source, O_PATH | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT && w->look_only) {
        const char *rest;
        bool own = below(m->source, w->own_dir, &rest);

        *directory = !own;
        if (own || m->create_source)
            return 0;
        errno = ENOENT;
    } else if (*fd < 0 && errno == ENOENT && m->create_source) {
        if (fs_mkdir_p(m->source, 0755) == 0)
            *fd = open(m->source, O_PATH | O_CLOEXEC);
    }
    if (*fd < 0)
        return err_sys(w->err, errno, "mount %s: source %s", m->destination, m->source);
    if (fstat(*fd, &st) < 0)
        return err_sys(w->err, errno, "mount %s: source %s", m->destination, m->source);
    *directory = S_ISDIR(st.st_mode);
    return 0;
}

static int resolve_mount(struct walk *w, const struct mount_spec *m, struct mount_target *out)
{
    bool directory = true, bind = (m->flags & (MS_BIND | MS_REMOUNT)) == MS_BIND;
    bool kernel = !bind && m->type && (str_eq(m->type, "proc") || str_eq(m->type, "sysfs"));
    int fd = -1;

    w->destination = m->destination;
    w->remount = m->flags & MS_REMOUNT;
    if (w->remount)
        return walk_path(w, m->destination, directory, out);
    if (bind && open_source(w, m, &fd, &directory) < 0)
        return -1;
    if (kernel)
        fd = open_kernel(m->type);
    if (walk_path(w, m->destination, directory, out) < 0 ||
        add_place(w, out->path, fd, directory, kernel, NULL) < 0) {
        close_fd(&fd);
        return -1;
    }
    return 0;
}

int targets_resolve(const struct command *cmd, int root_fd, const char *root_path,
                    const char *own_dir, bool look_only, struct target_list *out,
                    struct lxcdriver_error **err)
{
    struct walk w = {.look_only = look_only,
                     .own_dir = own_dir,
                     .made = &out->made,
                     .err = err,
                     .destination = "/"};
    int result;

    if (cmd->root.idmap && cmd->root.layers.n) {
        w.owner_uid = userns_root(cmd->uid_maps, cmd->n_uid_maps);
        w.owner_gid = userns_root(cmd->gid_maps, cmd->n_gid_maps);
    }
    result = add_place(&w, "", root_fd, true, false, root_path);
    if (result == 0 && cmd->default_mounts)
        result = add_default_places(&w);
    out->targets = calloc(cmd->n_mounts + 1, sizeof(*out->targets));
    if (result == 0 && !out->targets)
        result = err_nomem(err);
    for (size_t i = 0; result == 0 && i < cmd->n_mounts; i++) {
        out->n = i + 1;
        result = resolve_mount(&w, &cmd->mounts[i], &out->targets[i]);
    }
    for (size_t i = 0; i < w.n; i++) {
        free(w.places[i].path);
        if (i > 0)
            close_fd(&w.places[i].fd);
    }
    free(w.places);
    return result;
}

void targets_clear(struct target_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->targets[i].path);
    free(list->targets);
    strv_free(&list->made);
    *list = (struct target_list){0};
}
