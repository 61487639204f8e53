#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/net.h"

#define NET_DEV_MAX ((size_t)16 << 20)

/* "  eth0: rx bytes packets errs drop fifo frame compressed multicast tx bytes packets errs drop
 * ...": proc_pid_net(5). */
static void add_line(char *line, struct lxcdriver_stats *stats)
{
    char *name = line + strspn(line, " "), *numbers = strchr(name, ':');
    uint64_t rx[4], tx[4];

    if (!numbers)
        return;
    *numbers++ = '\0';
    if (str_eq(name, "lo") ||
        sscanf(numbers,
               "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%*u %*u %*u %*u"
               "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64,
               &rx[0], &rx[1], &rx[2], &rx[3], &tx[0], &tx[1], &tx[2], &tx[3]) != 8)
        return;
    stats->net_rx_bytes += rx[0];
    stats->net_rx_packets += rx[1];
    stats->net_rx_errors += rx[2];
    stats->net_rx_dropped += rx[3];
    stats->net_tx_bytes += tx[0];
    stats->net_tx_packets += tx[1];
    stats->net_tx_errors += tx[2];
    stats->net_tx_dropped += tx[3];
}

int net_stats(pid_t pid, struct lxcdriver_stats *stats, struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    char file[64], *cursor, *line;

    snprintf(file, sizeof(file), "/proc/%d/net/dev", (int)pid);
    if (fs_read_at(AT_FDCWD, file, NET_DEV_MAX, &text, NULL) < 0)
        return err_sys(err, errno, "read %s", file);
    stats->net_rx_bytes = stats->net_rx_packets = 0;
    stats->net_rx_errors = stats->net_rx_dropped = 0;
    stats->net_tx_bytes = stats->net_tx_packets = 0;
    stats->net_tx_errors = stats->net_tx_dropped = 0;
    cursor = text;
    while ((line = strsep(&cursor, "\n")))
        add_line(line, stats);
    return 0;
}
