/* Failures elsewhere, as sentences. */
#include "run/run.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "spec/readers.h"

#define LOG_MAX (1 << 20)

static const char *const stage_text[STAGES] = {
    [STAGE_BOOTSTRAP] = "read what the container is to be",
    [STAGE_NAMESPACE] = "join the container's namespaces",
    [STAGE_CGROUP] = "enter cgroup",
    [STAGE_NETWORK] = "network",
    [STAGE_CONSOLE] = "make a terminal",
    [STAGE_DEVICE] = "make device",
    [STAGE_MOUNT] = "mount",
    [STAGE_SYSCTL] = "set sysctl",
    [STAGE_HOSTNAME] = "set the host name",
    [STAGE_HOOK] = "run hook",
    [STAGE_RLIMIT] = "set resource limit",
    [STAGE_OOM_SCORE] = "set oom_score_adj",
    [STAGE_USER] = "user",
    [STAGE_CAPS] = "set capabilities",
    [STAGE_CWD] = "working directory",
    [STAGE_LSM] = "set the security label",
    [STAGE_SECCOMP] = "load the seccomp filter",
    [STAGE_SCHED] = "set scheduling",
    [STAGE_EXEC] = "exec",
};

/* What came out of a container need not end within its field. */
static void copy_detail(const char detail[SHIM_DETAIL], char text[SHIM_DETAIL])
{
    size_t len = strnlen(detail, SHIM_DETAIL - 1);

    memcpy(text, detail, len);
    text[len] = '\0';
}

/* The shim knows a limit by its number only. */
static const char *limit_name(const char *number)
{
    int64_t resource;

    return str_to_i64(number, 0, INT32_MAX, &resource) ? rlimit_name((int)resource) : NULL;
}

/*
 * A command that could not be executed. What users of an engine get to see as exit code is derived
 * from these words: dockerd (daemon/errors.go) and docker(1) make 127 of "executable file not
 * found" and "no such file or directory" and 126 of "permission denied"; Podman
 * (libpod/oci_util.go) the same, and wants "executable file not found in". A directory is EISDIR to
 * the shim, and to Go and so to engines a thing that one has no permission to execute.
 */
static void exec_failure(int errnum, int exit_code, const char *command,
                         struct lxcdriver_error **err)
{
    if (errnum == EISDIR)
        err_exit(err, exit_code, "exec: \"%s\": %s: a directory cannot be executed", command,
                 err_text(EACCES));
    else if (errnum == ENOENT && !strchr(command, '/'))
        err_exit(err, exit_code, "exec: \"%s\": executable file not found in PATH", command);
    else
        err_exit(err, exit_code, "exec: \"%s\": %s", command, err_text(errnum));
}

int failure_of_shim(uint32_t stage, int errnum, int exit_code, const char *detail,
                    struct lxcdriver_error **err)
{
    const char *what = stage < STAGES ? stage_text[stage] : "start";
    char text[SHIM_DETAIL];

    copy_detail(detail, text);
    if (exit_code < 125 || exit_code > 127)
        exit_code = 125;
    if (stage == STAGE_USER && errnum == 0)
        err_exit(err, exit_code, "user: \"%s\" is not in the container's passwd or group file",
                 text);
    else if (stage == STAGE_USER && errnum == EINVAL)
        err_exit(err, exit_code, "user: the container's user namespace has no id %s", text);
    else if (stage == STAGE_RLIMIT && limit_name(text))
        err_exit(err, exit_code, "set resource limit %s: %s", limit_name(text), err_text(errnum));
    else if (stage == STAGE_CAPS && errnum == 0)
        err_exit(err, exit_code, "capabilities: this host cannot give %s", text);
    else if (stage == STAGE_EXEC && errnum && exit_code != 125)
        exec_failure(errnum, exit_code, text, err);
    else if (stage == STAGE_HOOK && *text && errnum == 0)
        err_exit(err, exit_code, "%s", text); /* a whole sentence: shared/hookrun.h */
    else if (stage == STAGE_HOOK && *text)
        err_exit(err, exit_code, "%s: %s", text, err_text(errnum));
    else if (errnum)
        err_exit(err, exit_code, *text ? "%s \"%s\": %s" : "%s%s: %s", what, text,
                 err_text(errnum));
    else
        err_exit(err, exit_code, *text ? "%s: %s" : "%s%s", what, text);
    if (err && *err)
        (*err)->errno_code = errnum;
    return -1;
}

/*
 * One line of LXC's log: "lxc-start ID TIME ERROR    conf - ../src/lxc/conf.c:mount_entry:2109 - No
 * such file ... - Failed to mount". The text begins behind the third " - ".
 */
static const char *log_text(char *line)
{
    char *at = strstr(line, " ERROR ");

    for (int i = 0; at && i < 2; i++) {
        at = strstr(at, " - ");
        at = at ? at + 3 : NULL;
    }
    return at;
}

/* The first error is the cause; what follows only says who gave up because of it. */
int failure_of_lxc(int dir_fd, struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    char *save = NULL;

    if (fs_read_at(dir_fd, "lxc.log", LOG_MAX, &text, NULL) < 0)
        return err_set(err, "lxc-start ended without a word in its log");
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const char *cause = log_text(line);

        if (!cause || strstr(cause, "Can't open /dev/null"))
            continue; /* said at every start: our /dev is filled by the shim, later */
        return err_set(err, "lxc-start: %s", cause);
    }
    return err_set(err, "lxc-start ended before the container ran, and its log does not say why");
}

int failure_of_supervisor(int dir_fd, const struct sup_msg *msg, struct lxcdriver_error **err)
{
    char text[SHIM_DETAIL];

    if (msg->origin == SUP_ORIGIN_SHIM)
        return failure_of_shim(msg->stage, msg->errnum, msg->value, msg->detail, err);
    if (msg->origin == SUP_ORIGIN_LXC)
        return failure_of_lxc(dir_fd, err);
    copy_detail(msg->detail, text);
    if (msg->errnum == ETIMEDOUT) {
        err_set(err, "start: %s: not done within the start timeout", text);
        if (err && *err)
            (*err)->errno_code = ETIMEDOUT;
        return -1;
    }
    return msg->errnum ? err_sys(err, msg->errnum, "supervisor: %s", text)
                       : err_set(err, "supervisor: %s", text);
}
