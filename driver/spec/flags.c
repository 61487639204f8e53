#include "spec/flags.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define ENV_FILE_MAX (1u << 20)
#define HOSTNAME_CUT 63 /* a label of a domain name, RFC 1035 */

/* argv and how far it was read. */
struct arguments {
    int argc, next;
    char **argv;
};

static const char *take(struct arguments *args)
{
    return args->next < args->argc ? args->argv[args->next++] : NULL;
}

static void free_state(struct flags_state *st)
{
    strv_free(&st->env_files);
    strv_free(&st->env);
    strv_free(&st->cap_add);
    strv_free(&st->cap_drop);
    strv_free(&st->devices);
    strv_free(&st->device_rules);
    free(st->net);
    free(st->bridge);
    free(st->ip);
    free(st->ip6);
    free(st->pid);
    free(st->ipc);
    free(st->uts);
    for (size_t i = 0; i < ARRAY_SIZE(st->selinux); i++)
        free(st->selinux[i]);
    command_free(st->cmd);
}

#define cleanup_state __attribute__((cleanup(free_state)))

void launch_options_clear(struct launch_options *opts)
{
    free(opts->image);
    free(opts->command_file);
    free(opts->root);
    free(opts->log_level);
    free(opts->detach_keys);
    free(opts->entrypoint);
    free(opts->seccomp_profile);
    free(opts->user_ns);
    strv_free(&opts->args);
    *opts = (struct launch_options){0};
}

/* Hand one option to its handler; `typed` is how the user wrote it. */
static int apply(struct flags_state *st, const struct flag *flag, const char *typed,
                 const char *value, struct lxcdriver_error **err)
{
    if (!flag->with_command_file && !st->first_container_option)
        st->first_container_option = flag->name;
    return flag->set(st, flag, value, err) < 0 ? err_wrap(err, "%s", typed) : 0;
}

/* --name, --name=value, --name value */
static int read_long(struct flags_state *st, struct arguments *args, const char *text,
                     struct lxcdriver_error **err)
{
    size_t len = strcspn(text, "=");
    const struct flag *flag = flag_by_name(text, len);
    const char *value = text[len] ? text + len + 1 : NULL;
    cleanup_free char *typed = str_printf("--%.*s", (int)len, text);

    if (!typed)
        return err_nomem(err);
    if (!flag) {
        const struct flag *near = flag_nearest(text, len);

        if (near)
            return err_set(err, "unknown option \"%s\"; did you mean \"--%s\"?", typed, near->name);
        return err_set(err, "unknown option \"%s\"; lxc-launch --help lists them", typed);
    }
    if (!value && !flag->arg)
        value = "true";
    if (!value)
        value = take(args);
    if (!value)
        return err_set(err, "%s: needs a value (%s)", typed, flag->arg);
    return apply(st, flag, typed, value, err);
}

/* A cluster: switches, the last of which may be an option with a value, attached or in the next
 * argument. */
static int read_short(struct flags_state *st, struct arguments *args, const char *cluster,
                      struct lxcdriver_error **err)
{
    for (const char *p = cluster; *p; p++) {
        const struct flag *flag = flag_by_short(*p);
        const char typed[3] = {'-', *p, '\0'};
        const char *value = "true";

        if (!flag)
            return err_set(err, "unknown option \"%s\"%s%s; lxc-launch --help lists them", typed,
                           cluster[1] ? " in -" : "", cluster[1] ? cluster : "");
        if (flag->arg || p[1] == '=') {
            value = p[1] == '=' ? p + 2 : p[1] ? p + 1 : take(args);
            if (!value)
                return err_set(err, "%s: needs a value (%s)", typed, flag->arg);
            return apply(st, flag, typed, value, err);
        }
        if (apply(st, flag, typed, value, err) < 0)
            return -1;
    }
    return 0;
}

/* All options up to IMAGE. --help and --version end the reading: what follows them does not matter.
 */
static int read_options(struct flags_state *st, struct arguments *args,
                        struct lxcdriver_error **err)
{
    while (args->next < args->argc && !st->opts->help && !st->opts->version) {
        const char *text = args->argv[args->next];

        if (text[0] != '-' || !text[1])
            return 0;
        args->next++;
        if (strcmp(text, "--") == 0)
            return 0;
        if (text[1] == '-' ? read_long(st, args, text + 2, err) < 0
                           : read_short(st, args, text + 1, err) < 0)
            return -1;
    }
    return 0;
}

static int read_positionals(struct flags_state *st, struct arguments *args,
                            struct lxcdriver_error **err)
{
    struct launch_options *opts = st->opts;
    const char *image = take(args);

    if (opts->command_file) {
        if (image)
            return err_set(err, "--command says what to run: \"%s\" is one too many", image);
        if (st->first_container_option)
            return err_set(err, "--%s cannot be used with --command", st->first_container_option);
        return 0;
    }
    if (!image)
        return err_set(err, "IMAGE is missing; lxc-launch --help shows how to use it");
    if (!*image)
        return err_set(err, "IMAGE is empty");
    if (str_set(&opts->image, image) < 0)
        return err_nomem(err);
    while (args->next < args->argc)
        if (strv_add(&opts->args, take(args)) < 0)
            return err_nomem(err);
    return 0;
}

static int env_line(struct strv *env, char *line, struct lxcdriver_error **err)
{
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return 0;
    if (strcspn(line, " \t") < strcspn(line, "="))
        return err_set(err, "\"%s\" has white space in the variable's name", line);
    return env_set(env, line, err);
}

static int env_file(struct strv *env, const char *path, struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    size_t len, number = 0;

    if (fs_read_at(AT_FDCWD, path, ENV_FILE_MAX, &text, &len) < 0)
        return err_sys(err, errno, "--env-file %s", path);
    if (strlen(text) != len)
        return err_set(err, "--env-file %s: a NUL byte cannot be used", path);
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        number++;
        line[strcspn(line, "\r")] = '\0';
        if (env_line(env, line, err) < 0)
            return err_wrap(err, "--env-file %s: line %zu", path, number);
    }
    return 0;
}

static int finish_env(struct flags_state *st, struct lxcdriver_error **err)
{
    struct strv *env = &st->cmd->process.env;

    for (size_t i = 0; i < st->env_files.n; i++)
        if (env_file(env, st->env_files.items[i], err) < 0)
            return -1;
    for (size_t i = 0; i < st->env.n; i++)
        if (env_set(env, st->env.items[i], err) < 0)
            return err_wrap(err, "--env");
    return 0;
}

static int finish_name(struct command *cmd, struct lxcdriver_error **err)
{
    unsigned char random[6];

    if (cmd->id)
        return command_check_id(cmd->id, err) < 0 ? err_wrap(err, "--name") : 0;
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return err_sys(err, errno, "a name for the container");
    cmd->id = str_printf("%02x%02x%02x%02x%02x%02x", random[0], random[1], random[2], random[3],
                         random[4], random[5]);
    return cmd->id ? 0 : err_nomem(err);
}

/* The name, made fit for a host: what a host name cannot have becomes '-', at its ends nothing. */
static int finish_hostname(struct command *cmd, struct lxcdriver_error **err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const char *id = cmd->id + strcspn(cmd->id, letters);
    size_t len;

    if (cmd->hostname || cmd->ns[NS_UTS].mode == NS_HOST || cmd->net.mode == NET_HOST || !*id)
        return 0;
    cmd->hostname = strndup(id, HOSTNAME_CUT);
    if (!cmd->hostname)
        return err_nomem(err);
    len = strlen(cmd->hostname);
    for (size_t i = 0; i < len; i++)
        if (!strchr(letters, cmd->hostname[i]) && cmd->hostname[i] != '.')
            cmd->hostname[i] = '-';
    while (!strchr(letters, cmd->hostname[len - 1]))
        cmd->hostname[--len] = '\0';
    return 0;
}

/* What only makes sense once all options were seen. */
static int finish(struct flags_state *st, struct lxcdriver_error **err)
{
    static int (*const steps[])(struct flags_state *, struct lxcdriver_error **) = {
        finish_env,
        flags_finish_network,
        flags_finish_namespaces,
        flags_finish_resources,
        flags_finish_security,
        flags_finish_devices,
    };

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        if (steps[i](st, err) < 0)
            return -1;
    return finish_name(st->cmd, err) < 0 || finish_hostname(st->cmd, err) < 0 ? -1 : 0;
}

static int read_all(struct flags_state *st, struct arguments *args, struct lxcdriver_error **err)
{
    if (read_options(st, args, err) < 0)
        return -1;
    if (st->opts->help || st->opts->version)
        return 0;
    if (read_positionals(st, args, err) < 0)
        return -1;
    return st->opts->command_file ? 0 : finish(st, err);
}

int flags_read(int argc, char **argv, struct launch_options *opts, struct command **out,
               struct lxcdriver_error **err)
{
    struct arguments args = {.argc = argc, .next = 1, .argv = argv};
    cleanup_state struct flags_state st = {.opts = opts, .cmd = command_new()};

    *opts = (struct launch_options){.start_timeout_s = 30};
    *out = NULL;
    if (!st.cmd)
        return err_nomem(err);
    st.cmd->has_process = true;
    st.cmd->default_mounts = true;
    st.cmd->ns[NS_USER].mode = NS_HOST;
    st.cmd->ns[NS_TIME].mode = NS_HOST;
    if (read_all(&st, &args, err) < 0) {
        launch_options_clear(opts);
        return -1;
    }
    if (!opts->help && !opts->version && !opts->command_file)
        *out = steal_ptr(&st.cmd);
    return 0;
}
