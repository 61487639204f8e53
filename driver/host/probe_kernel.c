/* The questions themselves. Each leaves what it makes to the end of its process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/netlink.h"
#include "host/probe.h"

#define NOBODY 65534
#define SHIFTED "0 1000000 65536"

/* errno after a call that gave `result`. */
static int answer(long result)
{
    return result < 0 ? errno : 0;
}

static int map_self(const char *file, unsigned id)
{
    char line[32];

    snprintf(line, sizeof(line), "0 %u 1", id);
    return fs_write_existing(AT_FDCWD, file, line);
}

int probe_enter(void)
{
    unsigned uid = geteuid(), gid = getegid();

    if (uid != 0 &&
        (unshare(CLONE_NEWUSER) < 0 ||
         fs_write_existing(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
         map_self("/proc/self/uid_map", uid) < 0 || map_self("/proc/self/gid_map", gid) < 0))
        return errno;
    if (unshare(CLONE_NEWNS) < 0)
        return errno;
    return answer(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
}

/* A namespace may be given, and every capability in it withheld, as AppArmor's restriction of
 * unprivileged user namespaces does it: then the next is what is refused. */
static int user_namespace(void)
{
    return answer(unshare(CLONE_NEWUSER) < 0 ? -1 : unshare(CLONE_NEWNS));
}

int probe_namespace(void *flag)
{
    int wanted = *(int *)flag;

    if (wanted == CLONE_NEWUSER)
        return user_namespace();

    /* For who is not root the first namespace is that which gives him the right to the others. */
    if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
        return errno;
    return answer(unshare(wanted));
}

int probe_ordinary_userns(void *unused)
{
    (void)unused;
    if (syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) < 0 ||
        syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY) < 0)
        return errno;
    return user_namespace();
}

int probe_openat2(void *unused)
{
    (void)unused;
    return answer(fs_open_in_root(AT_FDCWD, "", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
}

/* A copy of a mount, attached nowhere. -1 with errno. */
static int copy_mount(const char *path)
{
    return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/* One of our own: of a mount with others in it that came along into a user namespace no copy can be
 * made without them. An errno with *tree -1. */
static int copy_own_mount(int *tree)
{
    int code = probe_enter();

    *tree = -1;
    if (code)
        return code;
    if (mount("none", "/dev", "tmpfs", 0, NULL) == 0)
        *tree = copy_mount("/dev");
    return *tree < 0 ? errno : 0;
}

int probe_mount_api(void *unused)
{
    int tree, code = copy_own_mount(&tree);

    (void)unused;
    return tree < 0 ? code
                    : answer(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/dev",
                                     MOVE_MOUNT_F_EMPTY_PATH));
}

/* What belongs to a namespace can be mounted only by who owns that. */
static int enter_with(int namespaces)
{
    int code = probe_enter();

    if (code)
        return code;
    return answer(unshare(namespaces));
}

int probe_fsopen(void *type)
{
    int fs, code = enter_with(CLONE_NEWIPC);

    if (code)
        return code;
    fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
    if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return errno;
    return answer(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0));
}

int probe_mount_setattr(void *unused)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    int tree, code = copy_own_mount(&tree);

    (void)unused;
    return tree < 0
               ? code
               : answer(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
}

/* A user namespace with ids of nobody's, made with a child that only waits to be killed. -1 with
 * errno. */
static int shifted_namespace(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    char uids[64], gids[64], ns[64];
    int fd = -1, code;

    if (pid == 0)
        for (;;)
            pause();
    if (pid < 0)
        return -1;
    snprintf(uids, sizeof(uids), "/proc/%d/uid_map", (int)pid);
    snprintf(gids, sizeof(gids), "/proc/%d/gid_map", (int)pid);
    snprintf(ns, sizeof(ns), "/proc/%d/ns/user", (int)pid);
    if (fs_write_existing(AT_FDCWD, uids, SHIFTED) == 0 &&
        fs_write_existing(AT_FDCWD, gids, SHIFTED) == 0)
        fd = open(ns, O_RDONLY | O_CLOEXEC);
    code = errno;
    kill(pid, SIGKILL);
    errno = code;
    return fd;
}

int probe_idmap(void *directory)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
    int code = probe_enter(), tree, userns;

    if (code)
        return code;
    userns = shifted_namespace();
    tree = userns < 0 ? -1 : copy_mount(directory);
    if (tree < 0)
        return errno;
    attr.userns_fd = (uint64_t)userns;
    return answer(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
}

int probe_overlay(void *unused)
{
    static const char *const dirs[] = {"lower", "upper", "work", "merged"};
    const char *options = "lowerdir=lower,upperdir=upper,workdir=work";
    int code = probe_enter();

    (void)unused;
    if (code)
        return code;
    if (mount("none", "/dev", "tmpfs", 0, NULL) < 0 || chdir("/dev") < 0)
        return errno;
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
        if (mkdir(dirs[i], 0755) < 0)
            return errno;
    return answer(mount("overlay", "merged", "overlay", 0, options));
}

int probe_pidfd(void *unused)
{
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

    (void)unused;
    return fd < 0 ? errno : answer(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
}

int probe_close_range(void *unused)
{
    (void)unused;
    return answer(syscall(SYS_close_range, 100U, ~0U, CLOSE_RANGE_CLOEXEC));
}

int probe_into_cgroup(void *cgroup)
{
    int fd = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC), status = 0;
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
    long pid = fd < 0 ? -1 : syscall(SYS_clone3, &args, sizeof(args));

    if (pid == 0)
        _exit(0);
    if (pid < 0)
        return errno;
    return waitpid((pid_t)pid, &status, 0) < 0 ? errno : 0;
}

int probe_seccomp(void *flags)
{
    struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {.len = 1, .filter = allow};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return errno;
    return answer(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, *(unsigned *)flags, &program));
}

int probe_device_program(void *unused)
{
    struct bpf_insn allow[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                           .insn_cnt = ARRAY_SIZE(allow),
                           .insns = (uint64_t)(uintptr_t)allow,
                           .license = (uint64_t)(uintptr_t) "GPL"};

    (void)unused;
    return answer(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

int probe_link(void *kind)
{
    struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
    struct {
        struct rtattr attr;
        char name[28];
    } info = {.attr = {.rta_type = IFLA_INFO_KIND}};
    struct netlink_query query;
    size_t len = strlen(kind);
    int fd, code = enter_with(CLONE_NEWNET);

    if (code)
        return code;
    if (len >= sizeof(info.name))
        return EINVAL;
    memcpy(info.name, kind, len);
    info.attr.rta_len = (unsigned short)RTA_LENGTH(len);
    fd = netlink_open(-1);
    if (fd < 0)
        return errno;
    netlink_query_init(&query, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &body,
                       sizeof(body));
    netlink_query_attr(&query, IFLA_IFNAME, "probe0", sizeof("probe0"));
    netlink_query_attr(&query, IFLA_LINKINFO, &info, RTA_SPACE(len));
    return answer(netlink_ask(fd, &query, NULL, NULL));
}
