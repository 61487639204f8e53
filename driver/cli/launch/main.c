/* lxc-launch: a command line, a library call, an exit code. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/conf.h"
#include "base/exitcode.h"
#include "base/fs.h"
#include "common/session.h"
#include "common/user.h"
#include "launch/image.h"
#include "lxcdriver.h"
#include "shared/warm.h"

#define PROGRAM "lxc-launch"
#define EXIT_OURS 125
#define COMMAND_MAX (16 << 20)

struct run {
    struct lxcdriver *drv;
    struct lxcdriver_launch *launch;
    struct lxcdriver_command *own; /* read from a file; NULL when it is the launch's */
    struct lxcdriver_launch_options options;
};

static int report(struct lxcdriver_error *err)
{
    int code = lxcdriver_error_exit_code(err);

    fprintf(stderr, PROGRAM ": %s\n", lxcdriver_error_message(err));
    return code ? code : EXIT_OURS;
}

/* The command of --command FILE, or "-" for standard input. */
static int read_command(struct run *run, struct lxcdriver_error **err)
{
    const char *path = run->options.command_file;
    bool standard = strcmp(path, "-") == 0;
    cleanup_close int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    cleanup_free char *text = NULL;
    size_t len = 0;

    if (fd < 0 || fs_read_fd(fd, COMMAND_MAX, &text, &len) < 0)
        return err_sys(err, errno, "--command: read %s", standard ? "standard input" : path);
    run->own = lxcdriver_command_read(text, len, err);
    return run->own ? 0 : err_wrap(err, "%s", standard ? "standard input" : path);
}

static const char *const *list(const struct strv *v)
{
    return (const char *const *)v->items;
}

/* The command of flags and IMAGE. */
static int make_command(struct run *run, struct lxcdriver_error **err)
{
    struct conf conf;
    struct image image;
    int result;

    if (conf_read(NULL, &conf, err) < 0)
        return -1;
    result = image_resolve(run->options.image, &conf, isatty(STDERR_FILENO), &image, err);
    conf_clear(&conf);
    if (result < 0)
        return -1;
    result = lxcdriver_launch_image(run->launch,
                                    &(struct lxcdriver_image){.layers = list(&image.layers),
                                                              .shared = image.shared,
                                                              .env = list(&image.env),
                                                              .entrypoint = list(&image.entrypoint),
                                                              .cmd = list(&image.cmd),
                                                              .workdir = image.workdir,
                                                              .user = image.user,
                                                              .stop_signal = image.stop_signal},
                                    err);
    image_clear(&image);
    return result;
}

static struct lxcdriver_command *command_of(struct run *run)
{
    return run->own ? run->own : lxcdriver_launch_command(run->launch);
}

static int dry_run(struct run *run, struct lxcdriver_error **err)
{
    cleanup_free char *text = lxcdriver_dry_run(run->drv, command_of(run), err);

    if (!text)
        return -1;
    fputs(text, stdout);
    return 0;
}

static void base_options(const struct run *run, struct lxcdriver_run_options *options)
{
    options->remove = run->options.remove;
    options->start_timeout_s = run->options.start_timeout_s;
    options->notify_socket = getenv("NOTIFY_SOCKET");
}

static void warn(void *opaque, const char *message)
{
    (void)opaque;
    fprintf(stderr, PROGRAM ": warning: %s\n", message);
}

static int run_detached(struct run *run, struct lxcdriver_error **err)
{
    struct lxcdriver_run_options options = {.detach = true, .on_warning = warn};

    base_options(run, &options);
    if (lxcdriver_run(run->drv, command_of(run), &options, NULL, err) < 0)
        return -1;
    puts(lxcdriver_command_id(command_of(run)));
    return 0;
}

/* The exit code of the container, or -1. */
static int run_attached(struct run *run, struct lxcdriver_error **err)
{
    bool tty = lxcdriver_command_terminal(command_of(run));
    struct lxcdriver_run_options options = {0};
    struct session session;
    int status = 0, result;

    result = session_open(&session, PROGRAM, run->options.interactive, tty,
                          run->options.detach_keys, err);
    if (result == 0) {
        base_options(run, &options);
        session_options(&session, &options);
        result = lxcdriver_run(run->drv, command_of(run), &options, &status, err);
    }
    session_close(&session);
    if (result < 0)
        return -1;
    return status == LXCDRIVER_DETACHED ? 0 : exitcode_of(status);
}

/* What was asked for; the exit code, or -1. */
static int act(struct run *run, struct lxcdriver_error **err)
{
    if ((run->options.command_file ? read_command(run, err) : make_command(run, err)) < 0)
        return -1;
    if (run->options.dry_run)
        return dry_run(run, err);
    return run->options.detach ? run_detached(run, err) : run_attached(run, err);
}

static int print_help(void)
{
    cleanup_free char *text = lxcdriver_launch_help();

    fputs(text ? text : "", stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct lxcdriver_error *err = NULL;
    struct run run = {0};
    int code;

    session_fill_stdio();
    /* A file that must not grow (RLIMIT_FSIZE) is an error like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    run.launch = lxcdriver_launch_read(argc, argv, &err);
    if (!run.launch)
        return report(err);
    lxcdriver_launch_options(run.launch, &run.options);
    if (run.options.help)
        return print_help();
    if (run.options.version) {
        printf(PROGRAM " %s\n", lxcdriver_version());
        return 0;
    }
    if (!run.options.dry_run && geteuid() == 0)
        warm_begin();
    if (user_enter(run.options.root, argv + 1, &err) < 0)
        return report(err);
    run.drv = lxcdriver_new(run.options.root, &err);
    code = -1;
    if (run.drv && (!run.options.log_level ||
                    lxcdriver_set_log_level(run.drv, run.options.log_level, &err) == 0))
        code = act(&run, &err);
    if (code < 0)
        code = report(err);
    lxcdriver_error_free(err);
    lxcdriver_command_free(run.own);
    lxcdriver_launch_free(run.launch);
    lxcdriver_free(run.drv);
    warm_end(true);
    return code;
}
