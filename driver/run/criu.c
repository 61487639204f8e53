#include "run/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"
#include "host/mountinfo.h"

#define LOG_MAX (64 << 20)
#define PROC_MAX (4 << 20)
#define STREAMS_FILE "descriptors.json" /* the name that runc has for it */
#define STREAMS_MAX 65536
#define HIERARCHY "/sys/fs/cgroup"

char *criu_find(struct lxcdriver_error **err)
{
    const char *path = getenv("PATH");

    for (const char *at = path ? path : ""; *at;) {
        size_t len = strcspn(at, ":");
        cleanup_free char *file = str_printf("%.*s/criu", (int)len, at);

        if (file && *at == '/' && access(file, X_OK) == 0)
            return strndup(at, len);
        at += len + (at[len] == ':');
    }
    err_set(err, "CRIU is not installed: there is no program \"criu\" in PATH "
                 "(Debian's package criu has it)");
    return NULL;
}

/* The text of a line "... Error (file:line): text" of CRIU's log but of its conclusion, "Dumping
 * FAILED."; NULL for others. */
static const char *log_error(const char *line)
{
    const char *at = strstr(line, "Error (");
    const char *end = at ? strstr(at, "): ") : NULL;

    return end && !strstr(end, "FAILED") ? end + 3 : NULL;
}

/* Earlier ones may be of something that CRIU can do without. */
char *criu_reason(const char *dir, const char *log)
{
    cleanup_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *text = NULL;
    cleanup_buf struct buf reason = {0};
    const char *last[3] = {NULL};
    char *rest;

    if (fd < 0 || fs_read_at(fd, log, LOG_MAX, &text, NULL) < 0)
        return NULL;
    rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        const char *error = log_error(line);

        if (!error)
            continue;
        last[0] = last[1];
        last[1] = last[2];
        last[2] = error;
    }
    for (size_t i = 0; i < ARRAY_SIZE(last); i++)
        if (last[i])
            buf_printf(&reason, "%s%s", reason.len ? "; " : "", last[i]);
    return reason.len && !reason.failed ? buf_take(&reason) : NULL;
}

void criu_conf_words(struct buf *conf, bool ext_unix_sk, bool shell_job, bool auto_dedup)
{
    if (ext_unix_sk)
        buf_printf(conf, "ext-unix-sk\n");
    if (shell_job)
        buf_printf(conf, "shell-job\n");
    if (auto_dedup)
        buf_printf(conf, "auto-dedup\n");
}

int criu_conf_write(int dir_fd, const char *dir, const char *name, const struct buf *conf,
                    struct lxcdriver_error **err)
{
    if (conf->failed)
        return err_nomem(err);
    return fs_write_atomic(dir_fd, name, conf->data ? conf->data : "", conf->len, 0600) < 0
               ? err_sys(err, errno, "write %s/%s", dir, name)
               : 0;
}

char *criu_hierarchy_options(void)
{
    cleanup_free char *text = NULL;
    struct mountinfo mount;
    char *rest;

    if (fs_read_at(AT_FDCWD, "/proc/self/mountinfo", PROC_MAX, &text, NULL) < 0)
        return NULL;
    rest = text;
    while (mountinfo_next(&rest, &mount))
        if (strcmp(mount.type, "cgroup2") == 0 && strcmp(mount.target, HIERARCHY) == 0)
            return strdup(mount.super);
    return strdup("");
}

/* Words that the kernel shows are flags, but for those of every filesystem. */
int criu_hierarchy_mend(const char *before, struct lxcdriver_error **err)
{
    cleanup_free char *now = criu_hierarchy_options();
    cleanup_free char *words = before ? strdup(before) : NULL;
    cleanup_close int fs = -1;
    char *rest = words;

    if (!words || !*words || (now && strcmp(now, words) == 0))
        return 0;
    fs = fspick(AT_FDCWD, HIERARCHY, FSPICK_CLOEXEC);
    for (char *word = strsep(&rest, ","); fs >= 0 && word; word = strsep(&rest, ","))
        if (strcmp(word, "rw") != 0 && strcmp(word, "ro") != 0 && *word &&
            fsconfig(fs, FSCONFIG_SET_FLAG, word, NULL, 0) < 0)
            return err_sys(err, errno, "cgroup v2: option %s", word);
    if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
        return err_sys(err, errno, "give cgroup v2 the options back that it had");
    return 0;
}

/* "mnt_id:\tN" of /proc/PID/fdinfo/FD (proc(5)); -1 without. */
static int mount_of(int proc, int stream)
{
    cleanup_free char *path = str_printf("fdinfo/%d", stream);
    cleanup_free char *text = NULL;
    const char *at;
    int id;

    if (!path || fs_read_at(proc, path, PROC_MAX, &text, NULL) < 0)
        return -1;
    at = strstr(text, "mnt_id:");
    return at && sscanf(at, "mnt_id: %d", &id) == 1 ? id : -1;
}

static bool has_mount(const char *mountinfo, int id)
{
    for (const char *at = mountinfo; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strtol(at, NULL, 10) == id)
            return true;
    return false;
}

/* Pipes and sockets are called by their number; of a file that is not on a mount of the container's
 * CRIU wants mount and inode (criu(8), "--external file"). *out stays NULL for everything else. */
static int look_at(int proc, const char *mountinfo, int stream, char **out)
{
    cleanup_free char *path = str_printf("fd/%d", stream);
    char target[PATH_MAX];
    struct stat st;
    ssize_t len;
    int mount;

    if (!path)
        return -1;
    len = readlinkat(proc, path, target, sizeof(target) - 1);
    if (len < 0 || fstatat(proc, path, &st, 0) < 0)
        return errno == ENOENT ? 0 : -1; /* closed */
    target[len] = '\0';
    if (str_starts(target, "pipe:[") || str_starts(target, "socket:[")) {
        *out = strdup(target);
        return *out ? 0 : -1;
    }
    mount = mount_of(proc, stream);
    if (*target != '/' || mount < 0 || has_mount(mountinfo, mount))
        return 0;
    *out = str_printf("file[%x:%" PRIx64 "]", (unsigned int)mount, (uint64_t)st.st_ino);
    return *out ? 0 : -1;
}

int criu_streams_look(pid_t pid, struct criu_streams *out, struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("/proc/%d", (int)pid);
    cleanup_close int proc = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    cleanup_free char *mountinfo = NULL;

    if (proc < 0 || fs_read_at(proc, "mountinfo", PROC_MAX, &mountinfo, NULL) < 0)
        return err_sys(err, errno, "look at the container's init, process %d", (int)pid);
    for (int i = 0; i < RESTORE_STREAMS; i++)
        if (look_at(proc, mountinfo, i, &out->names[i]) < 0)
            return err_sys(err, errno, "look at stream %d of process %d", i, (int)pid);
    return 0;
}

int criu_streams_write(int dir_fd, const struct criu_streams *streams, struct lxcdriver_error **err)
{
    json_t *array = json_array();
    cleanup_free char *text = NULL;

    for (int i = 0; array && i < RESTORE_STREAMS; i++)
        json_array_append_new(array,
                              streams->names[i] ? json_string(streams->names[i]) : json_null());
    text = array ? json_dumps(array, JSON_COMPACT) : NULL;
    json_decref(array);
    if (!text)
        return err_nomem(err);
    return fs_write_atomic(dir_fd, STREAMS_FILE, text, strlen(text), 0600) < 0
               ? err_sys(err, errno, "write " STREAMS_FILE)
               : 0;
}

/* Images may come from elsewhere: only a name of ours goes into CRIU's configuration. */
static bool is_name(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789:[]") == strlen(name);
}

int criu_streams_read(int dir_fd, const char *dir, struct criu_streams *out,
                      struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    size_t len = 0;
    json_t *array;
    int result = 0;

    if (fs_read_at(dir_fd, STREAMS_FILE, STREAMS_MAX, &text, &len) < 0)
        return err_sys(err, errno, "%s is not what a checkpoint has written: %s/" STREAMS_FILE, dir,
                       dir);
    array = json_parse(text, len, STREAMS_FILE, err);
    if (!array)
        return err_wrap(err, "%s", dir);
    for (size_t i = 0; result == 0 && i < RESTORE_STREAMS; i++) {
        const char *name = json_string_value(json_array_get(array, i));

        if (name && !is_name(name))
            result = err_set(err, "%s/" STREAMS_FILE ": \"%s\" is no stream of a container's", dir,
                             name);
        else if (name && !(out->names[i] = strdup(name)))
            result = err_nomem(err);
    }
    json_decref(array);
    return result;
}

void criu_streams_clear(struct criu_streams *streams)
{
    for (int i = 0; i < RESTORE_STREAMS; i++)
        free(streams->names[i]);
}

bool criu_stream_is_file(const char *name)
{
    return name && str_starts(name, "file[");
}
