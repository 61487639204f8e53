/* What the parts of the reader for config.json share. Private to driver/spec. */
#ifndef RUNLXC_SPEC_OCI_PARTS_H
#define RUNLXC_SPEC_OCI_PARTS_H

#include "base/err.h"
#include "base/json.h"
#include "spec/command.h"

/* A string that is as good as absent when it is empty: engines write "" for what they have nothing
 * to say about. 0 or -1. */
int oci_text(const struct json_at *at, const char *name, char **out, struct lxcdriver_error **err);

/* An object whose members are all strings, appended to the pairs in order. 0 or -1. */
int oci_pairs(const struct json_at *at, const char *name, struct string_pair **pairs, size_t *n,
              struct lxcdriver_error **err);

/* The optional array `name` of {containerID, hostID, size} (config-linux.md, "User namespace
 * mappings"), appended. 0 or -1. */
int oci_id_maps(const struct json_at *at, const char *name, struct id_map **maps, size_t *n,
                struct lxcdriver_error **err);

/* Member "mounts" of the document (config.md, "Mounts"): relative sources of binds belong to
 * `bundle`. 0 or -1. */
int oci_mounts_read(const struct json_at *root, const char *bundle, struct command *cmd,
                    struct lxcdriver_error **err);

/* Member "hooks" of the document (config.md, "POSIX-platform Hooks"). 0 or -1. */
int oci_hooks_read(const struct json_at *root, struct command *cmd, struct lxcdriver_error **err);

#endif
