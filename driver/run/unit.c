/*
 * A container's cgroup as a unit of systemd's. LXC makes the container's own directory itself, and
 * on v2 a cgroup with others in it can have no processes; so the container is in a directory below
 * the unit's, as crun has it too:
 *
 *     system.slice/docker-3c1f.scope              the unit: its properties limit what is in it
 *     system.slice/docker-3c1f.scope/container    the container, with the same limits in its files
 *
 * A unit that is to begin has to have a process, and ends with its last one. The supervisor would
 * not do: lxc-start, which it starts, would take of the container's memory and tasks. So a child of
 * ours that does nothing is the first, until LXC has put the container beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "config/unit.h"
#include "host/systemd.h"
#include "run/run.h"

#define PAYLOAD "container"
#define HOLDER "start" /* where our child is meanwhile */
#define PROC_DEVICES_MAX (256 << 10)
#define STOP_LIMIT_S 30

/* ---- the process that holds it ---- */

/* Async-signal-safe: others may have threads. It ends with the other end of the pipe, so with us,
 * and by any signal. */
__attribute__((noreturn)) static void hold(int pipe_end)
{
    sigset_t none;
    char c;

    setsid();
    prctl(PR_SET_NAME, "runlxc-hold", 0, 0, 0);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(pipe_end, 0) < 0)
        _exit(1);
    close_range(1, ~0U, 0);
    while (read(0, &c, 1) < 0 && errno == EINTR)
        ;
    _exit(0);
}

static int hold_start(struct launch *l, struct lxcdriver_error **err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    l->unit_holder = fork();
    if (l->unit_holder == 0)
        hold(ends[0]);
    close(ends[0]);
    l->unit_hold = ends[1];
    if (l->unit_holder < 0) {
        l->unit_holder = 0;
        return err_sys(err, errno, "start a process for the unit");
    }
    return 0;
}

/* On v2 controllers cannot be handed on to the container's directory as long as a process is in
 * the unit's own. */
static int hold_aside(const struct launch *l, const struct cgroup_dirs *unit,
                      struct lxcdriver_error **err)
{
    cleanup_free char *dir = NULL, *procs = NULL;
    char pid[24];

    if (l->layout.mode != CGROUP_V2 || l->unit_holder == 0)
        return 0;
    dir = str_printf("%s/" HOLDER, unit->dirs[0].path);
    procs = dir ? str_printf("%s/cgroup.procs", dir) : NULL;
    if (!procs)
        return err_nomem(err);
    snprintf(pid, sizeof(pid), "%d", (int)l->unit_holder);
    if ((mkdir(dir, 0755) < 0 && errno != EEXIST) || fs_write_existing(AT_FDCWD, procs, pid) < 0)
        return err_sys(err, errno, "make %s", dir);
    return 0;
}

/* Path of the unit's own directory around one of the container's; heap. */
static char *around(const char *payload)
{
    const char *slash = strrchr(payload, '/');

    return slash && str_eq(slash + 1, PAYLOAD) ? strndup(payload, (size_t)(slash - payload)) : NULL;
}

void unit_release(struct launch *l)
{
    cleanup_free char *unit = NULL, *dir = NULL;

    if (l->unit_holder == 0)
        return;
    close_fd(&l->unit_hold);
    while (waitpid(l->unit_holder, NULL, 0) < 0 && errno == EINTR)
        ;
    l->unit_holder = 0;
    if (l->layout.mode != CGROUP_V2 || l->payload.n == 0)
        return;
    /* One that stays is systemd's to remove with the rest. */
    unit = around(l->payload.dirs[0].path);
    dir = unit ? str_printf("%s/" HOLDER, unit) : NULL;
    if (dir)
        rmdir(dir);
}

/* ---- making it ---- */

struct plan {
    struct unit_name name;
    struct cgroup_values values;
    struct unit_properties props;
    struct unit_facts facts;
    char *proc_devices;
};

static void plan_clear(struct plan *plan)
{
    unit_name_clear(&plan->name);
    cgroup_values_clear(&plan->values);
    unit_properties_clear(&plan->props);
    free(plan->proc_devices);
}
#define cleanup_plan __attribute__((cleanup(plan_clear)))

/* Without it a driver's devices are named by all of their type. */
static void read_devices(struct plan *plan)
{
    if (fs_read_at(AT_FDCWD, "/proc/devices", PROC_DEVICES_MAX, &plan->proc_devices, NULL) == 0)
        plan->facts.proc_devices = plan->proc_devices;
}

static int make_properties(const struct launch *l, struct plan *plan, struct lxcdriver_error **err)
{
    const struct config_facts facts = {
        .cgroup_mode = l->layout.mode,
        .v1_controllers = &l->layout.v1_controllers,
        .v2_controllers = &l->layout.v2_controllers,
    };

    read_devices(plan);
    plan->facts.v2 = l->layout.mode == CGROUP_V2;
    plan->facts.allowed = &l->drv->conf.annotation_systemd_properties;
    if (cgroup_values_make(l->cmd, &facts, &plan->values, err) < 0)
        return -1;
    return unit_properties_make(l->cmd, &plan->name, &plan->values, &plan->facts, &plan->props,
                                err);
}

/* Where systemd has put it, which for some names is not where it would be looked for. */
static int find_cgroup(struct launch *l, struct systemd *sd, struct lxcdriver_error **err)
{
    cleanup_free char *cgroup = systemd_cgroup(sd, l->unit, err), *relative = NULL;
    struct cgroup_dirs unit = {0};
    int rc;

    relative = cgroup ? cgroup_relative(&l->layout, cgroup, err) : NULL;
    if (!relative || cgroup_dirs_of(&l->layout, relative, &unit, err) < 0)
        return -1;
    rc = hold_aside(l, &unit, err);
    cgroup_dirs_clear(&unit);
    if (rc < 0)
        return -1;
    l->cgroup_container = str_printf("%s/" PAYLOAD, relative);
    return l->cgroup_container ? 0 : err_nomem(err);
}

static int start(struct launch *l, struct plan *plan, struct lxcdriver_error **err)
{
    cleanup_systemd struct systemd *sd = systemd_open(systemd_for_user(), err);

    if (!sd)
        return -1;
    plan->facts.version = systemd_version(sd);
    if (make_properties(l, plan, err) < 0)
        return -1;
    if (!plan->name.is_slice &&
        (hold_start(l, err) < 0 ||
         (unit_add_pid(&plan->props, l->unit_holder) < 0 && err_nomem(err) < 0)))
        return -1;
    if (systemd_start(sd, plan->name.unit, &plan->props, (int)l->drv->conf.start_timeout_s, err) <
        0)
        return -1;
    l->unit = steal_ptr(&plan->name.unit);
    return unit_reach_start(l, sd, err) < 0 ? -1 : find_cgroup(l, sd, err);
}

int launch_unit(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    cleanup_plan struct plan plan = {.facts.version = UINT_MAX};
    cleanup_free char *cgroup = NULL;

    if (unit_name_make(l->cmd, systemd_for_user(), &plan.name, err) < 0)
        return -1;
    if (!systemd_booted())
        return err_set(err, "--systemd-cgroup: systemd does not run on this host");
    if (!look_only)
        return start(l, &plan, err) < 0 ? err_wrap(err, "--systemd-cgroup") : 0;
    if (make_properties(l, &plan, err) < 0)
        return -1;
    cgroup = unit_cgroup(&plan.name);
    l->cgroup_container = cgroup ? str_printf("%s/" PAYLOAD, cgroup) : NULL;
    return l->cgroup_container ? 0 : err_nomem(err);
}

/* ---- its end ---- */

static bool any_left(const struct cgroup_dirs *payload)
{
    for (size_t i = 0; i < payload->n; i++) {
        cleanup_free char *unit = around(payload->dirs[i].path);

        if (unit && access(unit, F_OK) == 0)
            return true;
    }
    return false;
}

/* systemd removes its own; in the v1 hierarchies that it has nothing to do with LXC has made the
 * same path. */
static void remove_around(const struct cgroup_dirs *payload)
{
    for (size_t i = 0; i < payload->n; i++) {
        cleanup_free char *unit = around(payload->dirs[i].path);

        if (unit)
            rmdir(unit);
    }
}

int unit_remove(const char *unit, const struct cgroup_dirs *payload, struct lxcdriver_error **err)
{
    cleanup_systemd struct systemd *sd = NULL;
    struct lxcdriver_error *cause = NULL;
    int rc = 0;

    sd = systemd_open(systemd_for_user(), &cause);
    if (sd)
        rc = systemd_stop(sd, unit, STOP_LIMIT_S, &cause);
    else
        rc = any_left(payload) ? -1 : 0; /* an empty unit ends by itself */
    remove_around(payload);
    if (rc < 0 && err)
        *err = steal_ptr(&cause);
    err_free(&cause);
    return rc;
}

/* ---- changing it ---- */

/*
 * v1 takes a quota below another only when it is not above that: what grows has to grow in the unit
 * first, and what shrinks in the container. In v2 every order works, and a value that a file
 * refuses is then not the unit's either.
 */
int unit_write(const char *unit, const struct cgroup_dirs *dirs, const struct cgroup_values *values,
               const struct command *cmd, bool v2, bool devices, struct lxcdriver_error **err)
{
    cleanup_systemd struct systemd *sd = systemd_open(systemd_for_user(), err);
    cleanup_plan struct plan plan = {.facts.v2 = v2};

    if (!sd)
        return -1;
    plan.facts.version = systemd_version(sd);
    read_devices(&plan);
    if (unit_resources(values, cmd->supervisor_inside, &plan.facts, &plan.props, err) < 0 ||
        (devices && unit_devices(cmd, &plan.facts, &plan.props, err) < 0))
        return -1;
    if (!v2 && systemd_set(sd, unit, &plan.props, err) < 0)
        return -1;
    if (cgroup_write(dirs, values, err) < 0)
        return -1;
    return plan.props.n ? systemd_set(sd, unit, &plan.props, err) : 0;
}
