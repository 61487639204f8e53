/* A valid command, and short ways to change it. */
#ifndef RUNLXC_TEST_COMMAND_VALID_H
#define RUNLXC_TEST_COMMAND_VALID_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/readers.h"

/* Memory for these few strings is not what is tested: its lack fails the test by itself. */
static inline void set(char **dst, const char *text)
{
    assert_int_equal(str_set(dst, text), 0);
}

static inline void add(struct strv *list, const char *text)
{
    assert_int_equal(strv_add(list, text), 0);
}

static inline struct command *valid(void)
{
    struct command *c = command_new();

    assert_non_null(c);
    set(&c->id, "web-1");
    set(&c->root.path, "/srv/root");
    c->has_process = true;
    add(&c->process.args, "sh");
    add(&c->process.env, "A=1");
    set(&c->process.cwd, "/");
    c->ns[NS_USER].mode = c->ns[NS_TIME].mode = NS_HOST;
    return c;
}

static inline struct mount_spec *bind_mount(struct command *c, const char *source,
                                            const char *destination)
{
    struct mount_spec *m = ARRAY_GROW(&c->mounts, &c->n_mounts);

    assert_non_null(m);
    m->flags = MS_BIND;
    set(&m->source, source);
    set(&m->destination, destination);
    return m;
}

static inline struct device_node *node(struct command *c, const char *path)
{
    struct device_node *n = ARRAY_GROW(&c->devices, &c->n_devices);

    assert_non_null(n);
    n->type = 'c';
    set(&n->path, path);
    return n;
}

static inline struct device_rule *rule(struct command *c)
{
    struct device_rule *r = ARRAY_GROW(&c->res.devices, &c->res.n_devices);

    assert_non_null(r);
    *r = (struct device_rule){true, 'c', 1, 3, true, true, true};
    return r;
}

static inline void map(struct id_map **maps, size_t *n, uint32_t inside, uint32_t outside,
                       uint32_t size)
{
    struct id_map *m = ARRAY_GROW(maps, n);

    assert_non_null(m);
    *m = (struct id_map){inside, outside, size};
}

static inline void limit(struct command *c, int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit_entry *l = ARRAY_GROW(&c->process.rlimits, &c->process.n_rlimits);

    assert_non_null(l);
    *l = (struct rlimit_entry){resource, soft, hard};
}

static inline void sysctl_pair(struct command *c, const char *key, const char *value)
{
    assert_int_equal(pair_add(&c->sysctls, &c->n_sysctls, key, value), 0);
}

static inline void lxc_key(struct command *c, const char *key, const char *value)
{
    assert_int_equal(pair_add(&c->lxc_conf, &c->n_lxc_conf, key, value), 0);
}

static inline void maps_of_both(struct command *c)
{
    c->ns[NS_USER].mode = NS_NEW;
    map(&c->uid_maps, &c->n_uid_maps, 0, 1000, 10);
    map(&c->gid_maps, &c->n_gid_maps, 0, 1000, 10);
}

static inline struct hook *hook(struct command *c, const char *path)
{
    struct hook *h = ARRAY_GROW(&c->hooks[HOOK_POSTSTOP], &c->n_hooks[HOOK_POSTSTOP]);

    assert_non_null(h);
    set(&h->path, path);
    h->timeout_s = RES_UNSET;
    return h;
}

#endif
