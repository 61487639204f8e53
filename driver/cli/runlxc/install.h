/*
 * What `runlxc install` does with an engine's configuration, in parts that know nothing of each
 * other: a file is read and replaced (install_file.c), a text is edited (install_json.c for Docker,
 * install_toml.c for the others, which is told by install_plans.c what to put into it), and the
 * difference is shown (install_diff.c). Editing is pure: texts in, texts out.
 */
#ifndef RUNLXC_CLI_INSTALL_H
#define RUNLXC_CLI_INSTALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

/* ---- what is wanted ---- */

struct install_wish {
    const char *name; /* of the runtime, for the engine */
    const char *path; /* of the program, absolute; NULL with `remove` */
    bool make_default;
    bool remove;         /* `make_default` then means nothing */
    bool systemd_cgroup; /* containerd: cgroups are systemd's */
};

/* ---- what an edit made of a text ---- */

struct install_edit {
    char *text; /* the file afterwards; NULL: there is none */
    size_t len;
    bool changed;    /* else `text` is what it was */
    bool of_runtime; /* the runtime was added, or removed */
    bool of_default; /* it was made the default, or is it no more */
    char *warning;   /* what may stand in the way; NULL: nothing */
    char *former; /* of_default: which one was the default, or is it now; NULL: the engine's own */
};

void install_edit_clear(struct install_edit *edit);
#define cleanup_edit __attribute__((cleanup(install_edit_clear)))

/*
 * Both editors: text[len], NUL-terminated, is the file `file` (for errors only); NULL: there is
 * none. Removing gives back the text before the installation, byte for byte, whatever was edited
 * elsewhere in between. What cannot be parsed or edited is an error "FILE:LINE: what", or that of
 * json_parse(). 0 or -1; *edit is to be cleared in both cases.
 */

/* dockerd's daemon.json, dockerd(8). JSON has no comments: which default was there before is kept
 * in the runtime's own object, where dockerd passes over members that it does not know. */
int install_json(const struct install_wish *wish, const char *file, const char *text, size_t len,
                 struct install_edit *edit, struct lxcdriver_error **err);

/* ---- install_file.c ---- */

#define INSTALL_FILE_MAX (1 << 18) /* bytes; engines' own samples have 40 KiB */

/* A configuration file and the directory that holds it, or will. */
struct install_file {
    char *path; /* after links were followed; what is missing of it included */
    char *rest; /* of it, below dir: the file's name, behind directories that are not there yet */
    int dir;    /* the last directory that is there, locked against another `runlxc install` */
    char *text; /* NULL: there is no such file */
    size_t len;
    struct stat st;
};

/*
 * Look `path` up, following links, and read it. Nothing on the way may be in the hands of others
 * than root and the caller: each directory, link and the file itself belong to one of them and
 * nobody else can write them (a sticky directory such as /tmp is no obstacle). 0, or -1; *file is
 * to be cleared in both cases.
 */
int install_file_read(const char *path, struct install_file *file, struct lxcdriver_error **err);

/*
 * Replace the file by text[len] in one step, with its owner, mode and extended attributes, or
 * remove it (text NULL). A new one gets mode 0644, directories that are missing 0755. An error if
 * it is not what was read any more. 0 or -1.
 */
int install_file_write(struct install_file *file, const char *text, size_t len,
                       struct lxcdriver_error **err);
void install_file_clear(struct install_file *file);
#define cleanup_install_file __attribute__((cleanup(install_file_clear)))

/* ---- install_diff.c ---- */

/* Print what makes `after` of `before`, as diff(1) -u does; NULL: no file. 0, or -1 when memory ran
 * out. */
int install_diff(FILE *out, const char *file, const char *before, size_t before_len,
                 const char *after, size_t after_len);

#endif
