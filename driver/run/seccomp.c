/* The filter of a container: its specification, or the profile that was named, compiled. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/message.h"
#include "host/seccomp.h"
#include "spec/readers.h"

#define PROFILE_MAX (4u << 20)

static bool notifies(const struct seccomp_filter *filter)
{
    return filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

static int compile(const struct seccomp_spec *spec, struct seccomp_filter *out,
                   struct lxcdriver_error **err)
{
    if (seccomp_compile(spec, out, err) < 0)
        return -1;
    if (notifies(out) && str_empty(spec->listener_path))
        return err_set(err, "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath");
    return seccomp_flags_check(out->flags, err);
}

/* Whom a filter notifies, out of the specification that it was made from. */
static int keep_listener(const struct seccomp_spec *spec, struct seccomp_filter *out,
                         struct lxcdriver_error **err)
{
    if (!notifies(out))
        return 0;
    out->listener_path = strdup(spec->listener_path);
    if (spec->listener_metadata)
        out->listener_metadata = strdup(spec->listener_metadata);
    return !out->listener_path || (spec->listener_metadata && !out->listener_metadata)
               ? err_nomem(err)
               : 0;
}

/* Profiles name calls of all architectures and of kernels to come, so this is for who asks. */
static int report_unknown(const struct launch *l, struct lxcdriver_error **err)
{
    const char *level = l->drv->conf.log_level;
    cleanup_buf struct buf text = {0};

    if (l->seccomp.unknown.n == 0 || !l->options->on_warning ||
        (!str_eq(level, "debug") && !str_eq(level, "info")))
        return 0;
    buf_puts(&text, "seccomp: system calls that are not known here:");
    for (size_t i = 0; i < l->seccomp.unknown.n; i++) {
        buf_putc(&text, ' ');
        message_value(&text, l->seccomp.unknown.items[i], strlen(l->seccomp.unknown.items[i]));
    }
    if (text.failed)
        return err_nomem(err);
    l->options->on_warning(l->options->opaque, text.data);
    return 0;
}

/* ---- a specification ---- */

static int from_spec(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    const char *image_dir = l->drv->conf.image_dir;
    char key[SHA256_HEX + 1];

    if (seccomp_key_spec(&l->cmd->seccomp, key, err) < 0)
        return -1;
    if (!seccomp_cache_get(image_dir, key, &l->seccomp)) {
        if (compile(&l->cmd->seccomp, &l->seccomp, err) < 0)
            return -1;
        if (!look_only)
            seccomp_cache_put(image_dir, key, &l->seccomp);
    }
    return keep_listener(&l->cmd->seccomp, &l->seccomp, err);
}

/* ---- a profile ---- */

static int compile_profile(int fd, const char *path, const struct seccomp_host *host,
                           struct seccomp_filter *out, struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    struct seccomp_spec spec = {0};
    size_t len = 0;
    int result;

    if (fs_read_fd(fd, PROFILE_MAX, &text, &len) < 0)
        return err_sys(err, errno, "seccomp profile %s", path);
    if (seccomp_profile_read(text, len, host, &spec, err) < 0)
        return err_wrap(err, "%s", path);
    result = compile(&spec, out, err) < 0 ? -1 : keep_listener(&spec, out, err);
    seccomp_spec_clear(&spec);
    return result < 0 ? err_wrap(err, "seccomp profile %s", path) : 0;
}

/* The key is of the file as it was before it was read: what changes it later changes the key, if
 * its times had settled. A filter that notifies is not kept: whom it notifies stands in the profile
 * alone. */
static int from_profile(struct launch *l, const char *path, bool look_only,
                        struct lxcdriver_error **err)
{
    const struct capabilities *caps = &l->cmd->process.caps;
    const char *image_dir = l->drv->conf.image_dir;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char key[SHA256_HEX + 1];
    struct seccomp_host host;
    struct stat st;
    bool kept;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "seccomp profile %s", path);
    if (seccomp_host_read(caps->set ? caps->bounding : CAP_MASK_ALL, &host, err) < 0 ||
        seccomp_key_profile(path, &st, &host, key, err) < 0)
        return -1;
    kept = S_ISREG(st.st_mode) && seccomp_is_settled(&st);
    if (kept && seccomp_cache_get(image_dir, key, &l->seccomp))
        return 0;
    if (compile_profile(fd, path, &host, &l->seccomp, err) < 0)
        return -1;
    if (kept && !look_only && !notifies(&l->seccomp))
        seccomp_cache_put(image_dir, key, &l->seccomp);
    return 0;
}

int launch_compile_seccomp(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    const char *profile = l->cmd->seccomp_profile;
    int result;

    if (l->cmd->seccomp.set) {
        result = from_spec(l, look_only, err);
    } else {
        if (!profile || str_eq(profile, SECCOMP_UNCONFINED))
            return 0;
        if (str_eq(profile, SECCOMP_BUILTIN))
            profile = l->drv->seccomp_profile;
        result = from_profile(l, profile, look_only, err);
    }
    return result < 0 ? -1 : report_unknown(l, err);
}
