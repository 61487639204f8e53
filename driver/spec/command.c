#include "spec/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void *array_grow(void **array, size_t *n, size_t size)
{
    char *grown = reallocarray(*array, *n + 1, size);

    if (!grown)
        return NULL;
    *array = grown;
    memset(grown + *n * size, 0, size);
    return grown + (*n)++ * size;
}

int pair_add(struct string_pair **pairs, size_t *n, const char *key, const char *value)
{
    struct string_pair *pair = ARRAY_GROW(pairs, n);

    if (!pair)
        return -1;
    return str_set(&pair->key, key) < 0 || str_set(&pair->value, value) < 0 ? -1 : 0;
}

const char *pair_find(const struct string_pair *pairs, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(pairs[i].key, key))
            return pairs[i].value;
    return NULL;
}

static void pairs_free(struct string_pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(pairs[i].key);
        free(pairs[i].value);
    }
    free(pairs);
}

void resources_init(struct resources *res)
{
    *res = (struct resources){0};
    res->memory_limit = res->memory_reservation = res->memory_swap = RES_UNSET;
    res->memory_kernel = res->memory_kernel_tcp = res->memory_swappiness = RES_UNSET;
    res->cpu_shares = res->cpu_quota_us = res->cpu_period_us = res->cpu_burst_us = RES_UNSET;
    res->cpu_rt_runtime_us = res->cpu_rt_period_us = res->cpu_idle = RES_UNSET;
    res->pids_limit = res->blkio_weight = res->blkio_leaf_weight = RES_UNSET;
    res->net_class_id = RES_UNSET;
}

void resources_clear(struct resources *res)
{
    free(res->cpuset_cpus);
    free(res->cpuset_mems);
    free(res->blkio_weight_devices);
    for (size_t kind = 0; kind < THROTTLE_KINDS; kind++) {
        for (size_t i = 0; i < res->n_throttle[kind]; i++)
            free(res->throttle[kind][i].path);
        free(res->throttle[kind]);
    }
    for (size_t i = 0; i < res->n_hugepages; i++)
        free(res->hugepages[i].page_size);
    free(res->hugepages);
    for (size_t i = 0; i < res->n_net_priorities; i++)
        free(res->net_priorities[i].name);
    free(res->net_priorities);
    for (size_t i = 0; i < res->n_rdma; i++)
        free(res->rdma[i].device);
    free(res->rdma);
    pairs_free(res->unified, res->n_unified);
    free(res->devices);
    resources_init(res);
}

void process_init(struct process_spec *p)
{
    *p = (struct process_spec){0};
}

void process_clear(struct process_spec *p)
{
    free(p->user.name);
    strv_free(&p->user.groups);
    free(p->user.gids);
    strv_free(&p->args);
    strv_free(&p->env);
    free(p->cwd);
    free(p->rlimits);
    free(p->apparmor_profile);
    free(p->selinux_label);
    free(p->scheduler.policy);
    strv_free(&p->scheduler.flags);
    free(p->cpu_affinity_initial);
    free(p->cpu_affinity_final);
    process_init(p);
}

struct command *command_new(void)
{
    struct command *cmd = calloc(1, sizeof(*cmd));

    if (!cmd)
        return NULL;
    resources_init(&cmd->res);
    cmd->shm_size = RES_UNSET;
    return cmd;
}

void mount_spec_clear(struct mount_spec *m)
{
    free(m->destination);
    free(m->type);
    free(m->source);
    strv_free(&m->data);
    free(m->uid_maps);
    free(m->gid_maps);
    *m = (struct mount_spec){0};
}

static void mounts_free(struct mount_spec *mounts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mount_spec_clear(&mounts[i]);
    free(mounts);
}

static void hooks_free(struct hook *hooks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(hooks[i].path);
        strv_free(&hooks[i].args);
        strv_free(&hooks[i].env);
    }
    free(hooks);
}

void seccomp_rule_clear(struct seccomp_rule *rule)
{
    strv_free(&rule->names);
    free(rule->action);
    for (size_t i = 0; i < rule->n_args; i++)
        free(rule->args[i].op);
    free(rule->args);
    *rule = (struct seccomp_rule){0};
}

void seccomp_spec_clear(struct seccomp_spec *sc)
{
    free(sc->default_action);
    strv_free(&sc->architectures);
    strv_free(&sc->flags);
    free(sc->listener_path);
    free(sc->listener_metadata);
    for (size_t i = 0; i < sc->n_rules; i++)
        seccomp_rule_clear(&sc->rules[i]);
    free(sc->rules);
    *sc = (struct seccomp_spec){0};
}

static void network_free(struct network_spec *net)
{
    free(net->bridge);
    free(net->container);
    free(net->path);
    free(net->host_if);
    free(net->name);
    free(net->mac);
}

static void linux_free(struct command *cmd)
{
    for (size_t i = 0; i < NS_KINDS; i++)
        free(cmd->ns[i].path);
    free(cmd->ipc_container);
    free(cmd->pid_container);
    free(cmd->uid_maps);
    free(cmd->gid_maps);
    for (size_t i = 0; i < cmd->n_devices; i++) {
        free(cmd->devices[i].path);
        free(cmd->devices[i].host_path);
    }
    free(cmd->devices);
    for (size_t i = 0; i < cmd->n_net_devices; i++) {
        free(cmd->net_devices[i].host_name);
        free(cmd->net_devices[i].name);
    }
    free(cmd->net_devices);
    free(cmd->cgroups_path);
    free(cmd->cgroup_parent);
    strv_free(&cmd->masked_paths);
    strv_free(&cmd->readonly_paths);
    pairs_free(cmd->sysctls, cmd->n_sysctls);
    free(cmd->mount_label);
    free(cmd->personality);
    free(cmd->rdt_clos_id);
    free(cmd->rdt_l3_cache);
    free(cmd->rdt_mem_bw);
    strv_free(&cmd->rdt_schemata);
    free(cmd->memory_policy_mode);
    free(cmd->memory_policy_nodes);
    strv_free(&cmd->memory_policy_flags);
}

void command_free(struct command *cmd)
{
    if (!cmd)
        return;
    free(cmd->id);
    free(cmd->oci_version);
    free(cmd->bundle);
    free(cmd->root.path);
    strv_free(&cmd->root.layers);
    free(cmd->root.upper);
    free(cmd->root.work);
    free(cmd->hostname);
    free(cmd->domainname);
    process_clear(&cmd->process);
    mounts_free(cmd->mounts, cmd->n_mounts);
    network_free(&cmd->net);
    strv_free(&cmd->dns);
    strv_free(&cmd->dns_search);
    strv_free(&cmd->dns_options);
    strv_free(&cmd->extra_hosts);
    resources_clear(&cmd->res);
    seccomp_spec_clear(&cmd->seccomp);
    free(cmd->seccomp_profile);
    for (size_t i = 0; i < HOOK_POINTS; i++)
        hooks_free(cmd->hooks[i], cmd->n_hooks[i]);
    pairs_free(cmd->annotations, cmd->n_annotations);
    pairs_free(cmd->lxc_conf, cmd->n_lxc_conf);
    linux_free(cmd);
    free(cmd);
}

void command_freep(struct command **cmd)
{
    command_free(*cmd);
    *cmd = NULL;
}
