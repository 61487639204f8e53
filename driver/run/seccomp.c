/* The filter of a container: its specification, or the profile that was named, compiled. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/seccomp.h"
#include "spec/readers.h"

#define PROFILE_MAX (4u << 20)

static int read_profile(const struct launch *l, const char *path, struct seccomp_spec *spec,
                        struct lxcdriver_error **err)
{
    const struct capabilities *caps = &l->cmd->process.caps;
    cleanup_free char *text = NULL;
    struct seccomp_host host;
    size_t len = 0;

    if (seccomp_host_read(caps->set ? caps->bounding : CAP_MASK_ALL, &host, err) < 0)
        return -1;
    if (fs_read_at(AT_FDCWD, path, PROFILE_MAX, &text, &len) < 0)
        return err_sys(err, errno, "seccomp profile %s", path);
    if (seccomp_profile_read(text, len, &host, spec, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}

static int compile(const struct seccomp_spec *spec, struct seccomp_filter *out,
                   struct lxcdriver_error **err)
{
    if (seccomp_compile(spec, out, err) < 0)
        return -1;
    if (out->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER && str_empty(spec->listener_path))
        return err_set(err, "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath");
    return seccomp_flags_check(out->flags, err);
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
    for (size_t i = 0; i < l->seccomp.unknown.n; i++)
        buf_printf(&text, " %s", l->seccomp.unknown.items[i]);
    if (text.failed)
        return err_nomem(err);
    l->options->on_warning(l->options->opaque, text.data);
    return 0;
}

int launch_compile_seccomp(struct launch *l, struct lxcdriver_error **err)
{
    const char *profile = l->cmd->seccomp_profile;
    struct seccomp_spec spec = {0};
    int result;

    if (l->cmd->seccomp.set)
        return compile(&l->cmd->seccomp, &l->seccomp, err) < 0 ? -1 : report_unknown(l, err);
    if (!profile || str_eq(profile, SECCOMP_UNCONFINED))
        return 0;
    if (str_eq(profile, SECCOMP_BUILTIN))
        profile = l->drv->seccomp_profile;
    if (read_profile(l, profile, &spec, err) < 0)
        return -1;
    result = compile(&spec, &l->seccomp, err);
    seccomp_spec_clear(&spec);
    return result < 0 ? err_wrap(err, "seccomp profile %s", profile) : report_unknown(l, err);
}
