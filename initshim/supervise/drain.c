/* Output of a detached container: from its pipe or its pty's master into <dir>/log. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define CHUNK 16384
#define TRIES 3 /* of a read that fails: what is lost once is lost until the container ends */
#define REST_MAX                                                                                   \
    (4 << 20) /* what a pipe and a pty can hold is far less; bounds a writer that is not ours */

static ssize_t move_chunk(struct supervisor *s)
{
    static char chunk[CHUNK];
    ssize_t got = read(s->drain, chunk, sizeof(chunk)), done = 0;

    while (done < got) {
        ssize_t put = write(s->log, chunk + done, (size_t)(got - done));

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            break; /* a full disk: the container must not stand still for it */
        done += put;
    }
    return got;
}

bool sup_drain(struct supervisor *s)
{
    static int failures;
    ssize_t got = move_chunk(s);

    if (got > 0)
        failures = 0;
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR || ++failures < TRIES)))
        return true;
    /* End of file, or EIO: the last one closed the slave. */
    close(s->drain);
    s->drain = -1;
    return false;
}

void sup_drain_rest(struct supervisor *s)
{
    size_t total = 0;

    while (s->drain >= 0 && total < REST_MAX) {
        ssize_t got = move_chunk(s);

        if (got <= 0)
            break;
        total += (size_t)got;
    }
}
