/*
 * runlxc-lxc-check: what liblxc says about a configuration.
 *
 *     runlxc-lxc-check CONFIG                load it; 0, or 1 with LXC's reason on stderr
 *     runlxc-lxc-check CONFIG --get KEY...   load it and print "KEY = VALUE" for each item, a line
 * for each of its values runlxc-lxc-check --key KEY VALUE       check one key with its value
 *
 * A program of its own because loading liblxc takes longer than the rest of a start: it runs only
 * when raw keys were given. Nothing is started and nothing is written but LXC's log, into a
 * temporary directory that is also the lxcpath and is removed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <lxc/lxccontainer.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

#define NAME "check"
#define LOG_MAX (1 << 20)
#define EXIT_USAGE 2
#define LXC_RUN "/run/lxc" /* where LXC keeps a lock for each container of root's */

struct check {
    const char *parent; /* of the temporary directory */
    char *dir;          /* NULL: there is none */
    char *log;
    struct lxc_container *container;
};

/* Where our own sentence goes: LXC writes to descriptor 2 whatever it is told, so that is /dev/null
 * while it works. */
static FILE *errors;

static int complain(const char *what, const char *why)
{
    fprintf(errors, "runlxc-lxc-check: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    return 1;
}

/* "lxc-x 2023... ERROR    confile - ../src/lxc/confile.c:parse_line:9 - text": the text. */
static char *message_of(char *line)
{
    char *text = strstr(line, " - ");
    char *next = text ? strstr(text + 3, " - ") : NULL;

    return next ? next + 3 : text ? text + 3 : line;
}

/*
 * LXC logs the innermost cause first ("Unsupported config key "lxc.foo"") and then, on its way out,
 * the line that it was reading. Both together are the sentence; the system's text for EINVAL, which
 * LXC puts before each, says nothing.
 */
static char *reason(const struct check *c)
{
    static const char noise[] = "Invalid argument - ";
    cleanup_free char *text = NULL;
    cleanup_buf struct buf out = {0};
    char *rest;

    if (fs_read_at(AT_FDCWD, c->log, LOG_MAX, &text, NULL) < 0)
        return NULL;
    rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *message;

        if (!strstr(line, " ERROR "))
            continue;
        message = message_of(line);
        if (str_starts(message, noise))
            message += strlen(noise);
        buf_printf(&out, "%s%s", out.len ? "; " : "", message);
    }
    return out.len ? buf_take(&out) : NULL;
}

static int failed(const struct check *c, const char *what)
{
    cleanup_free char *why = reason(c);

    return complain(what, why ? why : "LXC refuses it and gives no reason");
}

static int silence(void)
{
    cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

    errors = saved < 0 ? NULL : fdopen(saved, "w");
    if (!errors) {
        errors = stderr;
        return complain("keep standard error", strerror(errno));
    }
    if (null < 0 || dup2(null, STDERR_FILENO) < 0)
        return complain("open /dev/null", strerror(errno));
    return 0;
}

/*
 * LXC takes its lock away again, but not the directories that it made for it. A tmpfs that only we
 * see takes them along; without root LXC's files are elsewhere, and there is none.
 */
static void hide_locks(void)
{
    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0)
        (void)mount("runlxc", LXC_RUN, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    "mode=755,size=1m");
}

static int open_check(struct check *c)
{
    struct lxc_log log = {
        .name = NAME, .level = "ERROR", .quiet = true, .prefix = "runlxc-lxc-check"};
    const char *parent = getenv("TMPDIR");
    cleanup_free char *dir = NULL;

    c->parent = str_empty(parent) ? "/tmp" : parent;
    dir = str_printf("%s/runlxc-check.XXXXXX", c->parent);
    if (!dir || !mkdtemp(dir))
        return complain("make a temporary directory", strerror(errno));
    c->dir = steal_ptr(&dir);
    c->log = str_printf("%s/log", c->dir);
    log.lxcpath = c->dir;
    log.file = c->log;
    if (!c->log || lxc_log_init(&log) != 0)
        return complain("LXC cannot log", NULL);
    c->container = lxc_container_new(NAME, c->dir);
    if (!c->container)
        return complain("LXC cannot make a container object", NULL);
    c->container->clear_config(c->container);
    return 0;
}

static void close_check(struct check *c)
{
    cleanup_close int parent = open(c->parent ? c->parent : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (c->container)
        lxc_container_put(c->container);
    lxc_log_close();
    if (c->dir && parent >= 0)
        (void)fs_remove_tree(parent, strrchr(c->dir, '/') + 1);
    free(c->dir);
    free(c->log);
}

static int print_item(const struct check *c, const char *key)
{
    int len = c->container->get_config_item(c->container, key, NULL, 0);
    cleanup_free char *value = NULL;
    char *rest;

    if (len < 0)
        return complain("no such item", key);
    value = calloc((size_t)len + 1, 1);
    if (!value || c->container->get_config_item(c->container, key, value, len + 1) < 0)
        return complain("cannot read item", key);
    rest = value;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        if (*line || line == value)
            printf("%s = %s\n", key, line);
    return 0;
}

static int check_file(const struct check *c, char *config, char **keys)
{
    if (!c->container->load_config(c->container, config))
        return failed(c, config);
    for (; *keys; keys++)
        if (print_item(c, *keys) != 0)
            return 1;
    return 0;
}

static int check_key(const struct check *c, const char *key, const char *value)
{
    cleanup_free char *what = str_printf("%s = %s", key, value);

    if (c->container->set_config_item(c->container, key, value))
        return 0;
    return failed(c, what ? what : key);
}

static int usage(void)
{
    fputs(
        "usage: runlxc-lxc-check CONFIG [--get KEY...]\n       runlxc-lxc-check --key KEY VALUE\n",
        stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct check c = {0};
    bool key = argc == 4 && str_eq(argv[1], "--key");
    bool get = argc > 3 && str_eq(argv[2], "--get");
    int ret;

    if (argc < 2 || (!key && (argv[1][0] == '-' || (argc > 2 && !get))))
        return usage();
    hide_locks();
    ret = silence();
    if (ret == 0)
        ret = open_check(&c);
    if (ret == 0)
        ret = key ? check_key(&c, argv[2], argv[3])
                  : check_file(&c, argv[1], get ? argv + 3 : argv + argc);
    close_check(&c);
    if (fclose(errors) != 0 || fflush(stdout) != 0)
        ret = 1;
    return ret;
}
