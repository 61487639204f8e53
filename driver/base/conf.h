/*
 * The administrator's settings, /etc/runlxc/runlxc.conf (runlxc.conf(5)).
 *
 * The file is lines of "key = value"; blank lines and lines that begin with '#' are skipped. It
 * says which programs are run as root, so it is read only when it belongs to root and nobody else
 * can write it. For an ordinary user `root` and `image_dir` are his own (base/rootless.h).
 */
#ifndef RUNLXC_CONF_H
#define RUNLXC_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* The Makefile gives the directory of the installation. */
#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

struct conf {
    char *root;                      /* one directory a container; /run/runlxc */
    char *image_dir;                 /* unpacked images; /var/lib/runlxc */
    char *bridge;                    /* of --net bridge; lxcbr0 */
    char *template_override_dir;     /* its files replace templates; /etc/runlxc/templates */
    char *lxc_start;                 /* absolute path of lxc-start; /usr/bin/lxc-start */
    char *log_level;                 /* debug, info, warning (the default) or error */
    uint32_t userns_base;            /* first host id of --userns auto; 1000000 */
    uint32_t userns_size;            /* ids of one container; 65536 */
    int64_t start_timeout_s;         /* 30 */
    bool image_pull_always;          /* look docker:// up at every start, not only when missing */
    bool lxcfs;                      /* /proc of every container shows its limits, by lxcfs(1) */
    struct strv annotation_lxc_keys; /* fnmatch(3) patterns: LXC keys that annotations may set */
    /* fnmatch(3) patterns: properties of its unit that annotations may set; some that are harmless
     */
    struct strv annotation_systemd_properties;
};

/*
 * Fill *out with the defaults and then with what the file says. `path` NULL is SYSCONFDIR
 * "/runlxc/runlxc.conf"; a missing file leaves the defaults. An unknown or repeated key, a bad
 * value and a file that others can write are errors: "FILE:LINE: key: why". 0, or -1 with *out
 * cleared. conf_clear() frees what *out holds.
 */
int conf_read(const char *path, struct conf *out, struct lxcdriver_error **err);
void conf_clear(struct conf *conf);

#endif
