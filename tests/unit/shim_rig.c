#include "shim_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000
#define SHIFT 100000

static char root[64];

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what, strerror(errno));        \
            _exit(99);                                                                             \
        }                                                                                          \
    } while (0)

void wire_begin(struct wire *w)
{
    struct wire_header header = {WIRE_MAGIC, WIRE_VERSION};

    memcpy(w->data, &header, sizeof(header));
    w->len = sizeof(header);
}

void wire_put(struct wire *w, uint32_t tag, const void *data, size_t len)
{
    struct wire_record head = {tag, (uint32_t)len};
    size_t padded = (len + 7) & ~(size_t)7;

    CHECK(w->len + sizeof(head) + padded <= sizeof(w->data));
    memcpy(w->data + w->len, &head, sizeof(head));
    w->len += sizeof(head);
    memset(w->data + w->len, 0, padded);
    memcpy(w->data + w->len, data, len);
    w->len += padded;
}

void wire_string(struct wire *w, uint32_t tag, const char *s)
{
    wire_put(w, tag, s, strlen(s) + 1);
}

void wire_u32(struct wire *w, uint32_t tag, uint32_t n)
{
    wire_put(w, tag, &n, sizeof(n));
}

void wire_u64(struct wire *w, uint32_t tag, uint64_t n)
{
    wire_put(w, tag, &n, sizeof(n));
}

void wire_mixed(struct wire *w, uint32_t tag, const void *head, size_t len, ...)
{
    char buf[4096];
    const char *s;
    va_list ap;

    if (len)
        memcpy(buf, head, len);
    va_start(ap, len);
    while ((s = va_arg(ap, const char *))) {
        CHECK(len + strlen(s) + 1 <= sizeof(buf));
        memcpy(buf + len, s, strlen(s) + 1);
        len += strlen(s) + 1;
    }
    va_end(ap);
    wire_put(w, tag, buf, len);
}

void wire_script(struct wire *w, uint64_t flags, const char *script)
{
    wire_begin(w);
    wire_u64(w, WT_FLAGS, flags);
    wire_string(w, WT_ARG, "/bin/sh");
    wire_string(w, WT_ARG, "-c");
    wire_string(w, WT_ARG, script);
    wire_string(w, WT_ENV, "PATH=/bin");
}

const char *rig_root(void)
{
    return root;
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s%s", root, name);
    f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void run_command(const char *command)
{
    CHECK(system(command) == 0);
}

int rig_setup(void **state)
{
    static const char *const dirs[] = {"bin",  "etc",  "proc", "sys",    "dev",    "tmp",
                                       "root", "home", "old",  "home/u", "private"};
    char command[512];

    (void)state;
    snprintf(root, sizeof(root), "/tmp/shimrig.XXXXXX");
    CHECK(unshare(CLONE_NEWNS) == 0);
    CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mkdtemp(root));
    CHECK(mount("rig", root, "tmpfs", 0, "mode=755") == 0);
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        snprintf(command, sizeof(command), "%s/%s", root, dirs[i]);
        CHECK(mkdir(command, 0755) == 0);
    }
    snprintf(command, sizeof(command),
             "cp /usr/bin/busybox %s/bin/ && cd %s/bin && for i in $(./busybox --list); do "
             "[ $i = busybox ] || ln -s busybox $i; done",
             root, root);
    run_command(command);
    write_file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nu:x:1000:1001:U:/home/u:/bin/sh\n");
    write_file("/etc/group",
               "root:x:0:\ngu:x:1001:\ng2:x:2002:u\ng3:x:3003:root,u\nother:x:4004:\n");
    write_file("/etc/noexec", "#!/bin/sh\n");
    write_file("/bin/badinterp", "#!/nonexistent\n");
    snprintf(command, sizeof(command), "chmod 755 %s/bin/badinterp; chmod 700 %s/private", root,
             root);
    run_command(command);
    return 0;
}

int rig_teardown(void **state)
{
    (void)state;
    CHECK(umount2(root, MNT_DETACH) == 0);
    CHECK(rmdir(root) == 0);
    return 0;
}

static void make_node(const char *name, unsigned major, unsigned minor)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/dev/%s", root, name);
    CHECK(mknod(path, S_IFCHR | 0666, makedev(major, minor)) == 0);
    CHECK(chmod(path, 0666) == 0);
}

static void bind_node(const char *name)
{
    char from[64], to[128];
    int fd;

    snprintf(from, sizeof(from), "/dev/%s", name);
    snprintf(to, sizeof(to), "%s/dev/%s", root, name);
    fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(mount(from, to, NULL, MS_BIND, NULL) == 0);
}

static void mount_at(const char *type, const char *where, const char *data)
{
    char path[128];

    snprintf(path, sizeof(path), "%s%s", root, where);
    mkdir(path, 0755);
    CHECK(mount(type, path, type, 0, data) == 0);
}

/* In the new namespaces: what lxc-start does before it executes the shim. */
static void enter_root(const struct rig_options *o)
{
    char old[128];

    CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mount(root, root, NULL, MS_BIND | MS_REC, NULL) == 0);
    if (!o->no_proc)
        mount_at("proc", "/proc", NULL);
    mount_at("sysfs", "/sys", NULL);
    mount_at("tmpfs", "/dev", "mode=755,size=64k");
    mount_at("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620,gid=5");
    if (o->userns) {
        bind_node("null");
        bind_node("zero");
    } else {
        make_node("null", 1, 3);
        make_node("zero", 1, 5);
        make_node("tty", 5, 0);
    }
    snprintf(old, sizeof(old), "%s/old", root);
    CHECK(syscall(SYS_pivot_root, root, old) == 0);
    CHECK(umount2("/old", MNT_DETACH) == 0);
    CHECK(chdir("/") == 0);
}

static int open_shim(void)
{
    const char *path = getenv("RUNLXC_INIT");
    int fd = open(path ? path : "build/runlxc-init", O_RDONLY | O_CLOEXEC);

    CHECK(fd >= 0);
    return fd;
}

/* lxc-start's side: null as stdio, the socket and the executable where the protocol has them. */
static void exec_shim(int sock, int exe, int null, const char *mode)
{
    char *argv[] = {(char *)"runlxc-init", (char *)(uintptr_t)mode, NULL};
    char *env[] = {(char *)"LEAKED=1", NULL};

    sock = fcntl(sock, F_DUPFD, 100);
    exe = fcntl(exe, F_DUPFD, 100);
    for (int fd = 0; fd < 3; fd++)
        CHECK(dup2(null, fd) == fd);
    CHECK(dup2(sock, SHIM_FD) == SHIM_FD && dup2(exe, SHIM_EXE_FD) == SHIM_EXE_FD);
    close_range(SHIM_EXE_FD + 1, ~0U, 0);
    /* Inherited by mistake: the shim has to close it. */
    CHECK(dup2(STDIN_FILENO, 9) == 9);
    syscall(SYS_execveat, SHIM_EXE_FD, "", argv, env, AT_EMPTY_PATH);
    _exit(98);
}

static void write_map(pid_t pid, const char *file)
{
    char path[64], map[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    snprintf(map, sizeof(map), "0 %d 65536", SHIFT);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, map, strlen(map)) > 0);
    close(fd);
}

/* ---- the conversation ---- */

static void send_message(int sock, uint32_t type, const int *fds, size_t n)
{
    struct shim_msg msg = {.type = type};
    _Alignas(8) char control[CMSG_SPACE(sizeof(int) * 32)] = {0};
    struct iovec iov = {&msg, sizeof(msg)};
    struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1};

    if (n) {
        struct cmsghdr *c;

        hdr.msg_control = control;
        hdr.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        c = CMSG_FIRSTHDR(&hdr);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
    }
    /* EPIPE: the shim has failed already, and its own message says why. */
    CHECK(sendmsg(sock, &hdr, MSG_NOSIGNAL) > 0 || errno == EPIPE);
}

/* One message; false at the end. */
static bool receive_message(struct rig_run *r, struct shim_msg *msg, int *fd)
{
    _Alignas(8) char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    struct iovec iov = {msg, sizeof(*msg)};
    struct msghdr hdr = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct pollfd p = {.fd = r->sock, .events = POLLIN};
    ssize_t n;

    *fd = -1;
    CHECK(poll(&p, 1, WAIT_MS) == 1);
    n = recvmsg(r->sock, &hdr, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return false;
    CHECK(n == sizeof(*msg));
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&hdr); c; c = CMSG_NXTHDR(&hdr, c)) {
        if (c->cmsg_type == SCM_CREDENTIALS)
            memcpy(&r->cred, CMSG_DATA(c), sizeof(r->cred));
        else if (c->cmsg_type == SCM_RIGHTS)
            memcpy(fd, CMSG_DATA(c), sizeof(*fd));
    }
    return true;
}

static void converse(struct rig_run *r, bool hold)
{
    struct shim_msg msg = {0};
    int fd;

    while (receive_message(r, &msg, &fd)) {
        switch (msg.type) {
        case SHIM_WARN:
            if (r->n_warnings < RIG_WARNINGS)
                memcpy(r->warnings[r->n_warnings++], msg.detail, SHIM_DETAIL);
            break;
        case SHIM_CONSOLE:
            r->console = fd;
            break;
        case SHIM_SECCOMP:
            CHECK(msg.value == 1);
            r->listener = fd;
            send_message(r->sock, SHIM_SECCOMP_DONE, NULL, 0);
            break;
        case SHIM_READY:
            r->ready = true;
            if (hold)
                return;
            send_message(r->sock, SHIM_START, NULL, 0);
            break;
        case SHIM_FAIL:
            r->failed = true;
            r->fail = msg;
            break;
        default:
            CHECK(!"unexpected message");
        }
    }
}

static uint64_t flags_of(const struct wire *w)
{
    uint64_t flags;

    memcpy(&flags, w->data + sizeof(struct wire_header) + sizeof(struct wire_record),
           sizeof(flags));
    return flags;
}

/* Send the bootstrap, with the pidfd in exec mode, and pipes unless there is a terminal. */
static void send_bootstrap(struct rig_run *r, const struct wire *w, int pidfd,
                           const struct rig_options *o)
{
    int fds[32], in[2], out[2], own[2] = {-1, -1}, on = 1;
    size_t n = 0;

    fds[n++] = memfd_create("bootstrap", MFD_CLOEXEC);
    CHECK(fds[0] >= 0 && write(fds[0], w->data, w->len) == (ssize_t)w->len);
    if (pidfd >= 0) {
        fds[n++] = pidfd;
    } else {
        CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, own) == 0);
        CHECK(setsockopt(own[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
        fds[n++] = own[1];
    }
    CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    /* A pipe of an owner that the user namespace does not know could not be given away in it. */
    if (o->userns)
        CHECK(fchown(in[0], SHIFT, SHIFT) == 0 && fchown(out[1], SHIFT, SHIFT) == 0);
    if (!(flags_of(w) & WF_TERMINAL)) {
        fds[n++] = in[0];
        fds[n++] = out[1];
        fds[n++] = out[1];
    }
    for (size_t i = 0; i < o->n_kept; i++)
        fds[n++] = o->kept[i];
    send_message(r->sock, SHIM_BOOTSTRAP, fds, n);
    close(fds[0]);
    close(in[0]);
    close(out[1]);
    if (own[0] >= 0) {
        close(own[1]);
        close(r->sock);
        r->sock = own[0];
    }
    r->in = in[1];
    r->out = out[0];
}

static int open_socket(struct rig_run *r)
{
    int pair[2], on = 1;

    *r = (struct rig_run){.in = -1, .out = -1, .console = -1, .listener = -1, .code = -1};
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
    r->sock = pair[0];
    return pair[1];
}

void rig_start(struct rig_run *r, const struct wire *w, const struct rig_options *options)
{
    static const struct rig_options none;
    const struct rig_options *o = options ? options : &none;
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
                          (o->userns ? CLONE_NEWUSER : 0) | SIGCHLD;
    int theirs = open_socket(r), exe = open_shim(), gate[2];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    char go;

    CHECK(null >= 0 && pipe2(gate, O_CLOEXEC) == 0);
    r->pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    CHECK(r->pid >= 0);
    if (r->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        CHECK(read(gate[0], &go, 1) == 1);
        if (o->userns)
            CHECK(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
        close(r->sock);
        enter_root(o);
        if (o->prepare)
            o->prepare();
        exec_shim(theirs, exe, null, SHIM_INIT_ARG);
    }
    if (o->userns) {
        write_map(r->pid, "uid_map");
        write_map(r->pid, "gid_map");
    }
    CHECK(write(gate[1], "g", 1) == 1);
    close(gate[0]);
    close(gate[1]);
    close(theirs);
    close(exe);
    close(null);
    send_bootstrap(r, w, -1, o);
    converse(r, o->hold);
}

void rig_exec(struct rig_run *r, const struct wire *w, pid_t init)
{
    static const struct rig_options none;
    int theirs = open_socket(r), exe = open_shim(), status;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int pidfd = (int)syscall(SYS_pidfd_open, init, 0);
    pid_t first;

    CHECK(null >= 0 && pidfd >= 0);
    first = fork();
    CHECK(first >= 0);
    if (first == 0)
        exec_shim(theirs, exe, null, SHIM_EXEC_ARG);
    close(theirs);
    close(exe);
    close(null);
    send_bootstrap(r, w, pidfd, &none);
    close(pidfd);
    converse(r, false);
    CHECK(waitpid(first, &status, 0) == first && WIFEXITED(status));
    r->code = WEXITSTATUS(status);
    r->pid = r->ready ? r->cred.pid : 0;
}

/* A terminal's master gives EIO when the last slave is closed. */
static void read_all(struct rig_run *r, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    ssize_t n = 1;

    while (n > 0 && len < sizeof(r->text) - 1) {
        CHECK(poll(&p, 1, WAIT_MS) == 1);
        n = read(fd, r->text + len, sizeof(r->text) - 1 - len);
        if (n > 0)
            len += (size_t)n;
    }
    r->text[len] = '\0';
}

void rig_finish(struct rig_run *r)
{
    int status;

    close(r->in);
    if (!r->failed)
        read_all(r, r->console >= 0 ? r->console : r->out);
    if (r->pid > 0) {
        CHECK(waitpid(r->pid, &status, 0) == r->pid);
        r->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    close(r->out);
    close(r->sock);
    if (r->console >= 0)
        close(r->console);
    if (r->listener >= 0)
        close(r->listener);
}

void rig_run(struct rig_run *r, const struct wire *w, const struct rig_options *options)
{
    rig_start(r, w, options);
    rig_finish(r);
}
