/* What checkpoint and restore have in common: CRIU itself, its log, and a record of the standard
 * streams. */
#ifndef RUNLXC_RUN_CRIU_H
#define RUNLXC_RUN_CRIU_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/restore.h"
#include "base/str.h"

/* The directory of the caller's PATH that has a program "criu"; heap. NULL with an error that says
 * what to install. */
char *criu_find(struct lxcdriver_error **err);

/* The last errors of CRIU's log dir/name, together what happened and what for; NULL: it gives none.
 * Heap. */
char *criu_reason(const char *dir, const char *log);

/* CRIU's configuration file (criu(8)): add its options of these names, and write what was gathered
 * to dir/name, dir being dir_fd. 0 or -1. */
void criu_conf_words(struct buf *conf, bool ext_unix_sk, bool shell_job, bool auto_dedup);
int criu_conf_write(int dir_fd, const char *dir, const char *name, const struct buf *conf,
                    struct lxcdriver_error **err);

/*
 * CRIU mounts cgroup v2 anew, for a dump and for the container, from outside of a cgroup namespace,
 * where the options of any mount are those of the host's one hierarchy (cgroup2_reconfigure(),
 * kernel/cgroup/cgroup.c): it takes nsdelegate away, which keeps containers from their own limits.
 * So: the options now (heap; "": no such hierarchy; NULL on failure), and afterwards what gives
 * them back; NULL: nothing is known. 0 or -1.
 */
char *criu_hierarchy_options(void);
int criu_hierarchy_mend(const char *before, struct lxcdriver_error **err);

/* CRIU's own names of the three standard streams of a container's init; NULL: the stream is
 * something of the container's own, which CRIU writes down. Heap. */
struct criu_streams {
    char *names[RESTORE_STREAMS];
};

/* Look at a process. 0 or -1. */
int criu_streams_look(pid_t pid, struct criu_streams *out, struct lxcdriver_error **err);
/* Write them into the images' directory, and read them there. 0 or -1. */
int criu_streams_write(int dir_fd, const struct criu_streams *streams,
                       struct lxcdriver_error **err);
int criu_streams_read(int dir_fd, const char *dir, struct criu_streams *out,
                      struct lxcdriver_error **err);
void criu_streams_clear(struct criu_streams *streams);
#define cleanup_criu_streams __attribute__((cleanup(criu_streams_clear)))

/* Whether a stream is a file outside of the container, which CRIU takes for external only when told
 * so. */
bool criu_stream_is_file(const char *name);

#endif
