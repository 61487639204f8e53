/* What keeps containers in: AppArmor, seccomp, Yama. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/apparmor.h"
#include "host/probe.h"
#include "run/check.h"

#define LIMIT_MS 5000
#define SMALL 4096

/* ---- AppArmor ---- */

static bool check_module(struct check *c)
{
    cleanup_free char *label = NULL;

    if (apparmor_enabled()) {
        (void)apparmor_current(&label, NULL);
        check_add(c, "AppArmor", CHECK_OK, OPTIONAL, "on; we run under %s",
                  label ? label : "no label");
        return true;
    }
    if (access("/sys/module/apparmor", F_OK) == 0) {
        check_add(c, "AppArmor", CHECK_OFF, OPTIONAL,
                  "the kernel has it, and it is not switched on");
        check_advise(c, "boot with apparmor=1 security=apparmor, and mount securityfs on "
                        "/sys/kernel/security");
    } else {
        check_add(c, "AppArmor", CHECK_OFF, OPTIONAL, "the kernel does not have it");
        check_advise(c, "a kernel with CONFIG_SECURITY_APPARMOR");
    }
    return false;
}

static bool check_parser(struct check *c)
{
    cleanup_free char *parser = probe_find("apparmor_parser"), *text = NULL;
    const char *argv[] = {parser, "--version", NULL}, *version = "";

    if (!parser) {
        check_add(c, "apparmor_parser", CHECK_MISSING, OPTIONAL, "loads profiles");
        check_advise_package(c, "apparmor");
        return false;
    }
    if (probe_program(argv, LIMIT_MS, &text) == 0)
        version = check_version_word(text);
    check_add(c, "apparmor_parser", CHECK_OK, OPTIONAL, "%s%s%s", version, *version ? " " : "",
              parser);
    return true;
}

/* Where AppArmor is on, no container of lxc-launch's starts without the default profile; the first
 * of root's loads it. */
static void check_profile(struct check *c, const char *name, bool on, bool parser, bool preset)
{
    cleanup_free char *file = str_printf("%s/%s", c->drv.apparmor_dir, name);
    cleanup_err struct lxcdriver_error *err = NULL;
    bool there = file && access(file, R_OK) == 0;

    if (on && apparmor_profile_loaded(name, &err) == 0)
        check_add(c, name, CHECK_OK, OPTIONAL, "loaded");
    else if (!there)
        check_add(c, name, preset && on && !c->rootless ? CHECK_MISSING : CHECK_OFF,
                  preset && on && !c->rootless ? REQUIRED : OPTIONAL, "%s is not there", file);
    else if (!on)
        check_add(c, name, CHECK_OFF, OPTIONAL, "%s, for when AppArmor is on", file);
    else if (preset && !parser && !c->rootless)
        check_add(c, name, CHECK_MISSING, REQUIRED, "is not loaded, and nothing here can load it");
    else
        check_add(c, name, CHECK_OFF, OPTIONAL, "%s",
                  preset && !c->rootless ? "is not loaded; the first container loads it"
                                         : "is not loaded");
    if (!there)
        check_advise(c, "install runlxc anew");
    else if (on && !parser)
        check_advise_package(c, "apparmor");
    else if (on)
        check_advise(c, "apparmor_parser -r -I %s %s", c->drv.apparmor_dir, file);
    else
        check_advise(c, "see AppArmor");
}

/* ---- seccomp ---- */

static void check_filter(struct check *c)
{
    unsigned plain = 0, listener = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    int code = probe_run(probe_seccomp, &plain, LIMIT_MS, NULL);

    check_add(c, "seccomp filters", code == 0 ? CHECK_OK : CHECK_MISSING, REQUIRED,
              "the default profile%s%s", code == 0 ? "" : ": ",
              code == 0 ? "" : err_text(code < 0 ? errno : code));
    check_advise(c, "a kernel with CONFIG_SECCOMP_FILTER, not behind a seccomp filter that forbids "
                    "another");
    code = probe_run(probe_seccomp, &listener, LIMIT_MS, NULL);
    /* A process has one listener; with one around us there can be no other. */
    check_add(c, "seccomp notification", code == 0 ? CHECK_OK : CHECK_LIMITED, OPTIONAL,
              "listenerPath%s%s", code == 0 ? "" : ": ",
              code == 0 ? "" : err_text(code < 0 ? errno : code));
    check_advise(c, code == EBUSY ? "start it where no other listener is"
                                  : "Linux 5.0 or later with CONFIG_SECCOMP_FILTER");
}

static void check_library(struct check *c)
{
    const struct scmp_version *v = seccomp_version();
    unsigned api = seccomp_api_get();

    check_add(c, "libseccomp", api >= 3 ? CHECK_OK : CHECK_LIMITED, OPTIONAL,
              "%u.%u.%u, API level %u", v->major, v->minor, v->micro, api);
    check_advise(c, "libseccomp 2.4 or later, Linux 4.14 or later");
}

/* ---- Yama ---- */

static void check_yama(struct check *c)
{
    static const char *const scopes[] = {
        "0: processes of a user trace each other", "1: a process traces its descendants",
        "2: only who has CAP_SYS_PTRACE traces", "3: nobody traces, nor does CRIU"};
    cleanup_free char *text = NULL;
    int64_t scope = -1;

    if (fs_read_at(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", SMALL, &text, NULL) == 0) {
        text[strcspn(text, "\n")] = '\0';
        if (!str_to_i64(text, 0, 3, &scope))
            scope = -1;
    }
    if (scope < 0)
        check_add(c, "Yama", CHECK_OFF, OPTIONAL, "ptrace_scope is not there");
    else
        check_add(c, "Yama", scope == 3 ? CHECK_LIMITED : CHECK_OK, OPTIONAL, "ptrace_scope %s",
                  scopes[scope]);
    check_advise(c, scope == 3 ? "boot without kernel.yama.ptrace_scope=3"
                               : "a kernel with CONFIG_SECURITY_YAMA");
}

void check_confinement(struct check *c)
{
    bool on, parser;

    check_section(c, "confinement", "Confinement");
    on = check_module(c);
    parser = check_parser(c);
    check_profile(c, "runlxc-default", on, parser, true);
    check_profile(c, "runlxc-nesting", on, parser, false);
    check_filter(c);
    check_library(c);
    check_yama(c);
}
