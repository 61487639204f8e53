#include "host/seccomp.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

int seccomp_flags_check(uint32_t flags, struct lxcdriver_error **err)
{
    /* Asked for one at a time, for some exclude each other. */
    for (uint32_t bit = 1; bit != 0 && bit <= flags; bit <<= 1) {
        uint32_t asked = bit;
        const char *name = seccomp_flag_name(bit);

        if (!(flags & bit))
            continue;
        /* Waiting killably is a property of a listener. */
        if (name && bit == seccomp_flag("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
            asked |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        /* Flags are looked at before the program, which is at no address. */
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, asked, NULL) < 0 && errno == EFAULT)
            continue;
        if (name)
            return err_sys(err, errno, "linux.seccomp.flags: this kernel refuses %s", name);
        return err_sys(err, errno, "linux.seccomp: this kernel refuses flag 0x%" PRIx32, bit);
    }
    return 0;
}

int seccomp_host_read(uint64_t caps, struct seccomp_host *out, struct lxcdriver_error **err)
{
    struct utsname name;

    *out = (struct seccomp_host){.arch = seccomp_arch_here(), .caps = caps};
    if (uname(&name) < 0)
        return err_sys(err, errno, "uname");
    if (seccomp_kernel_version(name.release, &out->kernel_major, &out->kernel_minor) < 0)
        return err_set(err, "kernel release \"%s\" does not begin with two numbers", name.release);
    return 0;
}
