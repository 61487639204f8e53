/*
 * liblxcdriver: run containers with LXC, in the shape of Docker's execdriver.Driver.
 *
 *     struct lxcdriver_error *err = NULL;
 *     struct lxcdriver *drv = lxcdriver_new(NULL, &err);
 *     struct lxcdriver_command *cmd = lxcdriver_command_read(json, len, &err);
 *     int status;
 *     if (lxcdriver_run(drv, cmd, &(struct lxcdriver_run_options){0}, &status, &err) < 0)
 *         fprintf(stderr, "%s\n", lxcdriver_error_message(err));
 *
 * Conventions: a function that can fail returns 0, or -1 with *err set to an error that the caller
 * frees with lxcdriver_error_free(); err itself may be NULL. Pointers returned through an out
 * parameter belong to the caller. Strings are UTF-8. A `struct lxcdriver` may be used by one thread
 * at a time; several may exist. The library starts no threads, installs no signal handlers and
 * changes neither working directory nor umask. A container outlives the library's objects; it is
 * found again by its id under the root directory.
 */
#ifndef LXCDRIVER_H
#define LXCDRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lxcdriver;
struct lxcdriver_command;
struct lxcdriver_error;

/* ---- errors ---- */

/* One sentence without a newline; never NULL. Valid until the error is freed. */
const char *lxcdriver_error_message(const struct lxcdriver_error *err);
/* The errno behind it, or 0. */
int lxcdriver_error_errno(const struct lxcdriver_error *err);
/* What `docker run` would exit with: 125 the driver failed, 126 the command cannot be executed, 127
 * it was not found. */
int lxcdriver_error_exit_code(const struct lxcdriver_error *err);
void lxcdriver_error_free(struct lxcdriver_error *err);

/* ---- the driver ---- */

/* A driver that keeps its containers under `root` (absolute; NULL: as /etc/runlxc/runlxc.conf says,
 * /run/runlxc by default). The directory is made with mode 0711 when the first container is. */
struct lxcdriver *lxcdriver_new(const char *root, struct lxcdriver_error **err);
void lxcdriver_free(struct lxcdriver *drv);
/* How much lxc-start writes to <root>/<id>/lxc.log, and of which things on_warning is told:
 * "debug", "info", "warning" (the default, unless configured otherwise) or "error". */
int lxcdriver_set_log_level(struct lxcdriver *drv, const char *level, struct lxcdriver_error **err);
/* Who is told, in a sentence, of what does not keep a container from being removed: a poststop hook
 * that failed. NULL: nobody. */
void lxcdriver_on_warning(struct lxcdriver *drv, void (*warn)(void *opaque, const char *message),
                          void *opaque);
/* "runlxc <version>"; static. */
const char *lxcdriver_name(void);
const char *lxcdriver_version(void);

/* ---- commands ---- */

/* Read Docker's execdriver Command (JSON, `len` bytes). Unless it is privileged it gets the
 * built-in seccomp filter. NULL on error. */
struct lxcdriver_command *lxcdriver_command_read(const char *json, size_t len,
                                                 struct lxcdriver_error **err);
/* Add a raw LXC key; it is checked by liblxc when the container is made. */
int lxcdriver_command_lxc_conf(struct lxcdriver_command *cmd, const char *key, const char *value,
                               struct lxcdriver_error **err);
const char *lxcdriver_command_id(const struct lxcdriver_command *cmd);
/* Whether its process has a terminal. */
bool lxcdriver_command_terminal(const struct lxcdriver_command *cmd);
void lxcdriver_command_free(struct lxcdriver_command *cmd);

/* ---- run ---- */

enum lxcdriver_event {
    LXCDRIVER_EVENT_END = -1, /* end the container (or the process of an exec) */
    LXCDRIVER_EVENT_GO_ON = 0,
    LXCDRIVER_EVENT_IGNORE = 1, /* watch the descriptor no longer */
    /* let the container go on by itself, its further output in <root>/<id>/log */
    LXCDRIVER_EVENT_DETACH = 2
};

/* What *status is when the container was let go before its end. */
#define LXCDRIVER_DETACHED (-1)

struct lxcdriver_restore_options;
struct lxcdriver_run_options {
    /* The workload's stdin, stdout, stderr: descriptors of the caller's that are passed on (not
     * closed here); 0 in `use_stdio` gives /dev/null. With a terminal they are not used. */
    bool use_stdio;
    int stdio[3];
    /* Terminal: the pty's master is handed to `on_console`, which owns it. */
    void (*on_console)(void *opaque, int master);
    /* Called when the workload is running, with its pid in the caller's pid namespace. */
    void (*on_start)(void *opaque, pid_t pid);
    /* Called each time the kernel reports an OOM kill in the container. */
    void (*on_oom)(void *opaque);
    /* Called with a sentence for each thing that this host could not give, such as a capability. */
    void (*on_warning)(void *opaque, const char *message);
    /* Called when `stdio` has been handed over: the caller may close his copies, so that he sees
     * the container close its own. */
    void (*on_handed_over)(void *opaque);
    /* A descriptor of the caller's to watch while waiting: on_event is called when it is readable
     * and returns an enum lxcdriver_event. An epoll(7) descriptor makes it any number. */
    int event_fd_plus_one; /* 0: none, else descriptor + 1 */
    int (*on_event)(void *opaque, int fd);
    void *opaque;
    /* Return after the start; the container goes on by itself, its output in <root>/<id>/log. Its
     * supervisor is a child of the caller's, to be reaped when it ends. */
    bool detach;
    /* With `detach`: `stdio` is the container's own, and a terminal's master goes to on_console. No
     * log is kept. */
    bool keep_stdio;
    /* Called when the container has been created and its command waits for the start: pids of its
     * init and of its supervisor, in the caller's namespace. 0, or -1 to give it up, with *err. */
    int (*on_created)(void *opaque, pid_t init, pid_t supervisor, struct lxcdriver_error **err);
    const int *preserve; /* the caller's descriptors that the workload finds as 3, 4, ...; not
                            closed here */
    size_t n_preserve;
    bool remove;         /* remove all records when it has ended, also when this process is gone */
    int start_timeout_s; /* 0: 30 */
    /* The service manager's socket (sd_notify(3), what NOTIFY_SOCKET says); NULL: none. The
     * container has one of its own, and what it says there of its state is passed on; with `detach`
     * lxcdriver_run() returns when it is ready, or has ended. One that nobody listens on is a
     * warning. */
    const char *notify_socket;
    const struct lxcdriver_restore_options *restore; /* lxcdriver_restore() sets it */
};

/* Create and start a container, wait for its end (unless `detach`). *status is a wait(2) status. */
int lxcdriver_run(struct lxcdriver *drv, struct lxcdriver_command *cmd,
                  const struct lxcdriver_run_options *options, int *status,
                  struct lxcdriver_error **err);

/* What an engine's command line says beside the bundle (runc's and crun's options). */
struct lxcdriver_bundle_options {
    bool systemd_cgroup; /* linux.cgroupsPath is slice:prefix:name */
    bool no_new_keyring; /* the container keeps the caller's session keyring */
    int listen_fds; /* sd_listen_fds(3): how many of the preserved descriptors the environment is to
                       tell of */
};
/* Read the bundle's config.json (OCI runtime specification 1.0 to 1.3, config.md). `bundle` is a
 * directory; on_warning of `options` is told what is ignored. NULL on error, which gives the
 * member's path and value. */
struct lxcdriver_command *
lxcdriver_bundle_read(struct lxcdriver *drv, const char *id, const char *bundle,
                      const struct lxcdriver_bundle_options *bundle_options,
                      const struct lxcdriver_run_options *options, struct lxcdriver_error **err);

/*
 * Create a container; lxcdriver_start() runs its command (runtime.md, "Lifecycle"). As
 * lxcdriver_run with `detach` and `keep_stdio`: from the return on only its supervisor is there, a
 * child of the caller's that ends with the status of the container, as a shell would give it. What
 * an engine derives from that pid (namespaces, cgroups, root directory) is the container's. The
 * cgroups are left until lxcdriver_clean().
 */
int lxcdriver_create(struct lxcdriver *drv, struct lxcdriver_command *cmd,
                     const struct lxcdriver_run_options *options, struct lxcdriver_error **err);
/* Run the command of a created container; returns when it has been executed. 0, or -1 with an error
 * whose exit code is 126 or 127 when it could not be. */
int lxcdriver_start(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err);
/* The same, but with a service manager's socket (not NULL) it returns when the command is ready, or
 * has ended. An error before the start when the container was created without such a socket. */
int lxcdriver_start_ready(struct lxcdriver *drv, const char *id, const char *notify_socket,
                          struct lxcdriver_error **err);

/* Wait for the end of a container that any process started; *status is a wait(2) status. Not
 * polled. */
int lxcdriver_wait(struct lxcdriver *drv, const char *id, int *status,
                   struct lxcdriver_error **err);

/* ---- exec ---- */

/* The object "process" of the OCI runtime specification (config.md, "Process"), read and checked.
 * NULL on error. */
struct lxcdriver_process_spec;
struct lxcdriver_process_spec *lxcdriver_process_read(const char *json, size_t len,
                                                      struct lxcdriver_error **err);
/* Whether it has a terminal. */
bool lxcdriver_process_terminal(const struct lxcdriver_process_spec *spec);
void lxcdriver_process_free(struct lxcdriver_process_spec *spec);

struct lxcdriver_process {
    const char *const *args; /* NULL-terminated, at least one */
    const char *const *env;  /* NULL-terminated "K=V" added to the container's; may be NULL */
    const char *user;        /* "name|uid[:group|gid]"; NULL: the container's, with its groups */
    const char *cwd;         /* absolute; NULL: the container's */
    const uint32_t *additional_gids; /* groups beside those of the user */
    size_t n_additional_gids;
    const char *const *caps; /* NULL-terminated names, added to the container's; may be NULL */
    const char *apparmor_profile, *selinux_label; /* NULL: the container's */
    bool tty;
    bool privileged;   /* every capability that the container could have */
    bool no_new_privs; /* even where the container's own process may gain some */
    /* Instead of all members above. What it does not say of capabilities, limits, labels and
     * the OOM score is the container's; the environment is its own alone. NULL: none. */
    const struct lxcdriver_process_spec *spec;
    bool detach;     /* do not wait */
    bool paused_too; /* in a paused container as well: the process then begins, and this call
                        returns, when it goes on */
    /* NULL-terminated "[CONTROLLER[,CONTROLLER...]:]PATH": existing cgroups below the container's
     * that the process begins in; a PATH alone is for every hierarchy. May be NULL. */
    const char *const *sub_cgroups;
    const int *preserve; /* the caller's descriptors that the process finds as 3, 4, ...; not closed
                            here */
    size_t n_preserve;
};

/* Run one more process in a running container, inside all its namespaces and cgroups. Only stdio,
 * on_console, on_start, on_warning, on_handed_over, on_event and opaque of the options are used.
 * *status as for lxcdriver_run; may be NULL with `detach`. The process is the caller's child;
 * detached he has to reap it: until then the container's init cannot end (pid_namespaces(7)). */
int lxcdriver_exec(struct lxcdriver *drv, const char *id, const struct lxcdriver_process *process,
                   const struct lxcdriver_run_options *options, int *status,
                   struct lxcdriver_error **err);

/* ---- acting on containers ---- */

/* The number of a signal by name or number: "SIGTERM", "term", "15", "RTMIN+3"; -1 on error. */
int lxcdriver_signal_number(const char *name, struct lxcdriver_error **err);
/* Send a signal to the container's init; with `all` to every process in its cgroups. */
int lxcdriver_kill(struct lxcdriver *drv, const char *id, int signum, bool all,
                   struct lxcdriver_error **err);
/* Freeze / thaw every process; done when the kernel says so. */
int lxcdriver_pause(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err);
int lxcdriver_unpause(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err);
/*
 * Change the resources of a container that is created, running or paused. `json` is an object as
 * "linux.resources" of the OCI runtime specification (config-linux.md, "Control groups"), `len`
 * bytes; what it leaves out stays, as does what it says with a zero that could mean no limit (see
 * runlxc(8), update). Either all of it is done or, as far as the kernel lets itself be asked for
 * the values before, none. Rules of devices that are not those in force are set on cgroup v1 and
 * refused on v2. With memory.checkBeforeUpdate a limit below what is in use now is refused. 0 or
 * -1.
 */
int lxcdriver_update(struct lxcdriver *drv, const char *id, const char *json, size_t len,
                     struct lxcdriver_error **err);
/* Send the stop signal (0: the container's), wait `timeout_s` seconds for the end, then SIGKILL;
 * returns when it has ended. */
int lxcdriver_terminate(struct lxcdriver *drv, const char *id, int signum, int timeout_s,
                        struct lxcdriver_error **err);
/* Remove what is left of a container that has stopped, was never started or has lost its
 * supervisor; with `force` end any other first. Never fails for what is already gone. */
int lxcdriver_clean(struct lxcdriver *drv, const char *id, bool force,
                    struct lxcdriver_error **err);

struct lxcdriver_checkpoint_options {
    const char *image_dir;   /* absolute; made when it is missing */
    const char *parent_dir;  /* of an earlier pre-dump, relative to image_dir; NULL: none */
    const char *page_server; /* "ADDRESS:PORT" to send memory to; NULL: into image_dir */
    bool pre_dump;           /* memory only; the container goes on */
    bool leave_running;      /* the container goes on afterwards */
    bool ext_unix_sk, shell_job, auto_dedup; /* CRIU's options of these names */
};
/*
 * Write a running container down, by liblxc and CRIU, whose log is in image_dir. It ends and is
 * removed unless one of the options lets it go on. TCP connections and file locks are written down
 * too, cgroups with their settings. 0, or -1 with CRIU's reason; the container then goes on.
 */
int lxcdriver_checkpoint(struct lxcdriver *drv, const char *id,
                         const struct lxcdriver_checkpoint_options *options,
                         struct lxcdriver_error **err);

struct lxcdriver_restore_options {
    const char *image_dir;                   /* absolute: what lxcdriver_checkpoint() has written */
    bool ext_unix_sk, shell_job, auto_dedup; /* CRIU's options of these names */
};
/*
 * Bring back what a checkpoint has written, by liblxc and CRIU, as a container of the command's: as
 * lxcdriver_run(), with the command's id, root filesystem, cgroups and network namespace. Its
 * processes go on where they were; its standard streams are those of the options. Refused are
 * terminals, user namespaces, other namespaces that are there already, and hooks that belong to a
 * start. 0, or -1 with CRIU's reason.
 */
int lxcdriver_restore(struct lxcdriver *drv, struct lxcdriver_command *cmd,
                      const struct lxcdriver_restore_options *restore,
                      const struct lxcdriver_run_options *options, int *status,
                      struct lxcdriver_error **err);

/* ---- launching by flags: what `lxc-launch` is made of ---- */

struct lxcdriver_launch;

/* What the command line says beyond the container itself; strings belong to the launch. */
struct lxcdriver_launch_options {
    bool interactive, tty, detach, remove, dry_run, help, version;
    const char *image;        /* as given; NULL with command_file */
    const char *command_file; /* --command FILE, "-" is standard input */
    const char *root;         /* --root, or NULL */
    const char *log_level;    /* --log-level, or NULL */
    const char *detach_keys;  /* or NULL */
    const char *name;         /* the container's id */
    int start_timeout_s;      /* 0: the configured */
};

/* What an image says of the containers made of it. Lists are NULL-terminated or NULL. */
struct lxcdriver_image {
    const char *const *layers; /* one directory, or overlay layers with the uppermost first */
    bool shared; /* the layers are not the container's own: changes go to a throw-away layer */
    const char *const *env, *const *entrypoint, *const *cmd;
    const char *workdir, *user, *stop_signal;
};

/* Read a command line (argv[0] is the program). NULL on error. */
struct lxcdriver_launch *lxcdriver_launch_read(int argc, char **argv, struct lxcdriver_error **err);
void lxcdriver_launch_free(struct lxcdriver_launch *launch);
void lxcdriver_launch_options(const struct lxcdriver_launch *launch,
                              struct lxcdriver_launch_options *out);
/* Complete the command with what the image says; flags win over it. */
int lxcdriver_launch_image(struct lxcdriver_launch *launch, const struct lxcdriver_image *image,
                           struct lxcdriver_error **err);
/* The command, owned by the launch. */
struct lxcdriver_command *lxcdriver_launch_command(struct lxcdriver_launch *launch);
/* The text of --help; heap. NULL when out of memory. */
char *lxcdriver_launch_help(void);
/* The LXC configuration that a command would get on this host; nothing is made or started. Heap
 * text, NULL on error. */
char *lxcdriver_dry_run(struct lxcdriver *drv, struct lxcdriver_command *cmd,
                        struct lxcdriver_error **err);

/* ---- looking ---- */

enum lxcdriver_state {
    LXCDRIVER_CREATING,
    LXCDRIVER_CREATED,
    LXCDRIVER_RUNNING,
    LXCDRIVER_PAUSED,
    LXCDRIVER_STOPPED
};

struct lxcdriver_info {
    char *id;
    enum lxcdriver_state state;
    pid_t pid; /* of the init; 0 when it has ended */
    pid_t supervisor_pid;
    /* clock ticks since boot, field 22 of /proc/PID/stat: tells a reused pid apart */
    uint64_t start_time;
    int64_t created_ns, started_ns, finished_ns; /* CLOCK_REALTIME; 0: not yet */
    int exit_status; /* wait(2) status; valid when stopped and `exited` */
    bool exited, oom_killed;
    char *bundle, *rootfs;
};

int lxcdriver_get_info(struct lxcdriver *drv, const char *id, struct lxcdriver_info *info,
                       struct lxcdriver_error **err);
void lxcdriver_info_clear(struct lxcdriver_info *info);
/* The whole state.json with the current status filled in; heap text. NULL on error. */
char *lxcdriver_state_json(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err);
/* Ids of all containers under the root, sorted, NULL-terminated; free with
 * lxcdriver_strings_free(). NULL on error. */
char **lxcdriver_list(struct lxcdriver *drv, struct lxcdriver_error **err);
void lxcdriver_strings_free(char **strings);
/* Pids (caller's namespace) of every process in the container; *n of them, heap array. */
int lxcdriver_pids(struct lxcdriver *drv, const char *id, pid_t **pids, size_t *n,
                   struct lxcdriver_error **err);

/* Numbers of the cgroup controllers; LXCDRIVER_NO_VALUE where this host has none. */
#define LXCDRIVER_NO_VALUE UINT64_MAX
struct lxcdriver_stats {
    uint64_t read_ns;                                  /* CLOCK_REALTIME of the reading */
    uint64_t cpu_total_ns, cpu_user_ns, cpu_system_ns; /* CPU time used */
    uint64_t cpu_periods, cpu_throttled_periods, cpu_throttled_ns;
    /* bytes */
    uint64_t memory_usage, memory_max_usage, memory_limit, memory_cache, memory_rss, memory_swap;
    uint64_t memory_failcnt, memory_oom_kills;
    uint64_t blkio_read_bytes, blkio_write_bytes, blkio_read_ops, blkio_write_ops;
    uint64_t pids_current, pids_limit;
    /* all interfaces but lo */
    uint64_t net_rx_bytes, net_rx_packets, net_rx_errors, net_rx_dropped;
    uint64_t net_tx_bytes, net_tx_packets, net_tx_errors, net_tx_dropped;
};
int lxcdriver_get_stats(struct lxcdriver *drv, const char *id, struct lxcdriver_stats *stats,
                        struct lxcdriver_error **err);

/*
 * All that is counted for a running container, as the "data" of runc's "events --stats": cpu,
 * cpuset, memory, pids, blkio, hugetlb, intel_rdt, network_interfaces; nanoseconds and bytes. JSON
 * on one line, heap; NULL on error.
 */
char *lxcdriver_stats_json(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err);

/* A descriptor that becomes readable when an OOM kill may have happened in the running container,
 * and when its cgroup goes: read it with a buffer of 4096 bytes (what comes is an eventfd's count
 * or inotify events) and look at lxcdriver_get_stats(). The caller closes it. -1 on error. */
int lxcdriver_oom_fd(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err);

/* ---- the host ---- */

/*
 * What this host can do for whoever calls, and what is missing, as JSON: an object with "version",
 * "canRun" (nothing is missing that every container needs), "uid", "rootless" and "sections", each
 * with "name", "title" and "items": "name", "status" (ok, limited, off or missing), "required",
 * "detail" and, for what is not ok, "advice", the command or setting that mends it. `root` as for
 * lxcdriver_new(). Nothing is changed; it takes up to some seconds, and works without root and
 * with settings that cannot be read. Heap; NULL when memory ran out.
 */
char *lxcdriver_check_json(const char *root, struct lxcdriver_error **err);

#ifdef __cplusplus
}
#endif

#endif
