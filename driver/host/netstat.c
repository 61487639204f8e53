#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/net.h"

#define NET_DEV_MAX ((size_t)16 << 20)

struct counters {
    const char *name;
    uint64_t rx[4], tx[4]; /* bytes packets errors dropped */
};

/* "  eth0: rx bytes packets errs drop fifo frame compressed multicast tx bytes packets errs drop
 * ...": proc_pid_net(5). False for lo and for what is no such line, which is cut. */
static bool read_line(char *line, struct counters *out)
{
    char *numbers = strchr(line, ':');

    out->name = line + strspn(line, " ");
    if (!numbers)
        return false;
    *numbers++ = '\0';
    return !str_eq(out->name, "lo") &&
           sscanf(numbers,
                  "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%*u %*u %*u %*u"
                  "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64,
                  &out->rx[0], &out->rx[1], &out->rx[2], &out->rx[3], &out->tx[0], &out->tx[1],
                  &out->tx[2], &out->tx[3]) == 8;
}

/* Heap text of /proc/PID/net/dev, or NULL. */
static char *read_dev(pid_t pid, struct lxcdriver_error **err)
{
    char file[64], *text = NULL;

    snprintf(file, sizeof(file), "/proc/%d/net/dev", (int)pid);
    if (fs_read_at(AT_FDCWD, file, NET_DEV_MAX, &text, NULL) < 0)
        err_sys(err, errno, "read %s", file);
    return text;
}

int net_stats(pid_t pid, struct lxcdriver_stats *stats, struct lxcdriver_error **err)
{
    cleanup_free char *text = read_dev(pid, err);
    struct counters c;
    char *cursor = text, *line;

    if (!text)
        return -1;
    stats->net_rx_bytes = stats->net_rx_packets = 0;
    stats->net_rx_errors = stats->net_rx_dropped = 0;
    stats->net_tx_bytes = stats->net_tx_packets = 0;
    stats->net_tx_errors = stats->net_tx_dropped = 0;
    while ((line = strsep(&cursor, "\n"))) {
        if (!read_line(line, &c))
            continue;
        stats->net_rx_bytes += c.rx[0];
        stats->net_rx_packets += c.rx[1];
        stats->net_rx_errors += c.rx[2];
        stats->net_rx_dropped += c.rx[3];
        stats->net_tx_bytes += c.tx[0];
        stats->net_tx_packets += c.tx[1];
        stats->net_tx_errors += c.tx[2];
        stats->net_tx_dropped += c.tx[3];
    }
    return 0;
}

int net_report(pid_t pid, struct json_writer *w, struct lxcdriver_error **err)
{
    static const char *const rx[] = {"RxBytes", "RxPackets", "RxErrors", "RxDropped"};
    static const char *const tx[] = {"TxBytes", "TxPackets", "TxErrors", "TxDropped"};
    cleanup_free char *text = read_dev(pid, err);
    struct counters c;
    char *cursor = text, *line;

    if (!text)
        return -1;
    while ((line = strsep(&cursor, "\n"))) {
        if (!read_line(line, &c))
            continue;
        json_open(w, NULL, '{');
        json_put_text(w, "Name", c.name);
        for (size_t i = 0; i < ARRAY_SIZE(rx); i++)
            json_put_u64(w, rx[i], c.rx[i]);
        for (size_t i = 0; i < ARRAY_SIZE(tx); i++)
            json_put_u64(w, tx[i], c.tx[i]);
        json_close(w, '}');
    }
    return 0;
}
