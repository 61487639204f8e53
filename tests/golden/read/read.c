/*
 * golden-read FILE...: "FILE" on standard output for each that liblxc reads as a container's
 * configuration, lxc_container_new(3) and load_config(). Each in a process of its own, since
 * liblxc keeps state; its lock files go to a /run that ends with this program.
 */
#include <lxc/lxccontainer.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_read(const char *file)
{
    struct lxc_container *c = lxc_container_new("golden", "/run");

    return c && (c->clear_config(c), c->load_config(c, file)) ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("run", "/run", "tmpfs", 0, NULL) < 0) {
        perror("golden-read: a /run of its own");
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0)
            _exit(is_read(argv[i]));
        if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
            puts(argv[i]);
    }
    return 0;
}
