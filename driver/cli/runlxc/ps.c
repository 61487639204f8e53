/* runlxc ps: the host's ps(1), of which the lines of the container's processes are shown. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "runlxc/verb.h"

#define OUTPUT_MAX (64 << 20)

struct options {
    const char *format;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, format, "format", 'f', "FORMAT", "table (default) or json"),
};

struct pids {
    pid_t *list;
    size_t n;
};

static bool contains(const struct pids *pids, long pid)
{
    for (size_t i = 0; i < pids->n; i++)
        if (pids->list[i] == pid)
            return true;
    return false;
}

static void print_json(const struct pids *pids)
{
    putchar('[');
    for (size_t i = 0; i < pids->n; i++)
        printf("%s%d", i ? "," : "", pids->list[i]);
    puts("]");
}

/* Run ps with the given arguments, or -ef. Its output; NULL on error. */
static char *run_ps(char **args, struct lxcdriver_error **err)
{
    cleanup_strv struct strv argv = {0};
    cleanup_close int in = -1, out = -1;
    posix_spawn_file_actions_t actions;
    int fds[2], code, status = 0;
    char *text = NULL;
    pid_t pid;

    code = strv_add(&argv, "ps");
    for (size_t i = 0; code == 0 && args[i]; i++)
        code = strv_add(&argv, args[i]);
    if (code < 0 || (!args[0] && strv_add(&argv, "-ef") < 0) || pipe2(fds, O_CLOEXEC) < 0 ||
        posix_spawn_file_actions_init(&actions) != 0) {
        err_nomem(err);
        return NULL;
    }
    in = fds[0];
    out = fds[1];
    code = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawnp(&pid, "ps", &actions, NULL, argv.items, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code) {
        err_sys(err, code, "start ps");
        return NULL;
    }
    close(steal_fd(&out));
    code = fs_read_fd(in, OUTPUT_MAX, &text, NULL) < 0 ? errno : 0;
    close(steal_fd(&in));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!code && status == 0)
        return text;
    free(text);
    if (code)
        err_sys(err, code, "read the output of ps");
    else
        err_set(err, "ps failed with the arguments given");
    return NULL;
}

/* Which of the blank-separated columns is headed PID; -1: none. */
static int pid_column(const char *header)
{
    int column = 0;

    for (const char *p = header; *p; column++) {
        size_t len;

        p += strspn(p, " \t");
        len = strcspn(p, " \t");
        if (len == 3 && strncmp(p, "PID", 3) == 0)
            return column;
        p += len;
    }
    return -1;
}

static long number_in_column(const char *line, int column)
{
    const char *p = line + strspn(line, " \t");

    for (; column > 0; column--) {
        p += strcspn(p, " \t");
        p += strspn(p, " \t");
    }
    return strtol(p, NULL, 10);
}

static int print_table(char *text, const struct pids *pids, struct lxcdriver_error **err)
{
    char *save = NULL, *line = strtok_r(text, "\n", &save);
    int column = line ? pid_column(line) : -1;

    if (column < 0)
        return err_set(err, "ps: its output has no column PID");
    puts(line);
    while ((line = strtok_r(NULL, "\n", &save)))
        if (contains(pids, number_in_column(line, column)))
            puts(line);
    return 0;
}

/* The processes there are: none when it has stopped. */
static int list_pids(const struct context *ctx, const char *id, pid_t **list, size_t *n,
                     struct lxcdriver_error **err)
{
    struct lxcdriver_info info;
    bool stopped;

    if (lxcdriver_get_info(ctx->drv, id, &info, err) < 0)
        return -1;
    stopped = info.state == LXCDRIVER_STOPPED;
    lxcdriver_info_clear(&info);
    *n = 0;
    return stopped ? 0 : lxcdriver_pids(ctx->drv, id, list, n, err);
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    bool as_json = str_eq(o->format, "json");
    cleanup_free char *text = NULL;
    cleanup_free pid_t *list = NULL;
    struct pids pids = {0};

    if (o->format && !as_json && strcmp(o->format, "table") != 0)
        return err_set(err, "--format: \"%s\" is neither table nor json", o->format);
    if (list_pids(ctx, args[0], &list, &pids.n, err) < 0)
        return -1;
    pids.list = list;
    if (as_json) {
        print_json(&pids);
        return 0;
    }
    text = run_ps(args + 1, err);
    return text ? print_table(text, &pids, err) : -1;
}

const struct verb verb_ps = {
    .name = "ps",
    .usage = "ID [PS-OPTION...]",
    .summary = "show the processes of a container, as ps(1) does",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = -1,
    .in_order = true,
    .act = act,
};
