/*
 * Make system calls and print what became of each: "NAME ok", or "NAME ERRNO" as a number. Static,
 * for it runs in containers.
 *
 *     syscalls WHAT...
 *
 * WHAT is NAME[,ARG...]: a name out of the table or a number; arguments that are not given are -1,
 * with which none of these calls does anything. "i386:NUMBER[,ARG...]" goes through int $0x80.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARGS 6
#define CALL(name)                                                                                 \
    {                                                                                              \
#name, SYS_##name                                                                          \
    }

static const struct {
    const char *name;
    long number;
} calls[] = {
    CALL(acct),
    CALL(add_key),
    CALL(bpf),
    CALL(chroot),
    CALL(clock_settime),
    CALL(clone),
    CALL(clone3),
    CALL(delete_module),
    CALL(fanotify_init),
    CALL(finit_module),
    CALL(fsconfig),
    CALL(fsmount),
    CALL(fsopen),
    CALL(fspick),
    CALL(get_mempolicy),
    CALL(getpid),
    CALL(init_module),
#ifdef SYS_ioperm
    CALL(ioperm),
    CALL(iopl),
#endif
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(io_uring_setup),
    CALL(kcmp),
#ifdef SYS_kexec_file_load
    CALL(kexec_file_load),
#endif
    CALL(kexec_load),
    CALL(keyctl),
    CALL(lookup_dcookie),
    CALL(mbind),
    CALL(migrate_pages),
    CALL(mount),
    CALL(mount_setattr),
    CALL(move_mount),
    CALL(move_pages),
    CALL(name_to_handle_at),
    CALL(open_by_handle_at),
    CALL(open_tree),
    CALL(perf_event_open),
    CALL(personality),
    CALL(pidfd_getfd),
    CALL(pivot_root),
    CALL(process_madvise),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(ptrace),
    CALL(quotactl),
    CALL(quotactl_fd),
    CALL(reboot),
    CALL(request_key),
    CALL(set_mempolicy),
    CALL(setdomainname),
    CALL(sethostname),
    CALL(setns),
    CALL(settimeofday),
    CALL(socket),
    CALL(swapoff),
    CALL(swapon),
    CALL(syslog),
    CALL(umount2),
    CALL(unshare),
#ifdef SYS__sysctl
    CALL(_sysctl),
    CALL(create_module),
    CALL(get_kernel_syms),
    CALL(nfsservctl),
    CALL(query_module),
    CALL(sysfs),
    CALL(uselib),
    CALL(ustat),
#endif
    CALL(userfaultfd),
    CALL(vhangup),
};

#ifdef __x86_64__
static long call_i386(long number, const long *args)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]),
                       "D"(args[4])
                     : "memory", "r8", "r9", "r10", "r11");
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}
#else
static long call_i386(long number, const long *args)
{
    (void)number;
    (void)args;
    errno = ENOSYS;
    return -1;
}
#endif

/* -1: unknown. */
static long number_of(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);

    if (end > name && *end == '\0')
        return number;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (strcmp(name, calls[i].name) == 0)
            return calls[i].number;
    return -1;
}

static int try_call(char *what)
{
    long args[ARGS] = {-1, -1, -1, -1, -1, -1}, number, result;
    bool narrow = strncmp(what, "i386:", 5) == 0;
    const char *name = strsep(&what, ",");

    number = number_of(name + (narrow ? 5 : 0));
    if (number < 0) {
        fprintf(stderr, "syscalls: %s?\n", name);
        return -1;
    }
    for (int i = 0; what && i < ARGS; i++)
        args[i] = (long)strtoull(strsep(&what, ","), NULL, 0);
    result = narrow ? call_i386(number, args)
                    : syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
    if (result == -1)
        printf("%s %d\n", name, errno);
    else
        printf("%s ok\n", name);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (try_call(argv[i]) < 0)
            return 2;
    return 0;
}
