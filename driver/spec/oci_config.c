/* config.json of an OCI bundle as a whole. */
#include "spec/oci.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_parts.h"

/* A number without a sign at *p, which moves behind it. */
static bool number(const char **p, uint64_t *out)
{
    char digits[8] = {0};
    size_t len = strspn(*p, "0123456789");

    if (!len || len >= sizeof(digits))
        return false;
    memcpy(digits, *p, len);
    *p += len;
    return str_to_u64(digits, 0, UINT32_MAX, out);
}

/* MAJOR.MINOR[.PATCH][-PRERELEASE][+BUILD]: Semantic Versioning 2.0.0, and tools that leave out the
 * patch. */
static bool is_version(const char *text, uint64_t *major)
{
    uint64_t ignored;
    const char *p = text;

    if (!number(&p, major) || *p++ != '.' || !number(&p, &ignored))
        return false;
    if (*p == '.' && (p++, !number(&p, &ignored)))
        return false;
    if (!*p)
        return true;
    if (*p != '-' && *p != '+')
        return false;
    p++;
    return *p && !p[strspn(p, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-")];
}

static int read_version(const struct json_at *root, struct command *cmd,
                        struct lxcdriver_error **err)
{
    struct json_at member = json_member(root, "ociVersion");
    uint64_t major;

    if (json_get_string(&member, &cmd->oci_version, err) < 0)
        return -1;
    if (!is_version(cmd->oci_version, &major))
        return json_error(&member, err, "not a version such as 1.3.0");
    if (major != 1)
        return json_error(&member, err, "only versions 1.x can be read");
    return 0;
}

static int read_root(const struct json_at *root, const char *bundle, struct command *cmd,
                     struct lxcdriver_error **err)
{
    struct json_at object = json_member(root, "root"), path = json_member(&object, "path");
    cleanup_free char *text = NULL;

    if (json_want_object(&object, err) < 0 || json_get_string(&path, &text, err) < 0 ||
        json_opt_bool(&object, "readonly", &cmd->root.readonly, err) < 0)
        return -1;
    if (!*text)
        return json_error(&path, err, "a directory is expected");
    free(cmd->root.path);
    cmd->root.path = *text == '/' ? steal_ptr(&text) : str_printf("%s/%s", bundle, text);
    return cmd->root.path ? 0 : err_nomem(err);
}

/* Without a list of capabilities there are none; the init shim would leave all that it has. */
static int read_process(const struct json_at *root, struct command *cmd, struct strv *warnings,
                        struct lxcdriver_error **err)
{
    struct json_at process = json_member(root, "process");

    cmd->has_process = json_present(&process);
    if (!cmd->has_process)
        return 0;
    if (oci_process_read(&process, &cmd->process, warnings, err) < 0)
        return -1;
    cmd->process.caps.set = true;
    /* Not in the specification, but what every runtime does, and engines rely on. */
    cmd->process.create_cwd = true;
    return 0;
}

static int read_linux(const struct json_at *root, struct command *cmd, struct strv *warnings,
                      struct lxcdriver_error **err)
{
    struct json_at object = json_member(root, "linux");

    /* A kind that is not listed is the host's. */
    for (int kind = 0; kind < NS_KINDS; kind++)
        cmd->ns[kind].mode = NS_HOST;
    if (json_present(&object) && oci_linux_read(&object, cmd, warnings, err) < 0)
        return -1;
    if (cmd->ns[NS_MNT].mode == NS_HOST)
        return err_set(err, "linux.namespaces: there is no \"mount\", and LXC gives every "
                            "container a mount namespace of its own");
    if (cmd->ns[NS_NET].mode == NS_HOST)
        cmd->net.mode = NET_HOST;
    return 0;
}

/* "windows", "solaris", "zos" and "freebsd" belong to other platforms; "vm" asks for a kernel of
 * its own, and to run on the host's instead would be another isolation than was asked for. */
static int read_platform(const struct json_at *root, struct lxcdriver_error **err)
{
    struct json_at vm;
    bool present;

    if (json_opt_object(root, "vm", &vm, &present, err) < 0)
        return -1;
    if (present && json_object_size(vm.value) > 0)
        return err_set(err, "vm: a virtual machine is asked for, and LXC makes none");
    return 0;
}

static int read_annotations(const struct json_at *root, struct command *cmd,
                            struct lxcdriver_error **err)
{
    if (oci_pairs(root, "annotations", &cmd->annotations, &cmd->n_annotations, err) < 0)
        return -1;
    for (size_t i = 0; i < cmd->n_annotations; i++)
        if (!*cmd->annotations[i].key)
            return err_set(err, "annotations: a key is empty (its value is \"%s\")",
                           cmd->annotations[i].value);
    return 0;
}

static int read_document(const struct json_at *root, const char *bundle, struct command *cmd,
                         struct strv *warnings, struct lxcdriver_error **err)
{
    if (json_want_object(root, err) < 0 || read_version(root, cmd, err) < 0 ||
        read_platform(root, err) < 0 || read_root(root, bundle, cmd, err) < 0 ||
        read_process(root, cmd, warnings, err) < 0 ||
        oci_text(root, "hostname", &cmd->hostname, err) < 0 ||
        oci_text(root, "domainname", &cmd->domainname, err) < 0)
        return -1;
    if (oci_mounts_read(root, bundle, cmd, err) < 0 || oci_hooks_read(root, cmd, err) < 0 ||
        read_annotations(root, cmd, err) < 0)
        return -1;
    return read_linux(root, cmd, warnings, err);
}

int oci_config_read(const char *text, size_t len, const char *bundle, struct command *cmd,
                    struct strv *warnings, struct lxcdriver_error **err)
{
    json_t *value = json_parse(text, len, "not JSON", err);
    struct json_at root = json_root(value);
    int result;

    if (!value)
        return -1;
    cmd->engine = true;
    result = str_set(&cmd->bundle, bundle) < 0 ? err_nomem(err)
                                               : read_document(&root, bundle, cmd, warnings, err);
    json_decref(value);
    return result;
}
