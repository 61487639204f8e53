/*
 * The supervisor: one process a container, parent of its lxc-start. See base/supervise.h for what
 * it says to the driver, README.md for where it stands. Single-threaded, no allocation after the
 * record was read, everything by descriptors that were opened before the namespaces change.
 */
#ifndef RUNLXC_SUPERVISOR_H
#define RUNLXC_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/supervise.h"
#include "shared/listener.h"
#include "supervise/notice.h"

#define MAX_CGROUPS                                                                                \
    64 /* twice the number of hierarchies that Linux has controllers for, with room */
#define MAX_CLIENTS 16
#define TRIM_AFTER_MS 20 /* a command that ends sooner needs the pages again at once */
#define RUNNING_GRACE_MS                                                                           \
    2000 /* for LXC's RUNNING after the shim is ready: the slow path when it never comes */

struct sup_record {
    uint64_t flags;
    uint64_t timeout_ms;
    const char *lxc_start, *guard, *log_file, *log_level, *oom_file, *host_if;
    const char *time_ns;               /* NULL: none is joined */
    const char *lxc_name, *lxc_config; /* NULL: the id; <root>/<id>/config */
    const char *payload[MAX_CGROUPS], *monitor[MAX_CGROUPS], *home[MAX_CGROUPS];
    size_t n_payload, n_monitor, n_home;
    const char *listener; /* NULL: none */
    const char *listener_parts[LISTENER_PARTS];
    size_t n_listener_parts;
};

/* Of the container's notifications, notify.c. */
struct notify {
    int sock, host;               /* -1: none */
    pid_t launcher;               /* whose child we were started as */
    bool ready;                   /* the manager was told that the container is */
    int64_t from_ms;              /* when the present spell began, CLOCK_MONOTONIC */
    unsigned taken;               /* messages in it */
    char pending[NOTIFY_OUT_MAX]; /* what the manager had no room for yet */
    size_t n_pending;
    bool pending_ready;
};

enum phase {
    PHASE_STARTING, /* lxc-start and the shim are at work */
    PHASE_CREATED,  /* the shim waits for SHIM_START */
    PHASE_RELEASED, /* SHIM_START sent, the exec is awaited */
    PHASE_RUNNING,  /* the workload runs */
    PHASE_ENDING,   /* the init has ended or is being ended */
};

struct client {
    int fd; /* -1: free */
    bool waits_start, waits_exit;
    pid_t waits_ready; /* it, 0: does not */
};

struct supervisor {
    const char *root, *id;
    char *const *cleanup; /* argv of the command that removes what nobody else is left to remove */
    int driver;           /* -1: closed */
    int root_fd, dir_fd;
    struct sup_record rec;

    int bootstrap, exe, rootfs, log, drain;
    int run_lxc; /* root of the private /run/lxc, until the FIFO is there */
    int stdio[3];
    int for_shim[SUP_SHIM_MAX]; /* passed on as they are: mounts, preserved descriptors */
    size_t n_for_shim;

    int listener_dir; /* of rec.listener */
    int fifo, shim, control, signals, oom;
    struct notify notify;
    int guard; /* the guard of lxc-start's command socket has written a byte here; -1: looked at */
    int children; /* our own list of children in /proc; -1: the kernel has none */
    struct client clients[MAX_CLIENTS];

    enum phase phase;
    pid_t lxc; /* 0: not started or reaped */
    pid_t init;
    int init_pidfd;
    uint64_t init_start;
    bool released;    /* SF_ENGINE: the driver has let go of the container */
    bool inside;      /* in the container's namespaces and cgroups */
    int own_mounts;   /* the mount namespace that we left for that; -1 */
    bool braked;      /* the FIFO is full on purpose, see fifo.c */
    bool lxc_running; /* LXC said RUNNING */
    bool exec_done;   /* the shim's socket was closed by its exec */
    bool init_dead;
    bool have_status;
    int status;  /* wait(2) status of the init */
    bool failed; /* `failure` is to be reported instead of a start */
    struct sup_msg failure;
    bool payload_gone; /* its cgroups were empty at the init's end, and are removed */
    bool left;         /* a cgroup could not be removed */
    uint32_t oom_kills;
    int64_t started_ns, finished_ns;
    int64_t deadline_ms; /* CLOCK_MONOTONIC; 0: none */
    int64_t trim_ms;     /* when sup_trim() is due; the same */
};

/* record.c: map the record; strings point into it and stay for the process's life. 0 or -1. */
int sup_record_read(int fd, struct sup_record *out);
/* The same from data[len], which must outlive *out. */
int sup_record_take(const void *data, size_t len, struct sup_record *out);

/* mounts.c: the mount namespace for lxc-start. On failure *what names the step. 0, or -1 with
 * errno. */
int sup_mounts(struct supervisor *s, const char **what);

/* reach.c: let the root of a user namespace get to our directory; in our own mount namespace. 0, or
 * -1 with errno. */
int sup_reach(const struct supervisor *s);
/* Cover a directory by one of ours with the same entries, in which new ones can be made. 0 or -1.
 */
int sup_cover(const char *path);

/* lxc.c: start lxc-start with the shim as its init; s->lxc and s->shim are set. 0, or -1 with
 * errno. */
int sup_spawn(struct supervisor *s);
/* Whether the guard was loaded (initshim/guard): once, when the shim is there. 0, or -1 with errno.
 */
int sup_guard_check(struct supervisor *s);
/* False when lxc-start passed over a file of its configuration. Once the init is there. */
bool sup_config_taken(const struct supervisor *s);

/* leash.c: have the init and lxc-start killed should we be killed; once both are there. 0, or -1
 * with errno. */
int sup_leash(const struct supervisor *s);

/* fifo.c */
int sup_fifo_open(
    struct supervisor *s); /* make and open, after sup_mounts(); 0, or -1 with errno */
void sup_fifo_read(struct supervisor *s);  /* take all messages that are there */
void sup_fifo_brake(struct supervisor *s); /* hold LXC's next message back */
void sup_fifo_release(struct supervisor *s);

/* shim.c: messages of the shim. */
int sup_shim_bootstrap(struct supervisor *s);
void sup_shim_read(struct supervisor *s);
void sup_shim_start(struct supervisor *s);
void sup_check_created(struct supervisor *s);

/* hooks.c: what is done instead of sup_shim_bootstrap() with SF_HOOKS, and when the shim in hook
 * mode has come, the driver has run the hooks on the host (or one of them `failed`), the shim has
 * run those in the container. */
int sup_hooks_expect(struct supervisor *s); /* 0, or -1 with errno */
void sup_hooks_begin(struct supervisor *s, pid_t shim);
void sup_hooks_go(struct supervisor *s, int failed);
void sup_hooks_end(struct supervisor *s);

/* seccomp.c: remember where the listener is, after sup_mounts(); 0, or -1 with errno. Hand `fd` to
 * it, which is closed here, and let the shim go on. */
int sup_listener_open(struct supervisor *s);
void sup_listener_hand_on(struct supervisor *s, int fd, pid_t process);

/* report.c: to the driver and to clients of the control socket. */
int sup_report(struct supervisor *s, const struct sup_msg *msg, const int *fds, size_t n);
void sup_report_started(struct supervisor *s);
void sup_report_failure(struct supervisor *s);
void sup_report_exit(struct supervisor *s);
void sup_report_notified(struct supervisor *s);
void sup_fail(struct supervisor *s, uint32_t origin, int errnum, const char *detail);
void sup_driver_read(struct supervisor *s);
int sup_control_open(struct supervisor *s);
void sup_control_accept(struct supervisor *s);
void sup_client_read(struct supervisor *s, struct client *client);
void sup_clients_close(struct supervisor *s);

/*
 * notify.c: from the container's notification socket to the host's. Whether to listen to the one,
 * or to wait for room in the other; when to look again, CLOCK_MONOTONIC, 0: not by time; take what
 * is there; send what is pending; at the end, whatever is still there.
 */
bool sup_notify_listens(const struct supervisor *s);
bool sup_notify_pends(const struct supervisor *s);
int64_t sup_notify_pause_ms(const struct supervisor *s);
void sup_notify_read(struct supervisor *s);
void sup_notify_flush(struct supervisor *s);
void sup_notify_rest(struct supervisor *s);

/* drain.c: output into the log. Returns false at its end. */
bool sup_drain(struct supervisor *s);
void sup_drain_rest(struct supervisor *s);

/* end.c */
void sup_end(struct supervisor *s); /* kill the init, or lxc-start while there is none */
void sup_init_died(struct supervisor *s);
void sup_teardown(struct supervisor *s);

/* cgroups.c: remove a list of cgroup directories with all below, killing what is left in them when
 * `kill_rest`. */
/* True when none of them is left. */
bool sup_cgroups_remove(const char *const *paths, size_t n, bool kill_rest);
/* The same for those that hold nothing; no waiting. */
bool sup_cgroups_remove_empty(const char *const *paths, size_t n);
/* Kill what is in them and below, but for ourselves. */
void sup_cgroups_kill(const char *const *paths, size_t n);
/* Let what is frozen in v1 see the SIGKILL that it was sent. */
void sup_cgroups_thaw(const char *const *paths, size_t n);
uint32_t sup_oom_kills(int fd);

/* state.c: rewrite the tail of state.json; nothing when there is none yet. */
void sup_state_write(struct supervisor *s, const char *status);

/* inside.c: put a process (0: ourselves) into cgroups, as far as they are there. 0 or -1. */
int sup_cgroups_enter(const char *const *paths, size_t n, pid_t pid);
/* join the container's cgroups and namespaces. 0, or -1 with errno; *what names the step.
 * sup_come_back() returns to our own mounts, as far as paths are concerned. */
int sup_go_inside(struct supervisor *s, const char **what);
void sup_come_back(struct supervisor *s);

/* link.c: delete an interface of the network namespace that we are in; gone already is fine. */
void sup_link_delete(const char *name);

/* trim.c: give back the memory that only the start needed. */
void sup_trim(void);

/* procstat.c: a field of /proc/PID/stat from the third on, as a number; 0: unknown. */
uint64_t sup_stat_field(pid_t pid, int field);

/* clock.c */
int64_t sup_now_ms(void);      /* CLOCK_MONOTONIC */
int64_t sup_realtime_ns(void); /* CLOCK_REALTIME */

#endif
