/*
 * The person's (or script's) side of a process in a container: standard streams through pipes of
 * ours or a terminal, signals passed on, the window's size, the detach keys. Used by `lxc-launch`
 * and `runlxc exec`.
 *
 *     session_open(&s, interactive, tty, NULL, &err);
 *     session_options(&s, &options);            then lxcdriver_run() or lxcdriver_exec()
 *     session_close(&s);                        the last byte has arrived, the terminal is as it
 * was
 */
#ifndef RUNLXC_SESSION_H
#define RUNLXC_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "base/err.h"
#include "common/relay.h"
#include "lxcdriver.h"

#define DETACH_KEYS_MAX 16

struct session {
    const char *program; /* for warnings */
    bool tty, raw, detached, stopped;
    int epoll_fd, signal_fd, timer_fd, master, pidfd;
    sigset_t held; /* signals that came before the start */
    int child[3];  /* the container's ends; closed once handed over */
    struct relay relays[3];
    struct termios saved;
    sigset_t old_mask;
    unsigned char keys[DETACH_KEYS_MAX];
    size_t n_keys, matched;
};

/* First of all in a program: open what of 0, 1 and 2 is closed, lest something else gets that
 * number. */
void session_fill_stdio(void);
/* keys: as docker's --detach-keys ("ctrl-p,ctrl-q"); NULL for that. Blocks the signals that are
 * passed on. 0 or -1. */
int session_open(struct session *s, const char *program, bool interactive, bool tty,
                 const char *keys, struct lxcdriver_error **err);
/* As with neither input nor terminal, but our own streams are the process's: nothing is copied. */
int session_open_direct(struct session *s, const char *program, struct lxcdriver_error **err);
void session_options(struct session *s, struct lxcdriver_run_options *options);
/* Drain what the process still wrote, restore terminal and signals. */
void session_close(struct session *s);

#endif
