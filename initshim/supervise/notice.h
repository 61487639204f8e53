/*
 * What a container may say to the host's service manager (sd_notify(3)). All that comes out of a
 * container is hostile: what is passed on is not its message but one made anew, of those few words
 * of it that concern nothing but its own state. No word that says who the service is (MAINPID), how
 * long it may take (EXTEND_TIMEOUT_USEC, WATCHDOG_USEC), who else may speak (NOTIFYACCESS), what
 * became of it (ERRNO, EXIT_STATUS, WATCHDOG=trigger) or what the manager keeps for it (FDSTORE).
 *
 * Pure, but for the clock.
 */
#ifndef RUNLXC_NOTICE_H
#define RUNLXC_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTIFY_IN_MAX 4096 /* bytes, as much as systemd itself takes */
#define NOTIFY_STATUS_MAX 256
#define NOTIFY_OUT_MAX 512 /* more than all words together */

/*
 * Write what may be passed on of in[len] to out, without a NUL: lines, the first of them READY=1 if
 * the container has said it, which is told in *ready. RELOADING=1 gets the time now_us
 * (CLOCK_MONOTONIC, microseconds) that systemd asks for; the text of STATUS is cut to
 * NOTIFY_STATUS_MAX bytes, with a question mark for each byte that is no UTF-8 and for control
 * characters. Returns the length, 0: nothing.
 */
size_t notice_filter(const char *in, size_t len, int64_t now_us, char out[NOTIFY_OUT_MAX],
                     bool *ready);

/* Add "MAINPID=pid" to out[len]. Returns the new length. */
size_t notice_add_pid(char out[NOTIFY_OUT_MAX], size_t len, pid_t pid);

#endif
