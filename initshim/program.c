#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"
#include "identity.h"
#include "message.h"
#include "rootdir.h"
#include "shared/signals.h"
#include "text.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int stdio_chown(struct shim *s)
{
    if (!(s->boot.flags & WF_CHOWN_STDIO))
        return 0;
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;

        /* Terminals and files belong to somebody who did not ask for a new owner. */
        if (fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) ||
            st.st_uid == s->user.uid)
            continue;
        if (fchown(fd, s->user.uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS &&
            errno != EINVAL)
            return fail(&s->failure, STAGE_USER, errno, "stdio");
    }
    return 0;
}

int guard_restore(struct shim *s)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "dumpable");
    if (s->exec)
        return 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "death signal");
    /* Whoever died before the line above sent no signal. */
    if (message_peer_gone(s->sock))
        _exit(EXIT_SHIM);
    return 0;
}

static const char *search_path(char *const *env)
{
    for (; *env; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    return DEFAULT_PATH;
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Try each directory in turn. Returns the errno to report. */
static int exec_in_path(const char *name, char *const *argv, char *const *env)
{
    char path[PATH_MAX];
    const char *dir = search_path(env);
    int errnum = ENOENT;

    for (;; dir++) {
        size_t len = strcspn(dir, ":");
        struct text t;

        text_init(&t, path, sizeof(path));
        /* An empty one is the current directory. */
        text_put_bytes(&t, len ? dir : ".", len ? len : 1);
        text_put(&t, "/");
        text_put(&t, name);
        if (!t.cut && !is_directory(path)) {
            execve(path, argv, env);
            if (errno == EACCES)
                errnum = EACCES;
            else if (errno != ENOENT && errno != ENOTDIR)
                return errno;
        }
        dir += len;
        if (!*dir)
            return errnum;
    }
}

/* Podman gives an empty HOME to a user who is not in the image's /etc/passwd. */
static void put_home(char **env, size_t n, char *home)
{
    for (size_t i = 0; i < n; i++) {
        if (strncmp(env[i], "HOME=", 5) == 0) {
            env[i] = home;
            return;
        }
    }
    env[n] = home;
    env[n + 1] = NULL;
}

/* WT_ENV and, where it has none or an empty one, HOME. NULL when out of memory. */
static char **environment(struct shim *s)
{
    static char home[sizeof("HOME=") + PATH_MAX];
    char **env = calloc(s->boot.count[WT_ENV] + 2, sizeof(*env));
    struct text t;
    size_t n;

    if (!env)
        return NULL;
    n = bootstrap_vector(&s->boot, WT_ENV, env);
    if (!identity_has_home(&s->boot)) {
        text_init(&t, home, sizeof(home));
        text_put(&t, "HOME=");
        text_put(&t, s->user.home);
        put_home(env, n, home);
    }
    return env;
}

int program_seal(struct shim *s)
{
    if (descriptors_seal(s->n_kept) < 0)
        return fail(&s->failure, STAGE_EXEC, errno, "descriptors");
    return 0;
}

static int fail_exec(struct shim *s, int errnum)
{
    fail(&s->failure, STAGE_EXEC, errnum, bootstrap_string(&s->boot, WT_ARG));
    s->failure.code = errnum == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    return -1;
}

/* What execve(2) of `dir`/`name` would surely fail with, 0: nothing that could be told from here.
 */
static int look_at(const struct shim *s, const char *dir, size_t len, const char *name)
{
    char path[PATH_MAX];
    const char *cwd = bootstrap_string(&s->boot, WT_CWD);
    cleanup_close int fd = -1;
    struct text t;
    struct stat st;

    text_init(&t, path, sizeof(path));
    if (len == 0 || dir[0] != '/') {
        text_put(&t, cwd ? cwd : "/");
        text_put(&t, "/");
    }
    text_put_bytes(&t, dir, len);
    text_put(&t, "/");
    text_put(&t, name);
    if (t.cut)
        return 0;
    fd = rootdir_openat(s->root_fd, path, O_PATH);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? errno : 0;
    if (fstat(fd, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    return S_ISREG(st.st_mode) && !(st.st_mode & 0111) ? EACCES : 0;
}

static int look_in_path(const struct shim *s, const char *name, char *const *env)
{
    const char *dir = search_path(env);
    int errnum = ENOENT;

    for (;; dir++) {
        size_t len = strcspn(dir, ":");
        int code = look_at(s, dir, len, name);

        if (code == 0)
            return 0;
        if (code == EACCES)
            errnum = EACCES;
        dir += len;
        if (!*dir)
            return errnum;
    }
}

int program_check(struct shim *s)
{
    const char *name = bootstrap_string(&s->boot, WT_ARG);
    char **env = environment(s);
    int errnum;

    if (!env)
        return fail(&s->failure, STAGE_EXEC, ENOMEM, name);
    if (!*name)
        errnum = ENOENT;
    else if (strchr(name, '/'))
        errnum = look_at(s, *name == '/' ? "/" : "", *name == '/' ? 1 : 0, name);
    else
        errnum = look_in_path(s, name, env);
    free(env);
    return errnum ? fail_exec(s, errnum) : 0;
}

int program_exec(struct shim *s)
{
    char **argv = calloc(s->boot.count[WT_ARG] + 1, sizeof(*argv));
    char **env = environment(s);
    int errnum = ENOMEM;

    if (argv && env) {
        bootstrap_vector(&s->boot, WT_ARG, argv);
        if (descriptors_release(s->n_kept) < 0)
            return fail(&s->failure, STAGE_EXEC, errno, "descriptors");
        signals_reset();
        if (!*argv[0]) {
            errnum = ENOENT;
        } else if (strchr(argv[0], '/')) {
            execve(argv[0], argv, env);
            errnum = errno == EACCES && is_directory(argv[0]) ? EISDIR : errno;
        } else {
            errnum = exec_in_path(argv[0], argv, env);
        }
    }
    return fail_exec(s, errnum);
}
