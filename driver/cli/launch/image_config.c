/* The image configuration: config.md of the OCI image specification 1.1, of which Docker's own
 * format is the origin. */
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/launch/image_parts.h"

const char *image_architecture(void)
{
    static const struct {
        const char *machine, *name; /* uname(2), GOARCH */
    } known[] = {
        {"x86_64", "amd64"},        {"aarch64", "arm64"}, {"armv7l", "arm"},
        {"armv6l", "arm"},          {"i686", "386"},      {"i586", "386"},
        {"ppc64le", "ppc64le"},     {"s390x", "s390x"},   {"riscv64", "riscv64"},
        {"loongarch64", "loong64"},
    };
    static struct utsname host;

    uname(&host);
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (str_eq(host.machine, known[i].machine))
            return known[i].name;
    return host.machine;
}

static int check_platform(const struct json_at *root, struct lxcdriver_error **err)
{
    cleanup_free char *arch = NULL, *os = NULL;
    const char *host = image_architecture();

    if (json_opt_string(root, "architecture", &arch, err) < 0 ||
        json_opt_string(root, "os", &os, err) < 0)
        return -1;
    if (os && !str_eq(os, "linux"))
        return err_set(err, "the image is for %s, this machine runs linux", os);
    /* An amd64 kernel runs 32 bit programs; every other pair needs an emulator. */
    if (arch && !str_eq(arch, host) && !(str_eq(arch, "386") && str_eq(host, "amd64")))
        return err_set(err, "the image is for %s, this machine is %s", arch, host);
    return 0;
}

/*
 * A variable without '=' would later be taken from the environment of lxc-launch: an image must not
 * be able to ask for it.
 */
static int check_env(const struct json_at *config, const struct strv *env,
                     struct lxcdriver_error **err)
{
    struct json_at list = json_member(config, "Env");

    for (size_t i = 0; i < env->n; i++) {
        struct json_at at = json_element(&list, i);
        const char *equals = strchr(env->items[i], '=');

        if (!equals || equals == env->items[i])
            return json_error(&at, err, "is not \"NAME=VALUE\"");
    }
    return 0;
}

/* An empty string says nothing, as in every image that Docker has written. */
static void drop_empty(char **text)
{
    if (*text && !**text) {
        free(*text);
        *text = NULL;
    }
}

static int read_execution(const struct json_at *config, struct image *out,
                          struct lxcdriver_error **err)
{
    if (json_opt_strv(config, "Env", &out->env, err) < 0 ||
        json_opt_strv(config, "Entrypoint", &out->entrypoint, err) < 0 ||
        json_opt_strv(config, "Cmd", &out->cmd, err) < 0 ||
        json_opt_string(config, "WorkingDir", &out->workdir, err) < 0 ||
        json_opt_string(config, "User", &out->user, err) < 0 ||
        json_opt_string(config, "StopSignal", &out->stop_signal, err) < 0 ||
        check_env(config, &out->env, err) < 0)
        return -1;
    drop_empty(&out->workdir);
    drop_empty(&out->user);
    drop_empty(&out->stop_signal);
    if (out->workdir && out->workdir[0] != '/') {
        struct json_at at = json_member(config, "WorkingDir");

        return json_error(&at, err, "is not an absolute path");
    }
    return 0;
}

int image_config_read(const char *text, size_t len, struct image *out, struct lxcdriver_error **err)
{
    json_auto_t *json = json_parse(text, len, "image configuration", err);
    struct json_at root, config;
    int result;

    if (!json)
        return -1;
    root = json_root(json);
    config = json_member(&root, "config");
    result = json_want_object(&root, err);
    if (result == 0)
        result = check_platform(&root, err);
    if (result == 0 && json_present(&config))
        result = json_want_object(&config, err);
    if (result == 0 && json_present(&config))
        result = read_execution(&config, out, err);
    return result < 0 ? err_wrap(err, "image configuration") : 0;
}
