/* A document as Docker's daemon writes it, and variations of it. */
#ifndef RUNLXC_TEST_EXECDRIVER_DOC_H
#define RUNLXC_TEST_EXECDRIVER_DOC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "spec/readers.h"

/* As Docker 1.9's daemon writes it: every member, most of them empty. */
static const char docker[] =
    "{\"id\":\"4a5e\",\"rootfs\":\"/var/lib/docker/overlay/4a5e/merged\",\"readonly_rootfs\":false,"
    "\"initpath\":\"/.dockerinit\",\"working_dir\":\"\",\"config_path\":\"\",\"network\":null,"
    "\"ipc\":{\"container_id\":\"\",\"host_ipc\":false},\"pid\":{\"host_pid\":false},\"uts\":{"
    "\"host_uts\":false},"
    "\"remap_root\":{\"root_uid\":0,\"root_gid\":0},\"uidmapping\":null,\"gidmapping\":null,"
    "\"resources\":{\"memory\":0,\"memory_swap\":0,\"memory_reservation\":0,\"kernel_memory\":0,"
    "\"cpu_shares\":0,"
    "\"cpuset_cpus\":\"\",\"cpuset_mems\":\"\",\"cpu_period\":0,\"cpu_quota\":0,\"blkio_weight\":0,"
    "\"rlimits\":null,"
    "\"oom_kill_disable\":false,\"memory_swappiness\":-1},\"mounts\":null,\"allowed_devices\":null,"
    "\"autocreated_devices\":null,\"cap_add\":null,\"cap_drop\":null,\"group_add\":null,"
    "\"container_pid\":0,"
    "\"process_config\":{\"privileged\":false,\"user\":\"\",\"tty\":false,\"entrypoint\":\"/bin/"
    "sh\","
    "\"arguments\":[\"-c\",\"exit "
    "7\"]},\"process_label\":\"\",\"mount_label\":\"\",\"lxc_config\":[],"
    "\"apparmor_profile\":\"\",\"cgroup_parent\":\"\",\"first_start\":true,\"layer_paths\":null,"
    "\"layer_folder\":\"\",\"hostname\":\"\"}";

/* The document above with the members of `patch` in place of its own, recursively. */
static inline char *patched(const char *patch)
{
    json_error_t failure;
    json_t *base = json_loads(docker, 0, &failure);
    json_t *over = json_loads(patch, JSON_ALLOW_NUL, &failure);
    char *text;

    if (!base || !over || json_object_update_recursive(base, over) < 0)
        fail_msg("%s: %s", patch, failure.text);
    text = json_dumps(base, 0);
    json_decref(base);
    json_decref(over);
    return text;
}

#endif
