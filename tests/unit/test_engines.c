/* Which runtimes engines' settings name, file after file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spec/engines.h"

/* What an engine concludes from texts, read in this order. */
static enum engine_switched of(enum engine_kind kind, unsigned major, const char *const *texts)
{
    cleanup_engine_settings struct engine_settings s = {.kind = kind, .major = major};
    cleanup_err struct lxcdriver_error *err = NULL;

    for (; *texts; texts++)
        if (engine_read(&s, "FILE", *texts, strlen(*texts), NULL, &err) < 0)
            fail_msg("%s\n%s", err_message(err), *texts);
    return engine_switched(&s, NULL, NULL);
}
#define OF(kind, major, ...) of(kind, major, (const char *const[]){__VA_ARGS__, NULL})
#define DOCKER(...) OF(ENGINE_DOCKER, 20, __VA_ARGS__)
#define CONTAINERD(major, ...) OF(ENGINE_CONTAINERD, major, __VA_ARGS__)
#define PODMAN(...) OF(ENGINE_PODMAN, 4, __VA_ARGS__)
#define CRIO(...) OF(ENGINE_CRIO, 1, __VA_ARGS__)

#define is_not(got) assert_int_equal(got, SWITCHED_NOT)
#define is_runtime(got) assert_int_equal(got, SWITCHED_RUNTIME)
#define is_default(got) assert_int_equal(got, SWITCHED_DEFAULT)

/* ---- Docker ---- */

static void docker(void **state)
{
    (void)state;
    is_not(DOCKER("{}"));
    is_not(DOCKER(" \n"));
    is_runtime(DOCKER("{\"runtimes\": {\"x\": {\"path\": \"/usr/bin/runlxc\"}}}"));
    is_default(DOCKER("{\"default-runtime\": \"x\", \"runtimes\": {\"runc\": {\"path\": "
                      "\"runc\"}, \"x\": {\"path\": \"/opt/runlxc\"}}}"));
    is_runtime(DOCKER("{\"runtimes\": {\"x\": {\"runtimeType\": \"io.containerd.runc.v2\", "
                      "\"options\": {\"BinaryName\": \"/usr/bin/runlxc\"}}}}"));
    /* Escapes: in the member's name, the path, the runtime's name. */
    is_default(DOCKER("{\"default\\u002druntime\": \"\\u0078\\\"\", \"runtimes\": "
                      "{\"x\\\"\": {\"path\": \"\\/usr\\/bin\\/run\\u006cxc\"}}}"));
    is_not(DOCKER("{\"runtimes\": {\"x\": {\"path\": \"/usr/bin/runlxc\\u0000\"}}}"));
    is_runtime(DOCKER("{\"default-runtime\": \"x\\u0000\", \"runtimes\": {\"x\": {\"path\": "
                      "\"runlxc\"}}}"));
    /* Texts that look like it. */
    is_not(DOCKER("{\"runtimes\": {\"runlxc\": {\"path\": \"/usr/bin/crunlxc\"}}}"));
    is_not(DOCKER("{\"runtimes\": {\"runlxc\": {\"path\": \"/opt/runlxc/runc\"}}}"));
    is_not(DOCKER("{\"runtimes\": {\"x\": {\"path\": \"/usr/bin/runc\", \"runtimeArgs\": "
                  "[\"/usr/bin/runlxc\"]}}}"));
    is_not(DOCKER("{\"labels\": [\"path=/usr/bin/runlxc\"], \"default-runtime\": \"runlxc\"}"));
    /* A shim is what runtimeType may be the path of, and we are none. */
    is_not(DOCKER("{\"runtimes\": {\"x\": {\"runtimeType\": \"/usr/bin/runlxc\"}}}"));
    is_not(DOCKER("{\"runtimes\": [\"runlxc\"], \"default-runtime\": 1}"));
    is_not(DOCKER("{\"runtimes\": {\"x\": null, \"y\": {\"path\": [\"runlxc\"]}}}"));
}

/* ---- containerd ---- */

#define V2 "version = 2\n"
#define V3 "version = 3\n"
#define CRI2 "plugins.\"io.containerd.grpc.v1.cri\".containerd"
#define CRI3 "plugins.'io.containerd.cri.v1.runtime'.containerd"
#define BINARY "BinaryName = \"/usr/bin/runlxc\"\n"

static void containerd(void **state)
{
    (void)state;
    is_not(CONTAINERD(1, ""));
    is_runtime(CONTAINERD(1, V2 "[" CRI2 ".runtimes.x.options]\n" BINARY));
    is_default(CONTAINERD(1, V2 "[" CRI2 ".runtimes.x.options]\n" BINARY "[" CRI2
                                "]\ndefault_runtime_name = 'x'\n"));
    /* Without the name the default is runc, which may be us. */
    is_default(CONTAINERD(1, V2 "[" CRI2 ".runtimes.runc.options]\n" BINARY));
    /* Every way to write it. */
    is_default(CONTAINERD(1, V2 CRI2 ".default_runtime_name = \"x\"\n" CRI2
                                     ".runtimes.\"x\".options.BinaryName = "
                                     "'/usr/bin/runlxc'\n"));
    is_default(CONTAINERD(1, "version = 2 # two\n[plugins]\n[plugins.\"io.containerd.\\u0067rpc."
                             "v1.cri\"]\ncontainerd = { default_runtime_name = \"x\", runtimes = { "
                             "x = { options = { BinaryName = \"/usr/bin/runlxc\" } } } }\n"));
    is_runtime(CONTAINERD(1, V2 "[" CRI2 ".runtimes.x.options]\nBinaryName = \"\"\"\n"
                                "/usr/bin/\\\n   runlxc\"\"\"\n"));
    /* Texts that look like it. */
    is_not(CONTAINERD(1, V2 "#[" CRI2 ".runtimes.x.options]\n#" BINARY));
    is_not(CONTAINERD(1, V2 "[" CRI2 ".runtimes.runlxc]\nruntime_type = \"runlxc\"\n"));
    is_not(CONTAINERD(1, V2 "x = '''\n[" CRI2 ".runtimes.x.options]\n" BINARY "'''\n"));
    is_not(CONTAINERD(1, V2 "[plugins.other.containerd.runtimes.x.options]\n" BINARY));
    is_not(CONTAINERD(1, V2 "[" CRI2 ".runtimes.x]\n" BINARY));
    is_not(CONTAINERD(1, V2 "[" CRI2 ".runtimes.x.options]\nBinaryName = 1\n[" CRI2
                            "]\ndefault_runtime_name = \"runlxc\"\n"));
}

static void containerd_formats(void **state)
{
    (void)state;
    /* Only the plugin that the format has. */
    is_runtime(CONTAINERD(1, "[plugins.cri.containerd.runtimes.x.options]\n" BINARY));
    is_not(CONTAINERD(1, V2 "[plugins.cri.containerd.runtimes.x.options]\n" BINARY));
    is_not(CONTAINERD(1, "[" CRI2 ".runtimes.x.options]\n" BINARY));
    is_not(CONTAINERD(1, V2 "[" CRI3 ".runtimes.x.options]\n" BINARY));
    is_not(CONTAINERD(2, V3 "[" CRI2 ".runtimes.x.options]\n" BINARY));
    is_runtime(CONTAINERD(2, V3 "[" CRI3 ".runtimes.x.options]\n" BINARY));
    is_default(CONTAINERD(2, "version = 4\n[" CRI3 ".runtimes.runc.options]\n" BINARY));
    /* containerd 2 brings older ones up to date. */
    is_runtime(CONTAINERD(2, V2 "[" CRI2 ".runtimes.x.options]\n" BINARY));
    is_runtime(CONTAINERD(2, "[plugins.cri.containerd.runtimes.x.options]\n" BINARY));
    is_runtime(CONTAINERD(2, V3, "[" CRI2 ".runtimes.x.options]\n" BINARY));
    /* The table that was there before the name. */
    is_default(CONTAINERD(1, V2 "[" CRI2 ".default_runtime]\nruntime_type = \"t\"\n[" CRI2
                                ".default_runtime.options]\n" BINARY));
    is_runtime(CONTAINERD(1, V2 "[" CRI2 ".default_runtime]\nruntime_type = \"t\"\n[" CRI2
                                "]\ndefault_runtime_name = \"x\"\n[" CRI2
                                ".runtimes.x.options]\n" BINARY));
}

static void containerd_imports(void **state)
{
    static const char ours[] = V2 "[" CRI2 ".runtimes.x.options]\n" BINARY;
    static const char preset[] = V2 "[" CRI2 "]\ndefault_runtime_name = \"x\"\n";
    static const char text[] = "imports = [ # two\n 'a.toml',\n \"/b/*.toml\", ]\n";
    cleanup_engine_settings struct engine_settings s = {.kind = ENGINE_CONTAINERD, .major = 1};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_strv struct strv imports = {0};

    (void)state;
    assert_int_equal(engine_read(&s, "FILE", text, strlen(text), &imports, &err), 0);
    assert_int_equal(imports.n, 2);
    assert_string_equal(imports.items[0], "a.toml");
    assert_string_equal(imports.items[1], "/b/*.toml");
    /* containerd 1 takes the later file's section for the whole; another plugin's is none of it. */
    is_not(CONTAINERD(1, ours, preset));
    is_not(CONTAINERD(1, ours, V2 "[plugins.\"io.containerd.grpc.v1.cri\".registry]\nx = 1\n"));
    is_runtime(CONTAINERD(1, ours, "[plugins.\"io.containerd.monitor.v1.cgroups\"]\nx = 1\n"));
    is_runtime(CONTAINERD(1, preset, ours));
    is_runtime(CONTAINERD(1, V2, "[" CRI2 ".runtimes.x.options]\n" BINARY));
    /* containerd 2 puts the one over the other. */
    is_default(CONTAINERD(2, ours, preset));
    is_default(CONTAINERD(2, preset, ours));
    is_default(CONTAINERD(2, preset, ours, V2 "[" CRI2 ".runtimes.x]\nruntime_type = \"t\"\n"));
    is_not(CONTAINERD(2, preset, ours,
                      V2 "[" CRI2 ".runtimes.x.options]\nBinaryName = \"/usr/bin/crun\"\n"));
}

/* ---- Podman and CRI-O ---- */

static void podman(void **state)
{
    (void)state;
    is_not(PODMAN("# [engine]\n# runtime = \"/usr/bin/runlxc\"\n"));
    is_runtime(PODMAN("[engine.runtimes]\nx = [\n # first\n \"/usr/bin/runlxc\",\n]\n"));
    is_default(PODMAN("[engine]\nruntime = 'x'\n[engine.runtimes]\nx = ['/usr/bin/runlxc']\n"));
    is_default(PODMAN("engine.runtime = \"x\"\nengine.runtimes.x = ['/usr/bin/runlxc']\n"));
    is_default(PODMAN("engine = { \"runtime\" = \"x\", runtimes = { 'x' = ['/opt/runlxc'] } }\n"));
    is_default(PODMAN("[engine]\nruntime = \"/usr/bin/runlxc\"\n"));
    /* Looked for by its name, for there is no path. */
    is_runtime(PODMAN("[engine.runtimes]\nrunlxc = []\n"));
    is_not(PODMAN("[engine.runtimes]\nrunlxc = ['/usr/bin/crun']\n"));
    is_not(PODMAN("[engine]\nruntime = \"runlxc\"\n"));
    is_not(PODMAN("runtime = \"/usr/bin/runlxc\"\n[containers]\nruntimes.x = ['runlxc']\n"));
    is_not(PODMAN("[engine]\nhelper = \"\"\"\n[engine.runtimes]\nx = ['/usr/bin/runlxc']\"\"\"\n"));
    is_not(PODMAN("[engine]\nconmon_path = [\"/usr/bin/runlxc\"] # runtime = \"runlxc\"\n"));
    /* Later files win, key by key. */
    is_default(
        PODMAN("[engine.runtimes]\nx = ['/usr/bin/runlxc']\n", "", "[engine]\nruntime = \"x\"\n"));
    is_runtime(PODMAN("[engine]\nruntime = \"x\"\n[engine.runtimes]\nx = ['/usr/bin/runlxc']\n",
                      "[engine]\nruntime = \"crun\"\n"));
    is_not(PODMAN("[engine]\nruntime = \"x\"\n[engine.runtimes]\nx = ['/usr/bin/runlxc']\n",
                  "[engine.runtimes]\nx = ['/usr/bin/crun']\n"));
}

static void crio(void **state)
{
    static const char ours[] = "[crio.runtime.runtimes.x]\nruntime_path = \"/usr/bin/runlxc\"\n";

    (void)state;
    is_runtime(CRIO(ours));
    is_default(CRIO(ours, "[crio.runtime]\ndefault_runtime = \"x\"\n"));
    is_default(CRIO("[crio.runtime]\ndefault_runtime = \"x\"\n", ours));
    is_runtime(CRIO(ours, "[crio.runtime]\ndefault_runtime = \"x\"\n",
                    "crio.runtime.default_runtime = \"crun\"\n"));
    is_not(CRIO(ours, "[crio.runtime.runtimes.x]\nruntime_path = \"/usr/bin/crun\"\n"));
    is_runtime(CRIO("[crio.runtime.runtimes.runlxc]\nruntime_path = \"\"\n"));
    is_not(CRIO("[crio.runtime.runtimes.runlxc]\nruntime_path = \"/usr/bin/crun\"\n"));
    is_not(CRIO("[crio.runtime.runtimes.x]\nruntime_path = '/opt/runlxc'\nruntime_type = 'vm'\n"));
    is_not(CRIO("[crio.runtime]\ndefault_runtime = \"runlxc\"\n# [crio.runtime.runtimes.runlxc]\n"
                "monitor_path = \"/usr/bin/runlxc\"\n"));
}

/* ---- programs that are not there ---- */

static bool crun_only(const char *program)
{
    return str_ends(program, "crun");
}

static bool nothing(const char *program)
{
    (void)program;
    return false;
}

static void programs(void **state)
{
    static const char text[] = "[engine.runtimes]\nx = ['/opt/runlxc', '/usr/bin/crun']\n";
    cleanup_engine_settings struct engine_settings s = {.kind = ENGINE_PODMAN};
    cleanup_err struct lxcdriver_error *err = NULL;
    const char *gone = "unset";

    (void)state;
    assert_int_equal(engine_read(&s, "FILE", text, strlen(text), NULL, &err), 0);
    /* The first one that is there is what Podman takes. */
    is_runtime(engine_switched(&s, NULL, &gone));
    assert_null(gone);
    is_not(engine_switched(&s, crun_only, &gone));
    assert_null(gone);
    is_runtime(engine_switched(&s, nothing, &gone));
    assert_string_equal(gone, "/opt/runlxc");
}

/* ---- what cannot be parsed ---- */

static void is_refused(enum engine_kind kind, const char *text, const char *want)
{
    cleanup_engine_settings struct engine_settings s = {.kind = kind, .major = 1};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(engine_read(&s, "FILE", text, strlen(text), NULL, &err), -1);
    if (!str_starts(err_message(err), want))
        fail_msg("got \"%s\", expected \"%s\"", err_message(err), want);
}

static void refused(void **state)
{
    (void)state;
    is_refused(ENGINE_DOCKER, "{\n\"runtimes\": {}\n", "FILE: line 3, column 0: '}' expected");
    is_refused(ENGINE_DOCKER, "{\n \"a\": 1,\n \"a\": 2}", "FILE: line 3, column ");
    is_refused(ENGINE_DOCKER, "\n[]", "FILE:2: the document is not an object");
    is_refused(ENGINE_PODMAN, "[engine]\nruntime = runlxc\n", "FILE:2: \"runlxc\" is no value");
    is_refused(ENGINE_CRIO, "[crio.runtime]\n\ndefault_runtime \"x\"\n",
               "FILE:3: expected '=', found '\"'");
    is_refused(ENGINE_CONTAINERD, V2 "[plugins]\n[plugins]\n", "FILE:3: \"plugins\" is a table");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(docker),
        cmocka_unit_test(containerd),
        cmocka_unit_test(containerd_formats),
        cmocka_unit_test(containerd_imports),
        cmocka_unit_test(podman),
        cmocka_unit_test(crio),
        cmocka_unit_test(programs),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
