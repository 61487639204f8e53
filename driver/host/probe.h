/*
 * Trying what this host can do without changing it: a question is put by a child process that has
 * a limited time, whose namespaces, mounts and descriptors end with it. Nothing here makes the
 * kernel load a module.
 */
#ifndef RUNLXC_PROBE_H
#define RUNLXC_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Call fn(arg) in a child, in a process group of its own, with /dev/null for its input; fn's answer
 * is 0 or an errno. With `output` (may be NULL) what it writes to its output and error is kept: at
 * most 64 KiB, heap, NUL-terminated; without, it is dropped. After timeout_ms the whole group is
 * killed. fn's answer (0 .. 255), or -1 with errno: ETIMEDOUT, ECANCELED (a signal ended it), or
 * what kept the child from being made; *output is then NULL.
 */
int probe_run(int (*fn)(void *arg), void *arg, int timeout_ms, char **output);

/* The same for a program, by its path, with an environment of PATH and a home that
 * cannot be written to. Its exit code; 127 when it cannot be executed. */
int probe_program(const char *const *argv, int timeout_ms, char **output);
/* The same in mount, network and IPC namespaces of its own, with an empty /run and /tmp that go
 * away with them. */
int probe_program_apart(const char *const *argv, int timeout_ms, char **output);

/* A program in PATH, else where administrators' programs are, whatever PATH says. Heap, or NULL. */
char *probe_find(const char *name);

/* ---- modules of the kernel ---- */

enum probe_module {
    MODULE_THERE,     /* loaded, or a part of the kernel */
    MODULE_LOADABLE,  /* a file that is loaded when it is needed: asking for it would load it */
    MODULE_NOT_KNOWN, /* neither is known, or none can be loaded any more: asking is safe */
};

/* By /sys/module and /lib/modules/RELEASE/modules.{builtin,dep}. `name` with '_', not '-'. */
enum probe_module probe_module(const char *name);
/* Whether a text in the form of modules.builtin or modules.dep names the module, in what is before
 * a ':' in each line. */
bool probe_module_listed(const char *text, const char *name);

/* ---- system calls; for probe_run(), each with what its argument is ---- */

/* Make what follows private to the calling process: in a user namespace of its own unless it is
 * root, and in a mount namespace behind which nothing spreads. 0 or an errno. */
int probe_enter(void);

int probe_namespace(void *flag);     /* int: CLONE_NEW*; as root or, after one's own, as any user */
int probe_ordinary_userns(void *);   /* a user namespace, as an unprivileged user: for root */
int probe_openat2(void *);           /* with RESOLVE_IN_ROOT */
int probe_mount_api(void *);         /* open_tree(2), move_mount(2) */
int probe_fsopen(void *type);        /* const char *: a new file system of this type */
int probe_mount_setattr(void *);     /* read-only, on a copy of a mount */
int probe_idmap(void *directory);    /* const char *: shifted ids on the file system it is in */
int probe_overlay(void *);           /* over a tmpfs */
int probe_pidfd(void *);             /* pidfd_open(2), pidfd_send_signal(2) */
int probe_close_range(void *);       /* with CLOSE_RANGE_CLOEXEC */
int probe_into_cgroup(void *cgroup); /* const char *: clone3(2) into this directory of cgroup v2 */
int probe_seccomp(void *flags);      /* unsigned: a filter that allows everything */
int probe_device_program(void *);    /* bpf(2): BPF_PROG_TYPE_CGROUP_DEVICE, attached nowhere */
int probe_link(void *kind);          /* const char *: a network device in a namespace of its own */

#endif
