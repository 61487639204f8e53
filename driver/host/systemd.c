#include "host/systemd.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/rootless.h"

#define LIBRARY "libsystemd.so.0"
#define SERVICE "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"
#define CALL_LIMIT_USEC (UINT64_C(30) * 1000000)

/* ---- the library ---- */

#define FUNCTIONS(X)                                                                               \
    X(sd_bus_open_system)                                                                          \
    X(sd_bus_open_user)                                                                            \
    X(sd_bus_flush_close_unref)                                                                    \
    X(sd_bus_set_method_call_timeout)                                                              \
    X(sd_bus_match_signal_async)                                                                   \
    X(sd_bus_message_new_method_call)                                                              \
    X(sd_bus_message_append_basic)                                                                 \
    X(sd_bus_message_open_container)                                                               \
    X(sd_bus_message_close_container)                                                              \
    X(sd_bus_message_read_basic)                                                                   \
    X(sd_bus_message_unref)                                                                        \
    X(sd_bus_call)                                                                                 \
    X(sd_bus_process)                                                                              \
    X(sd_bus_wait)                                                                                 \
    X(sd_bus_get_property_string)                                                                  \
    X(sd_bus_path_encode)                                                                          \
    X(sd_bus_error_free)

#define DECLARE(name) static __typeof__(name) *p_##name;
FUNCTIONS(DECLARE)

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static void *library;

static int find(const char *name, void *to, struct lxcdriver_error **err)
{
    void *symbol = dlsym(library, name);

    if (!symbol)
        return err_set(err, LIBRARY " has no %s", name);
    /* A pointer to data holds one to a function on every system that has dlsym(3). */
    memcpy(to, &symbol, sizeof(symbol));
    return 0;
}

static int find_all(struct lxcdriver_error **err)
{
#define FIND(name)                                                                                 \
    if (find(#name, &p_##name, err) < 0)                                                           \
        return -1;
    FUNCTIONS(FIND)
    return 0;
}

/* It stays loaded: what it has allocated for itself has destructors in it. */
static int load(struct lxcdriver_error **err)
{
    int rc = 0;

    pthread_mutex_lock(&loading);
    if (!library) {
        library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!library)
            rc = err_set(err, "systemd is spoken to by libsystemd: %s", dlerror());
        else if ((rc = find_all(err)) < 0)
            library = NULL;
    }
    pthread_mutex_unlock(&loading);
    return rc;
}

/* ---- the connection ---- */

struct systemd {
    sd_bus *bus;
    char job[256];   /* object path of the job that is waited for */
    char result[32]; /* how it ended; "": not yet */
};

bool systemd_booted(void)
{
    struct stat st;

    return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

bool systemd_for_user(void)
{
    return geteuid() != 0 || rootless();
}

/* Called for every job that ends, whoever asked for it. */
static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    struct systemd *sd = userdata;
    const char *job = NULL, *unit = NULL, *result = NULL;
    uint32_t id;

    (void)error;
    if (p_sd_bus_message_read_basic(m, 'u', &id) > 0 &&
        p_sd_bus_message_read_basic(m, 'o', &job) > 0 &&
        p_sd_bus_message_read_basic(m, 's', &unit) > 0 &&
        p_sd_bus_message_read_basic(m, 's', &result) > 0 && strcmp(job, sd->job) == 0)
        snprintf(sd->result, sizeof(sd->result), "%s", result);
    return 0;
}

struct systemd *systemd_open(bool user, struct lxcdriver_error **err)
{
    cleanup_systemd struct systemd *sd = NULL;
    int code;

    if (load(err) < 0)
        return NULL;
    sd = calloc(1, sizeof(*sd));
    if (!sd) {
        err_nomem(err);
        return NULL;
    }
    code = user ? p_sd_bus_open_user(&sd->bus) : p_sd_bus_open_system(&sd->bus);
    if (code < 0) {
        err_sys(err, -code, "connect to the %s bus, by which systemd is reached",
                user ? "user's" : "system's");
        return NULL;
    }
    /* The match is in force before whatever is called next on the same connection. */
    code = p_sd_bus_set_method_call_timeout(sd->bus, CALL_LIMIT_USEC);
    if (code >= 0)
        code = p_sd_bus_match_signal_async(sd->bus, NULL, SERVICE, OBJECT, MANAGER, "JobRemoved",
                                           on_job_removed, NULL, sd);
    if (code < 0) {
        err_sys(err, -code, "listen to systemd");
        return NULL;
    }
    return steal_ptr(&sd);
}

void systemd_close(struct systemd *sd)
{
    if (!sd)
        return;
    if (sd->bus)
        p_sd_bus_flush_close_unref(sd->bus);
    free(sd);
}

void systemd_closep(struct systemd **sd)
{
    systemd_close(*sd);
}

/* ---- messages ---- */

static void message_unref(sd_bus_message **m)
{
    if (*m)
        p_sd_bus_message_unref(*m);
}
#define cleanup_message __attribute__((cleanup(message_unref)))

static void error_free(sd_bus_error *error)
{
    p_sd_bus_error_free(error);
}
#define cleanup_error __attribute__((cleanup(error_free)))

static int new_call(struct systemd *sd, const char *method, sd_bus_message **m)
{
    return p_sd_bus_message_new_method_call(sd->bus, m, SERVICE, OBJECT, MANAGER, method);
}

/* The number in the form in which sd-bus takes one of the type. */
static int append_number(sd_bus_message *m, char type, uint64_t number)
{
    union {
        uint8_t y;
        uint16_t q;
        uint32_t u;
        int b;
        uint64_t t;
        double d;
    } value = {.t = number};

    switch (type) {
    case 'y':
        value.y = (uint8_t)number;
        break;
    case 'n':
    case 'q':
        value.q = (uint16_t)number;
        break;
    case 'b':
        value.b = number != 0;
        break;
    case 'i':
    case 'u':
        value.u = (uint32_t)number;
        break;
    default:
        break;
    }
    return p_sd_bus_message_append_basic(m, type, &value);
}

static int append_step(sd_bus_message *m, const struct unit_step *step)
{
    switch (step->kind) {
    case '(':
        return p_sd_bus_message_open_container(m, SD_BUS_TYPE_STRUCT, step->text);
    case 'a':
        return p_sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, step->text);
    case ')':
        return p_sd_bus_message_close_container(m);
    case 's':
    case 'o':
    case 'g':
        return p_sd_bus_message_append_basic(m, step->kind, step->text);
    default:
        return append_number(m, step->kind, step->number);
    }
}

static int append_property(sd_bus_message *m, const struct unit_property *prop)
{
    int code = p_sd_bus_message_open_container(m, SD_BUS_TYPE_STRUCT, "sv");

    if (code >= 0)
        code = p_sd_bus_message_append_basic(m, 's', prop->name);
    if (code >= 0)
        code = p_sd_bus_message_open_container(m, SD_BUS_TYPE_VARIANT, prop->signature);
    for (size_t i = 0; code >= 0 && i < prop->n; i++)
        code = append_step(m, &prop->steps[i]);
    if (code >= 0)
        code = p_sd_bus_message_close_container(m);
    return code < 0 ? code : p_sd_bus_message_close_container(m);
}

static int append_properties(sd_bus_message *m, const struct unit_properties *props,
                             struct lxcdriver_error **err)
{
    int code = p_sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "(sv)");

    for (size_t i = 0; code >= 0 && i < props->n; i++) {
        code = append_property(m, &props->items[i]);
        if (code < 0)
            return err_sys(err, -code, "property %s", props->items[i].name);
    }
    if (code >= 0)
        code = p_sd_bus_message_close_container(m);
    return code < 0 ? err_sys(err, -code, "write to systemd") : 0;
}

/* What systemd says, or the bus. */
static int refused(struct lxcdriver_error **err, int code, const sd_bus_error *error,
                   const char *what, const char *unit)
{
    if (!error->message)
        return err_sys(err, -code, "%s %s", what, unit);
    err_set(err, "%s %s: systemd: %s", what, unit, error->message);
    if (err && *err)
        (*err)->errno_code = -code;
    return -1;
}

static bool is_error(const sd_bus_error *error, const char *name)
{
    return error->name && strcmp(error->name, name) == 0;
}

/* ---- jobs ---- */

static uint64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Until the job that the reply names has ended. */
static int wait_for_job(struct systemd *sd, sd_bus_message *reply, int timeout_s, const char *what,
                        const char *unit, struct lxcdriver_error **err)
{
    uint64_t deadline = now_usec() + (uint64_t)timeout_s * 1000000;
    const char *job = NULL;
    int code = p_sd_bus_message_read_basic(reply, 'o', &job);

    if (code <= 0)
        return err_sys(err, code < 0 ? -code : EBADMSG, "%s %s: systemd's answer", what, unit);
    snprintf(sd->job, sizeof(sd->job), "%s", job);
    sd->result[0] = '\0';
    while (!sd->result[0]) {
        uint64_t now = now_usec();

        code = p_sd_bus_process(sd->bus, NULL);
        if (code == 0 && now >= deadline)
            return err_sys(err, ETIMEDOUT, "%s %s: not done by systemd in %d seconds", what, unit,
                           timeout_s);
        if (code == 0)
            code = p_sd_bus_wait(sd->bus, deadline - now);
        if (code < 0 && code != -EINTR)
            return err_sys(err, -code, "%s %s: wait for systemd", what, unit);
    }
    if (strcmp(sd->result, "done") == 0)
        return 0;
    return err_set(err, "%s %s: systemd's job ended as \"%s\"; systemctl status %s may tell why",
                   what, unit, sd->result, unit);
}

/* Best effort: a unit that did not fail, or is not there, has nothing to forget. */
static void reset_failed(struct systemd *sd, const char *unit)
{
    cleanup_message sd_bus_message *m = NULL;
    cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;

    if (new_call(sd, "ResetFailedUnit", &m) >= 0 &&
        p_sd_bus_message_append_basic(m, 's', unit) >= 0)
        p_sd_bus_call(sd->bus, m, 0, &error, NULL);
}

/* StartTransientUnit(name, mode, properties, no other units). 1 when there is one of the name. */
static int start_once(struct systemd *sd, const char *unit, const struct unit_properties *props,
                      int timeout_s, struct lxcdriver_error **err)
{
    cleanup_message sd_bus_message *m = NULL, *reply = NULL;
    cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
    int code = new_call(sd, "StartTransientUnit", &m);

    if (code >= 0)
        code = p_sd_bus_message_append_basic(m, 's', unit);
    if (code >= 0)
        code = p_sd_bus_message_append_basic(m, 's', "replace");
    if (code < 0)
        return err_sys(err, -code, "write to systemd");
    if (append_properties(m, props, err) < 0)
        return -1;
    code = p_sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "(sa(sv))");
    if (code >= 0)
        code = p_sd_bus_message_close_container(m);
    if (code >= 0)
        code = p_sd_bus_call(sd->bus, m, 0, &error, &reply);
    if (code < 0 && is_error(&error, SERVICE ".UnitExists"))
        return 1;
    if (code < 0)
        return refused(err, code, &error, "start", unit);
    if (wait_for_job(sd, reply, timeout_s, "start", unit, err) == 0)
        return 0;
    reset_failed(sd, unit);
    return -1;
}

int systemd_start(struct systemd *sd, const char *unit, const struct unit_properties *props,
                  int timeout_s, struct lxcdriver_error **err)
{
    int result = start_once(sd, unit, props, timeout_s, err);

    if (result <= 0 || str_ends(unit, ".slice"))
        return result < 0 ? -1 : 0;
    reset_failed(sd, unit);
    result = start_once(sd, unit, props, timeout_s, err);
    if (result <= 0)
        return result;
    err_set(err, "the unit %s exists already, and is another's", unit);
    if (err && *err)
        (*err)->errno_code = EEXIST;
    return -1;
}

int systemd_stop(struct systemd *sd, const char *unit, int timeout_s, struct lxcdriver_error **err)
{
    cleanup_message sd_bus_message *m = NULL, *reply = NULL;
    cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
    int code = new_call(sd, "StopUnit", &m), rc;

    if (code >= 0)
        code = p_sd_bus_message_append_basic(m, 's', unit);
    if (code >= 0)
        code = p_sd_bus_message_append_basic(m, 's', "replace");
    if (code >= 0)
        code = p_sd_bus_call(sd->bus, m, 0, &error, &reply);
    if (code < 0 && is_error(&error, SERVICE ".NoSuchUnit"))
        return 0;
    if (code < 0)
        return refused(err, code, &error, "stop", unit);
    rc = wait_for_job(sd, reply, timeout_s, "stop", unit, err);
    reset_failed(sd, unit);
    return rc;
}

int systemd_set(struct systemd *sd, const char *unit, const struct unit_properties *props,
                struct lxcdriver_error **err)
{
    cleanup_message sd_bus_message *m = NULL;
    cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
    const int runtime = 1;
    int code = new_call(sd, "SetUnitProperties", &m);

    if (code >= 0)
        code = p_sd_bus_message_append_basic(m, 's', unit);
    if (code >= 0)
        code = p_sd_bus_message_append_basic(m, 'b', &runtime);
    if (code < 0)
        return err_sys(err, -code, "write to systemd");
    if (append_properties(m, props, err) < 0)
        return -1;
    code = p_sd_bus_call(sd->bus, m, 0, &error, NULL);
    return code < 0 ? refused(err, code, &error, "change", unit) : 0;
}

/* ---- what there is ---- */

unsigned systemd_version(struct systemd *sd)
{
    cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
    cleanup_free char *text = NULL;

    if (p_sd_bus_get_property_string(sd->bus, SERVICE, OBJECT, MANAGER, "Version", &error, &text) <
        0)
        return 0;
    /* Some distributions put a "v" in front. */
    return (unsigned)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
}

char *systemd_cgroup(struct systemd *sd, const char *unit, struct lxcdriver_error **err)
{
    cleanup_error sd_bus_error error = SD_BUS_ERROR_NULL;
    cleanup_free char *object = NULL;
    char *path = NULL;
    int code = p_sd_bus_path_encode(OBJECT "/unit", unit, &object);

    if (code >= 0)
        code = p_sd_bus_get_property_string(sd->bus, SERVICE, object,
                                            str_ends(unit, ".slice") ? SERVICE ".Slice"
                                                                     : SERVICE ".Scope",
                                            "ControlGroup", &error, &path);
    if (code < 0) {
        refused(err, code, &error, "find the cgroup of", unit);
        return NULL;
    }
    return path;
}
