/*
 * The parts of the reader for an OCI bundle's config.json: runtime specification 1.3, config.md and
 * config-linux.md. What is absent or null stays as it is in what is filled in.
 */
#ifndef RUNLXC_SPEC_OCI_H
#define RUNLXC_SPEC_OCI_H

#include "base/conf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "spec/command.h"

/*
 * The object "process" (config.md, "Process") into *out, which is empty or holds earlier values
 * that are replaced or, in lists, added to. Capabilities that nobody knows are no error but a
 * sentence in `warnings`, as the specification wants it. What one value alone can be wrong in is
 * refused here, the rest by command_validate(). 0 or -1.
 */
int oci_process_read(const struct json_at *at, struct process_spec *out, struct strv *warnings,
                     struct lxcdriver_error **err);

/*
 * A whole config.json (`len` bytes) of the bundle at `bundle`, an absolute directory that relative
 * paths of root.path belong to, into *cmd, which is fresh of command_new(). What the specification
 * leaves out is the specification's: no default mounts, masks, devices beyond those that every
 * container has. Unknown members are ignored, known ones that cannot be honoured are refused with
 * their path and value. ociVersion: 1.0 to 1.x; another major is refused. command_validate() is
 * left to the caller. 0 or -1.
 */
int oci_config_read(const char *text, size_t len, const char *bundle, struct command *cmd,
                    struct strv *warnings, struct lxcdriver_error **err);

/* The object "linux" (config-linux.md). 0 or -1. */
int oci_linux_read(const struct json_at *at, struct command *cmd, struct strv *warnings,
                   struct lxcdriver_error **err);

/* The object "linux.resources" (config-linux.md, "Control groups"), also that of `runlxc update`.
 */
int oci_resources_read(const struct json_at *at, struct resources *out,
                       struct lxcdriver_error **err);

/*
 * The members of "linux" that have readers of their own: devices, resources, intelRdt,
 * personality, netDevices, memoryPolicy. *at is the object "linux", which is one. 0 or -1.
 */
int oci_linux_more_read(const struct json_at *at, struct command *cmd, struct strv *warnings,
                        struct lxcdriver_error **err);

/* Member "intelRdt" of "linux" (config-linux.md, "IntelRdt"), or of an update's resources. 0 or -1.
 */
int oci_rdt_read(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err);

/*
 * What annotations ask of us: org.linuxcontainers.lxc.KEY becomes a raw LXC key, if a pattern of
 * conf->annotation_lxc_keys allows it (else an error that names it); org.linuxcontainers.lxcfs.
 * Done by the driver for every command, after it was read. 0 or -1.
 */
int oci_annotations_apply(struct command *cmd, const struct conf *conf,
                          struct lxcdriver_error **err);

#endif
