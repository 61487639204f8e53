/* A command line for flags_read(), and what it makes. */
#ifndef RUNLXC_TEST_FLAGS_LINE_H
#define RUNLXC_TEST_FLAGS_LINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spec/flags.h"

#define ARGS_MAX 14
#define MIB (INT64_C(1) << 20)

static inline int parse(const char *const *args, struct launch_options *opts, struct command **cmd,
                        struct lxcdriver_error **err)
{
    char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "lxc-launch"};
    int argc = 1;

    for (; args[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
    return flags_read(argc, argv, opts, cmd, err);
}

/* One good command line, what it makes, and everything freed at the end of the test. */
struct line {
    struct launch_options opts;
    struct command *cmd;
};

static inline void line_clear(struct line *l)
{
    command_free(l->cmd);
    launch_options_clear(&l->opts);
}

#define cleanup_line __attribute__((cleanup(line_clear)))

static inline void read_line(struct line *l, const char *const *args)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    if (parse(args, &l->opts, &l->cmd, &err) < 0)
        fail_msg("%s ...: %s", args[0], err_message(err));
}

#define READ(l, ...) read_line(&(l), (const char *const[]){__VA_ARGS__, NULL})

#endif
