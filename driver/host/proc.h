/* What /proc says of a process and of this host: proc(5). */
#ifndef RUNLXC_PROC_H
#define RUNLXC_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct proc_stat {
    char state; /* R S D T t Z X I */
    pid_t ppid;
    uint64_t start_time; /* clock ticks since boot, field 22 */
    bool exiting; /* has begun to end (PF_EXITING of field 9), though its state may say R or D */
};

/* /proc/PID/stat; the command name may hold anything, so fields are counted from the last ')'. 0,
 * or -1 with errno (ENOENT, ESRCH: gone). */
int proc_stat_read(pid_t pid, struct proc_stat *out);
/* The same out of a text. -1 with EPROTO: it is none. */
int proc_stat_parse(const char *text, struct proc_stat *out);
/* Whether pid is still the process that started at start_time and is not a zombie. */
bool proc_alive(pid_t pid, uint64_t start_time);
/*
 * pidfd_send_signal(2). AppArmor goes by the label of the sender: when ours is one that the
 * process' profile takes no signal from, we leave it for good and try again as who is unconfined.
 * 0, or -1 with errno.
 */
int proc_signal(int pidfd, int signum);
/* Send a signal (0: none) to the process that started at start_time, if it still runs and is not
 * ourselves, and wait for its end, at most timeout_ms. */
void proc_end(pid_t pid, uint64_t start_time, int signum, int timeout_ms);
/* Inode of /proc/PID/ns/KIND ("net"), 0 when it cannot be read. pid 0: ourselves. */
uint64_t proc_ns_inode(pid_t pid, const char *kind);

/* The capabilities that a container can be given here: CapBnd of /proc/self/status; none when that
 * cannot be read. */
uint64_t proc_bounding_set(void);

#endif
