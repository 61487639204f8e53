/* Programs that some options and commands need. */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "host/systemd.h"
#include "run/check.h"

#define LIMIT_MS 5000
#define CRIU_LIMIT_MS 20000
#define LXCFS_DIR "/var/lib/lxcfs"

/* The version that a program says of itself; heap, "" when it says none, NULL without memory. */
static char *version_of(const char *program)
{
    const char *argv[] = {program, "--version", NULL};
    cleanup_free char *text = NULL;

    if (probe_program(argv, LIMIT_MS, &text) < 0)
        return strdup("");
    return strdup(check_version_word(text));
}

static void check_tool(struct check *c, const char *name, const char *package, const char *use)
{
    cleanup_free char *program = probe_find(name), *version = NULL;

    if (!program) {
        check_add(c, name, CHECK_OFF, OPTIONAL, "%s: not installed", use);
        check_advise_package(c, package);
        return;
    }
    version = version_of(program);
    check_add(c, name, CHECK_OK, OPTIONAL, "%s%s%s", use, str_empty(version) ? "" : "; ",
              version ? version : "");
}

/* ---- lxcfs ---- */

static bool lxcfs_runs(void)
{
    struct statfs fs;

    return statfs(LXCFS_DIR, &fs) == 0 && (unsigned long)fs.f_type == FUSE_SUPER_MAGIC &&
           access(LXCFS_DIR "/proc/meminfo", R_OK) == 0;
}

static void check_lxcfs(struct check *c)
{
    cleanup_free char *program = probe_find("lxcfs"), *version = NULL;
    const char *use = "/proc shows a container's limits";

    if (lxcfs_runs()) {
        version = program ? version_of(program) : NULL;
        check_add(c, "lxcfs", CHECK_OK, OPTIONAL, "%s; running%s%s", use,
                  str_empty(version) ? "" : ", ", version ? version : "");
    } else if (program && access("/dev/fuse", F_OK) < 0 &&
               probe_module("fuse") == MODULE_NOT_KNOWN) {
        check_add(c, "lxcfs", CHECK_MISSING, OPTIONAL, "%s: installed, and there is no /dev/fuse",
                  use);
        check_advise(c, "a kernel with CONFIG_FUSE_FS");
    } else if (program) {
        check_add(c, "lxcfs", CHECK_OFF, OPTIONAL, "%s: installed and not running", use);
        check_advise(c, systemd_booted() ? "systemctl start lxcfs" : "lxcfs " LXCFS_DIR " &");
    } else {
        check_add(c, "lxcfs", CHECK_OFF, OPTIONAL, "%s: not installed", use);
        check_advise_package(c, "lxcfs");
    }
}

/* ---- CRIU ---- */

/* It looks by using them, and so would load them. */
static bool would_load_modules(void)
{
    static const char *const modules[] = {"inet_diag",      "tcp_diag", "udp_diag",  "unix_diag",
                                          "af_packet_diag", "tun",      "nf_tables", "nfnetlink",
                                          "netlink_diag",   "raw_diag"};

    for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
        if (probe_module(modules[i]) == MODULE_LOADABLE)
            return true;
    return false;
}

/* The text of its first line "Error (FILE:LINE): text", in place. */
static const char *criu_reason(char *text)
{
    char *at = text ? strstr(text, "Error (") : NULL, *end = at ? strstr(at, "): ") : NULL;

    if (!end)
        return "it does not say why";
    end[strcspn(end, "\n")] = '\0';
    return end + 3;
}

static void check_criu(struct check *c)
{
    cleanup_free char *program = probe_find("criu"), *version = NULL, *text = NULL;
    const char *argv[] = {program, "check", NULL};
    int code;

    if (!program) {
        check_add(c, "CRIU", CHECK_OFF, OPTIONAL, "checkpoint: not installed");
        check_advise_package(c, "criu");
        return;
    }
    version = version_of(program);
    if (c->rootless || would_load_modules()) {
        check_add(c, "CRIU", CHECK_LIMITED, OPTIONAL, "checkpoint; %s%s", version ? version : "",
                  c->rootless ? ", for root" : ", not asked further: that would load modules");
        check_advise(c, "as root: criu check");
        return;
    }
    code = probe_program_apart(argv, CRIU_LIMIT_MS, &text);
    if (code == 0) {
        check_add(c, "CRIU", CHECK_OK, OPTIONAL, "checkpoint; %s, criu check succeeds",
                  version ? version : "");
        return;
    }
    check_add(c, "CRIU", CHECK_LIMITED, OPTIONAL, "checkpoint; %s, criu check fails: %s",
              version ? version : "", code < 0 ? err_text(errno) : criu_reason(text));
    check_advise(c, "a version of CRIU for this kernel; criu check says more");
}

void check_tools(struct check *c)
{
    check_section(c, "tools", "Programs that some options need");
    check_lxcfs(c);
    check_criu(c);
    check_tool(c, "umoci", "umoci", "oci: and docker:// images");
    check_tool(c, "skopeo", "skopeo", "docker:// and docker-archive: images");
    check_tool(c, "busybox", "busybox-static", "@busybox");
}
