/*
 * runlxc-lxc-checkpoint: write down a running container by liblxc and CRIU.
 *
 *     runlxc-lxc-checkpoint LXCPATH ID DIR [WORD[=VALUE]...]
 *
 * DIR gets the images and CRIU's log, dump.log or pre-dump.log. Words: "pre-dump" (memory only, the
 * container goes on), "leave-running", "parent=DIR" (an earlier pre-dump, relative to DIR),
 * "page-server=ADDRESS:PORT", "conf=FILE" (of CRIU's own options). 0; or 1 with LXC's first error
 * on standard error. CRIU is looked for in PATH.
 */
#include <fcntl.h>
#include <lxc/lxccontainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/lxclock.h"
#include "base/str.h"

#define LOG_MAX (4 << 20)
#define EXIT_USAGE 2

struct request {
    struct migrate_opts options;
    unsigned int command;
};

static int read_page_server(struct request *r, char *value)
{
    char *colon = strrchr(value, ':');

    if (!colon || colon == value || !colon[1])
        return -1;
    *colon = '\0';
    r->options.pageserver_address = value;
    r->options.pageserver_port = colon + 1;
    return 0;
}

static int read_word(struct request *r, char *word)
{
    char *equals = strchr(word, '=');

    if (strcmp(word, "pre-dump") == 0)
        r->command = MIGRATE_PRE_DUMP;
    else if (strcmp(word, "leave-running") == 0)
        r->options.stop = false;
    else if (equals && str_starts(word, "parent="))
        r->options.predump_dir = equals + 1;
    else if (equals && str_starts(word, "conf="))
        return setenv("CRIU_CONFIG_FILE", equals + 1, 1);
    else if (equals && str_starts(word, "page-server="))
        return read_page_server(r, equals + 1);
    else
        return -1;
    return 0;
}

/* "lxc ID TIME ERROR    criu - ../src/lxc/criu.c:f:1 - text": the text; NULL in other lines. */
static const char *error_text(const char *line)
{
    const char *at = strstr(line, " ERROR ");

    for (int i = 0; at && i < 2; i++) {
        at = strstr(at, " - ");
        at = at ? at + 3 : NULL;
    }
    return at;
}

static void say_why(const char *log)
{
    cleanup_free char *text = NULL;
    char *rest;

    if (fs_read_at(AT_FDCWD, log, LOG_MAX, &text, NULL) < 0)
        text = NULL;
    rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        const char *why = error_text(line);

        if (!why)
            continue;
        fprintf(stderr, "%s\n", why);
        return;
    }
    fputs("liblxc gives no reason\n", stderr);
}

static int migrate(const char *lxcpath, const char *id, struct request *r)
{
    cleanup_free char *log_path = str_printf("%s/lxc.log", r->options.directory);
    struct lxc_log log = {.name = id,
                          .lxcpath = lxcpath,
                          .file = log_path,
                          .level = "ERROR",
                          .quiet = true,
                          .prefix = "runlxc-lxc-checkpoint"};
    struct lxc_container *container;
    int result = -1;

    if (!log_path || lxc_log_init(&log) != 0) {
        fputs("LXC cannot log\n", stderr);
        return 1;
    }
    container = lxc_container_new(id, lxcpath);
    if (container) {
        result = container->migrate(container, r->command, &r->options, sizeof(r->options));
        lxc_container_put(container);
        lxclock_remove(lxcpath, id);
    }
    lxc_log_close();
    if (result != 0)
        say_why(log_path);
    (void)unlink(log_path);
    return result != 0;
}

int main(int argc, char **argv)
{
    struct request r = {.command = MIGRATE_DUMP};

    if (argc < 4) {
        fputs("usage: runlxc-lxc-checkpoint LXCPATH ID DIR [WORD[=VALUE]...]\n", stderr);
        return EXIT_USAGE;
    }
    r.options.directory = argv[3];
    r.options.stop = true;
    /* All that CRIU says: its log is what a failure is understood by. */
    r.options.verbose = true;
    for (int i = 4; i < argc; i++) {
        if (read_word(&r, argv[i]) < 0) {
            fprintf(stderr, "%s: not understood\n", argv[i]);
            return EXIT_USAGE;
        }
    }
    return migrate(argv[1], argv[2], &r);
}
