/*
 * The parts of the reader for an OCI bundle's config.json: runtime specification 1.3, config.md and
 * config-linux.md. What is absent or null stays as it is in what is filled in.
 */
#ifndef RUNLXC_SPEC_OCI_H
#define RUNLXC_SPEC_OCI_H

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

#endif
