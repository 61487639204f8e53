/* The engines that are told of this runtime: where each reads it, and how it is made to. */
#include <string.h>

#include "base/cleanup.h"
#include "runlxc/install.h"

static const struct install_engine engines[] = {
    {
        .name = "docker",
        .file = "/etc/docker/daemon.json",
        .user_file = "docker/daemon.json",
        .reload = "systemctl reload docker",
        /* A reload adds and changes what is in the file, and keeps what is no more. */
        .forget = "systemctl restart docker",
        .user_reload = "systemctl --user restart docker",
        .edit = install_json,
    },
};

const struct install_engine *install_engine_find(const char *name, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
        if (str_eq(engines[i].name, name))
            return &engines[i];
    if (name)
        err_set(err, "--engine: \"%s\" is not one of docker, containerd, podman and crio", name);
    else
        err_set(err, "--engine is missing: docker, containerd, podman or crio");
    return NULL;
}
