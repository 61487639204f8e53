/* The seccomp notification descriptor on its way from the shim to who listens. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/listener.h"
#include "shared/packet.h"
#include "supervise/supervisor.h"

/*
 * The path is the host's, and when the descriptor comes we may be in the container: what is kept is
 * the directory. Not the socket, which a listener that was started again has made anew. Opened in
 * our own mount namespace, it keeps nobody on the host from unmounting.
 */
int sup_listener_open(struct supervisor *s)
{
    const char *path = s->rec.listener;
    const char *slash = path ? strrchr(path, '/') : NULL;
    char *dir;

    if (!slash)
        return 0;
    dir = strndup(path, (size_t)(slash - path) + 1);
    if (!dir)
        return -1;
    s->listener_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    return s->listener_dir < 0 ? -1 : 0;
}

static int hand_on(struct supervisor *s, int fd, pid_t process)
{
    struct listener_state state = {.process = process, .container = s->init, .status = "created"};
    int result, code;

    if (s->listener_dir < 0 || s->rec.n_listener_parts != LISTENER_PARTS) {
        errno = ENOTCONN;
        return -1;
    }
    for (int i = 0; i < LISTENER_PARTS; i++)
        state.parts[i] = s->rec.listener_parts[i];
    /* By the working directory: /proc may be another's, or none, where we are. */
    if (fchdir(s->listener_dir) < 0)
        return -1;
    result = listener_send(strrchr(s->rec.listener, '/') + 1, &state, fd);
    code = errno;
    if (chdir("/") < 0)
        return -1;
    errno = code;
    return result;
}

void sup_listener_hand_on(struct supervisor *s, int fd, pid_t process)
{
    struct shim_msg done = {.type = SHIM_SECCOMP_DONE};
    char what[SHIM_DETAIL];

    if (hand_on(s, fd, process) == 0 && packet_send(s->shim, &done, sizeof(done), NULL, 0) == 0) {
        close(fd);
        return;
    }
    snprintf(what, sizeof(what), "hand the seccomp listener to %s",
             s->rec.listener ? s->rec.listener : "nobody");
    sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, what);
    close(fd);
    sup_end(s);
}
