/* What create and run share: the options about a bundle, and the driver's callbacks for them. */
#ifndef RUNLXC_CLI_BUNDLE_H
#define RUNLXC_CLI_BUNDLE_H

#include "common/preserve.h"
#include "common/session.h"
#include "runlxc/verb.h"

struct bundle_options {
    const char *bundle, *pid_file, *console_socket;
    int64_t preserve_fds;
    bool no_pivot, no_new_keyring;
    bool detach, keep, no_subreaper; /* run alone */
};

#define BUNDLE_OPTIONS                                                                             \
    OPT_TEXT(struct bundle_options, bundle, "bundle", 'b', "DIR", "the bundle (.)"),               \
        OPT_TEXT(struct bundle_options, console_socket, "console-socket", 0, "SOCKET",             \
                 "who is to get the terminal's master"),                                           \
        OPT_TEXT(struct bundle_options, pid_file, "pid-file", 0, "FILE",                           \
                 "write the pid of the container's supervisor there"),                             \
        OPT_SWITCH(struct bundle_options, no_pivot, "no-pivot", 0,                                 \
                   "accepted: LXC itself does without pivot_root(2) on a ramdisk"),                \
        OPT_SWITCH(struct bundle_options, no_new_keyring, "no-new-keyring", 0,                     \
                   "keep the caller's session keyring"),                                           \
        OPT_NUMBER(struct bundle_options, preserve_fds, "preserve-fds", 0, "N", 0, PRESERVE_MAX,   \
                   0, "pass on N descriptors from 3 up, and those of $LISTEN_FDS")

/* One container being made. `session` is first: it is what the driver hands to the callbacks. */
struct bundle_job {
    struct session session;
    struct lxcdriver_run_options run;
    const struct context *ctx;
    const struct bundle_options *o;
    struct lxcdriver_command *cmd;
    int console; /* the engine's socket; -1 */
    int *preserved;
    bool session_open;
    bool waits; /* we stay until its end, and pass streams and signals on */
    struct lxcdriver_error
        *failure; /* the first one in a callback, which has no way to return it */
};

/* Read the bundle and connect to the console socket; fill job->run. 0 or -1; bundle_close() in both
 * cases. */
int bundle_open(struct bundle_job *job, const struct context *ctx, const struct bundle_options *o,
                const char *id, bool waits, struct lxcdriver_error **err);
/* The result of the driver's call, or a failure that a callback saw. */
int bundle_result(struct bundle_job *job, int result, struct lxcdriver_error **err);
void bundle_close(struct bundle_job *job);

#endif
