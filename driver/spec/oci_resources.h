/* What the readers of "linux.resources" and of devices share. Private to driver/spec. Each returns
 * 0, or -1 with an error that begins with the member's path. */
#ifndef RUNLXC_SPEC_OCI_RESOURCES_H
#define RUNLXC_SPEC_OCI_RESOURCES_H

#include "base/err.h"
#include "base/json.h"
#include "spec/command.h"

/* The members "major" and "minor" of a device, both of which must be there. */
int oci_device_number(const struct json_at *at, int64_t *major, int64_t *minor,
                      struct lxcdriver_error **err);
/* "devices" of resources: the list of allowed devices, appended in order. */
int oci_device_rules(const struct json_at *at, struct resources *out, struct lxcdriver_error **err);
/* hugepageLimits, network, rdma, unified. */
int oci_resources_rare(const struct json_at *at, struct resources *out,
                       struct lxcdriver_error **err);

#endif
