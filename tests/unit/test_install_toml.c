/* SOURCES: driver/cli/runlxc/install_toml.c driver/cli/runlxc/install_blocks.c */
/* SOURCES: driver/cli/runlxc/install_plans.c driver/cli/runlxc/install_span.c */
/* SOURCES: driver/cli/runlxc/install_json.c tests/unit/install_property.c */
/* The configurations of containerd, Podman and CRI-O with this runtime in them, and without it
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/runlxc/install_toml.h"
#include "install_property.h"

static int edit_containerd(const struct install_wish *wish, const char *text, size_t len,
                           struct install_edit *edit, struct lxcdriver_error **err)
{
    return install_toml(plan_containerd, wish, "FILE", text, len, edit, err);
}

static int edit_podman(const struct install_wish *wish, const char *text, size_t len,
                       struct install_edit *edit, struct lxcdriver_error **err)
{
    return install_toml(plan_podman, wish, "FILE", text, len, edit, err);
}

static int edit_crio(const struct install_wish *wish, const char *text, size_t len,
                     struct install_edit *edit, struct lxcdriver_error **err)
{
    return install_toml(plan_crio, wish, "FILE", text, len, edit, err);
}

#define CRI "plugins.\"io.containerd.grpc.v1.cri\""

static const char *const of_containerd[] = {
    "",
    "\n",
    " \t",
    "# nothing but this",
    "version = 2",
    "version = 2\n",
    "version = 2\r\n\r\n[plugins]\r\n",
    "version = 1\n[plugins.cri.containerd]\n",
    ("version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\n  default_runtime_name = "
     "'runc'\n"),
    "version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n",
    ("version = 2\n[" CRI "]\n  sandbox_image = \"pause:3.9\" # ours\n"),
    ("version = 2\n[" CRI
     ".containerd]\n  default_runtime_name = \"runc\" # as ever\n  snapshotter "
     "= \"overlayfs\"\n"),
    ("version = 2\n[" CRI ".containerd]\n# default_runtime_name = \"runc\"\nsnapshotter = "
     "\"native\""),
    ("version = 2\n[" CRI ".containerd]"),
    ("version = 2\n[" CRI ".containerd] # no more\r\n\r\n\r\n"),
    ("version = 2\n[" CRI ".containerd]\ndefault_runtime_name = \"kata\""),
    ("version = 2\n[" CRI ".containerd.runtimes]\n"),
    ("version = 2\n[" CRI ".containerd.runtimes.kata]\nruntime_type = \"io.containerd.kata.v2\"\n"),
    ("version = 2\n[" CRI ".containerd.runtimes.runc]\n[" CRI
     ".containerd.runtimes.runc.options]\nSystemdCgroup = true\n"),
    ("version = 2\n[plugins]\n  [" CRI "]\n    [" CRI ".containerd]\n      default_runtime_name = "
     "'runc'\n\n\n"),
    "version = 2\n\"plugins\".\"io.containerd.grpc.v1.cri\".sandbox_image = \"x\"\n",
    ("version = 2\n[plugins]\n\"io.containerd.grpc.v1.cri\".containerd.default_runtime_name = "
     "\"runc\"\n"),
    ("version = 2\nx = '''\n# >>> runlxc install: runlxc\n# runlxc install: runlxc stands for: y\n"
     "'''\n"),
    "version = 2\n[[timeouts]]\na = [ # one\n  \"b\",\n]\n",
};

static const char *const of_podman[] = {
    "",
    "# a comment\n\n",
    "[engine]\nruntime = \"crun\"\n",
    ("[engine]\n  runtime = 'crun' # fast\n\n[engine.runtimes]\n  crun = [\n    "
     "\"/usr/bin/crun\",\n  "
     "]\n[network]\n"),
    "[engine.runtimes]\n[engine]",
    "[engine.runtimes]\r\ncrun = [\"/c\"]\r\n[engine]\r\nruntime = \"crun\"\r\n",
    "[containers]\nlog_driver = \"k8s-file\"",
    "engine.runtime = \"runc\"",
    "[engine]\n\nruntime=\"\"",
};

static const char *const of_crio[] = {
    "",
    ("[crio]\n[crio.runtime]\ndefault_runtime = "
     "\"runc\"\n[crio.runtime.runtimes.runc]\nruntime_path "
     "= \"\"\n"),
    "[crio.runtime.runtimes]\n",
    "[crio.api]\nlisten = \"/run/crio.sock\"",
};

static const char *const tokens[] = {"[",
                                     "]",
                                     "[[",
                                     "]]",
                                     "{",
                                     "}",
                                     "=",
                                     ".",
                                     "\"",
                                     "'",
                                     "'''",
                                     "\"\"\"",
                                     "\n",
                                     "\r\n",
                                     "#(",
                                     " ",
                                     ")\t",
                                     ",",
                                     "\\",
                                     "a = 1",
                                     "[a]\n",
                                     "[[a]]\n",
                                     "{}",
                                     "[]",
                                     "version = 2\n",
                                     "\n\n",
                                     "1",
                                     "true",
                                     "[engine]\n",
                                     "runtime = \"x\"\n",
                                     "[plugins]\n",
                                     ("[" CRI "]\n"),
                                     "engine = {}\n",
                                     "# >>> runlxc install: other\n",
                                     "\xc3",
                                     NULL};

static void test_corpus(void **state)
{
    const struct {
        editor *edit;
        enum engine_kind kind;
        const char *const *texts;
        size_t n;
    } engines[] = {
        {edit_containerd, ENGINE_CONTAINERD, of_containerd, ARRAY_SIZE(of_containerd)},
        {edit_podman, ENGINE_PODMAN, of_podman, ARRAY_SIZE(of_podman)},
        {edit_crio, ENGINE_CRIO, of_crio, ARRAY_SIZE(of_crio)},
    };

    (void)state;
    for (size_t e = 0; e < ARRAY_SIZE(engines); e++) {
        assert_true(install_holds(engines[e].edit, engines[e].kind, NULL, 0));
        for (size_t i = 0; i < engines[e].n; i++)
            if (!install_holds(engines[e].edit, engines[e].kind, engines[e].texts[i],
                               strlen(engines[e].texts[i])))
                fail_msg("refused: %s", engines[e].texts[i]);
    }
}

static void test_mutants(void **state)
{
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(of_containerd); i++)
        taken += install_mutants(edit_containerd, ENGINE_CONTAINERD, of_containerd[i], tokens, 40);
    for (size_t i = 0; i < ARRAY_SIZE(of_podman); i++)
        taken += install_mutants(edit_podman, ENGINE_PODMAN, of_podman[i], tokens, 40);
    for (size_t i = 0; i < ARRAY_SIZE(of_crio); i++)
        taken += install_mutants(edit_crio, ENGINE_CRIO, of_crio[i], tokens, 40);
    assert_in_range(taken, 200, 1480);
}

/* ---- what it looks like ---- */

static const struct install_wish preferred = {
    .name = "runlxc", .path = "/usr/bin/runlxc", .make_default = true};
static const struct install_wish plain = {.name = "runlxc", .path = "/usr/bin/runlxc"};
static const struct install_wish removed = {.name = "runlxc", .remove = true};

static void becomes(editor *edit, const struct install_wish *wish, const char *text,
                    const char *want)
{
    cleanup_edit struct install_edit out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    if (edit(wish, text, text ? strlen(text) : 0, &out, &err) < 0)
        fail_msg("%s", err_message(err));
    assert_string_equal(out.text, want);
}

static void test_style(void **state)
{
    struct install_wish dotted = plain;

    (void)state;
    becomes(edit_podman, &preferred, NULL,
            "# >>> runlxc install: runlxc (the file, too)\n[engine.runtimes]\nrunlxc = "
            "[\"/usr/bin/runlxc\"]\n# <<< runlxc install: runlxc\n\n"
            "# >>> runlxc install: runlxc default\n[engine]\nruntime = \"runlxc\"\n"
            "# <<< runlxc install: runlxc default\n");
    becomes(edit_podman, &preferred,
            "[engine] # x\n  runtime = 'crun' # y\n[engine.runtimes]\ncrun = []",
            "[engine] # x\n# runlxc install: runlxc stands for:   runtime = 'crun' # y\n"
            "  runtime = \"runlxc\" # y\n[engine.runtimes]\n# >>> runlxc install: runlxc\n"
            "runlxc = [\"/usr/bin/runlxc\"]\n# <<< runlxc install: runlxc\ncrun = []");
    becomes(edit_crio, &plain, "[crio]",
            "[crio]\n\n# >>> runlxc install: runlxc\n[crio.runtime.runtimes.runlxc]\n"
            "runtime_path = \"/usr/bin/runlxc\"\nruntime_type = \"oci\"\n"
            "runtime_root = \"/run/runlxc\"\n# <<< runlxc install: runlxc");
    dotted.name = "run.lxc";
    dotted.path = "/opt/a \"b\"";
    becomes(edit_podman, &dotted, "",
            "# >>> runlxc install: run.lxc\n[engine.runtimes]\n\"run.lxc\" = [\"/opt/a "
            "\\\"b\\\"\"]\n# <<< runlxc install: run.lxc\n");
}

static void has(const struct install_wish *wish, const char *text, const char *part, bool there)
{
    cleanup_edit struct install_edit out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(edit_containerd(wish, text, strlen(text), &out, &err), 0);
    if ((strstr(out.text, part) != NULL) != there)
        fail_msg("%s is%s there:\n%s", part, there ? " not" : "", out.text);
}

/* What containerd needs to be told depends on what it is told already. */
static void test_containerd(void **state)
{
    static const char systemd[] = "version = 2\n[" CRI ".containerd.runtimes.runc]\nruntime_type = "
                                  "\"x\"\n[" CRI ".containerd.runtimes.runc.options]\n"
                                  "SystemdCgroup = true\n";
    struct install_wish by_systemd = plain;

    (void)state;
    by_systemd.systemd_cgroup = true;
    has(&plain, "", "version = 2\n", true);
    has(&plain, "a = 1\n", "version", false);
    has(&plain, "a = 1\n", "[plugins.cri.containerd.runtimes.runlxc]", true);
    has(&plain, "version = 3\n",
        "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.runlxc.options]", true);
    has(&plain, "version = 2\n", "[" CRI ".containerd.runtimes.runc]\n", true);
    has(&plain, "version = 2\n", "SystemdCgroup", false);
    has(&by_systemd, "version = 2\n", "SystemdCgroup = true\n", true);
    has(&plain, systemd, "BinaryName = \"/usr/bin/runlxc\"\nSystemdCgroup = true\n", true);
    has(&plain, systemd, "install: runc", false);
}

static void test_warning(void **state)
{
    static const char text[] = "version = 2\nimports = [\"x\"]\n";
    cleanup_edit struct install_edit out = {0}, back = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(edit_containerd(&plain, text, sizeof(text) - 1, &out, &err), 0);
    assert_string_equal(
        out.warning, "FILE:2: if a file that is imported has a section "
                     "[plugins.io.containerd.grpc.v1.cri...], containerd goes by that one alone");
    assert_int_equal(edit_containerd(&removed, out.text, out.len, &back, &err), 0);
    assert_null(back.warning);
}

/* ---- several of ours, and what others have done since ---- */

/* Two names, taken out in both orders. */
static void test_two_names(void **state)
{
    static const char text[] = "version = 2\n[" CRI ".containerd]\ndefault_runtime_name = \"kata\"";
    const struct install_wish in[] = {{.name = "a", .path = "/a", .make_default = true},
                                      {.name = "a-b", .path = "/b"}};
    const struct install_wish out[] = {{.name = "a", .remove = true},
                                       {.name = "a-b", .remove = true}};

    (void)state;
    for (int first = 0; first < 2; first++) {
        cleanup_edit struct install_edit one = {0}, two = {0}, three = {0}, four = {0};
        cleanup_err struct lxcdriver_error *err = NULL;

        assert_int_equal(edit_containerd(&in[0], text, sizeof(text) - 1, &one, &err), 0);
        assert_int_equal(edit_containerd(&in[1], one.text, one.len, &two, &err), 0);
        assert_int_equal(edit_containerd(&out[first], two.text, two.len, &three, &err), 0);
        /* containerd needs its default one as long as one of ours is there. */
        assert_non_null(strstr(three.text, "runtimes.runc]"));
        assert_int_equal(edit_containerd(&out[!first], three.text, three.len, &four, &err), 0);
        assert_string_equal(four.text, text);
    }
}

static void test_edited_since(void **state)
{
    (void)state;
    /* Another default by hand: the comment that remembers an older one goes. */
    becomes(edit_podman, &removed,
            "[engine]\n# runlxc install: runlxc stands for: runtime = \"crun\"\nruntime = \"x\"\n"
            "[engine.runtimes]\n# >>> runlxc install: runlxc\nrunlxc = [\"/r\"]\n"
            "# <<< runlxc install: runlxc\nx = [\"/x\"]\n",
            "[engine]\nruntime = \"x\"\n[engine.runtimes]\nx = [\"/x\"]\n");
    becomes(edit_podman, &preferred,
            "[engine]\n# runlxc install: runlxc stands for: runtime = \"crun\"\nruntime = \"x\"\n"
            "[engine.runtimes]\nrunlxc = \"/usr/bin/runlxc\"\n",
            "[engine]\n# runlxc install: runlxc stands for: runtime = \"x\"\nruntime = \"runlxc\"\n"
            "[engine.runtimes]\nrunlxc = \"/usr/bin/runlxc\"\n");
    /* Lines of somebody's before, behind and between. */
    becomes(edit_podman, &removed,
            "# mine\n# >>> runlxc install: runlxc (the file, too)\n[engine.runtimes]\nrunlxc = "
            "[\"/r\"]\n# more\n# <<< runlxc install: runlxc\n[network]\n",
            "# mine\n[network]\n");
    becomes(edit_podman, &removed,
            "# mine\n# >>> runlxc install: runlxc\n[engine.runtimes]\nrunlxc = [\"/r\"]\n"
            "# <<< runlxc install: runlxc",
            "# mine");
}

/* ---- what is refused ---- */

static void refused(editor *edit, const struct install_wish *wish, const char *text,
                    const char *want)
{
    cleanup_edit struct install_edit out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    if (edit(wish, text, strlen(text), &out, &err) == 0)
        fail_msg("taken, not \"%s\":\n%s", want, out.text);
    assert_string_equal(err_message(err), want);
}

static void test_refused(void **state)
{
    (void)state;
    refused(edit_podman, &plain, "[engine\n", "FILE:1: expected ']', found the end of the line");
    refused(edit_podman, &plain, "\nengine = {}",
            "FILE:2: \"engine\" is written in a form that nothing can safely be added to; a table "
            "with a header, [...], would do");
    refused(edit_podman, &plain, "[engine]\nruntimes.crun = []\n",
            "FILE:2: this table is written as dotted keys, which nothing can safely be added to; "
            "one with a header, [...], would do");
    refused(edit_podman, &plain, "[[engine]]\n",
            "FILE:1: \"engine\" is written in a form that nothing can safely be added to; a table "
            "with a header, [...], would do");
    refused(edit_podman, &preferred, "[engine]\nruntime = 5",
            "FILE:2: \"runtime\" is not a string");
    refused(edit_podman, &preferred, "[engine]\nruntime = '''\ncrun'''",
            "FILE:2: \"runtime\" is written in a form that cannot safely be changed; a string on a "
            "line of its own would do");
    refused(edit_podman, &preferred, "[engine.runtimes]\nrunlxc = [\"/opt/runlxc\"]\n",
            "FILE:2: there is a runtime \"runlxc\" already, with the program /opt/runlxc: remove "
            "it first (--remove), or choose another --name");
    refused(edit_podman, &removed, "[engine.runtimes]\nrunlxc = [\"/usr/bin/runlxc\"]\n",
            "FILE:2: the runtime \"runlxc\" was not put there by `runlxc install`, or not all of "
            "it: remove it by hand");
    refused(edit_podman, &removed, "[engine]\nruntime = \"runlxc\"\n",
            "FILE:2: the default runtime is \"runlxc\", but not by `runlxc install`: choose "
            "another one first");
    refused(edit_podman, &removed, "\n# >>> runlxc install: runlxc\n[engine.runtimes]\n",
            "FILE:2: the comment that ends this, \"# <<< runlxc install: runlxc\", is not there");
    refused(edit_podman, &removed,
            "[engine]\n# runlxc install: b stands for: runtime = \"runlxc\" # x\nruntime = \"b\"\n",
            "FILE:2: the runtime of this comment gives the default back to the one that is to be "
            "removed: remove it first");
    refused(edit_podman, &plain, "\n# <<< runlxc install: runlxc\n",
            "FILE:2: this comment is of `runlxc install`, but there is no runtime \"runlxc\": "
            "remove it");
    refused(edit_containerd, &plain, "# >>> runlxc install: runc\n",
            "FILE:1: this comment is of `runlxc install`, but there is no runtime \"runc\": "
            "remove it");
    refused(edit_podman, &removed,
            "# >>> runlxc install: runlxc\n[engine.runtimes]\nrunlxc = []\n"
            "# <<< runlxc install: runlxc\ncrun = []\n",
            "FILE:5: \"crun\" is in a table that `runlxc install` has put there, but stands behind "
            "it: move it");
}

static void test_containerd_refused(void **state)
{
    (void)state;
    refused(edit_containerd, &plain, "version = 4",
            "FILE:1: version 4 of the configuration is not 1, 2 or 3");
    refused(edit_containerd, &plain, "\nversion = \"2\"",
            "FILE:2: version \"2\" of the configuration is not 1, 2 or 3");
    refused(edit_containerd, &preferred,
            "version = 2\n[" CRI ".containerd.default_runtime]\nruntime_type = \"x\"\n",
            "FILE:3: the table default_runtime, which containerd prefers to default_runtime_name, "
            "is in use: remove it first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_mutants),
        cmocka_unit_test(test_style),
        cmocka_unit_test(test_containerd),
        cmocka_unit_test(test_warning),
        cmocka_unit_test(test_two_names),
        cmocka_unit_test(test_edited_since),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_containerd_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
