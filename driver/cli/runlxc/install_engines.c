/* The engines that are told of this runtime: where each reads it, and how it is made to. */
#include "runlxc/install_engines.h"

#include "base/cleanup.h"

static const struct install_engine engines[] = {
    {
        .name = "docker",
        .file = "/etc/docker/daemon.json",
        .user_file = "docker/daemon.json",
        .reload = "systemctl reload docker",
        /* A reload adds and changes what is in the file, and keeps what is no more. */
        .forget = "systemctl restart docker",
        .user_reload = "systemctl --user restart docker",
    },
    {
        .name = "containerd",
        .file = "/etc/containerd/config.toml",
        .reload = "systemctl restart containerd",
        .forget = "systemctl restart containerd",
        .user_reload = "systemctl --user restart containerd",
        .kubernetes = true,
        .planner = plan_containerd,
    },
    {
        .name = "podman",
        .file = "/etc/containers/containers.conf.d/",
        .user_file = "containers/containers.conf.d/",
        .planner = plan_podman,
    },
    {
        .name = "crio",
        .file = "/etc/crio/crio.conf.d/",
        .reload = "systemctl restart crio",
        .forget = "systemctl restart crio",
        .user_reload = "systemctl --user restart crio",
        .kubernetes = true,
        .planner = plan_crio,
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
