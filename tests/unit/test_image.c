/* SOURCES: driver/cli/launch/image.c driver/cli/launch/image_busybox.c */
/* SOURCES: driver/cli/launch/image_config.c driver/cli/launch/image_layout.c */
/* SOURCES: driver/cli/launch/image_source.c driver/cli/launch/image_store.c */
/* SOURCES: driver/cli/launch/image_tool.c driver/cli/launch/image_unpack.c */
/* Images of every kind, made here by umoci and skopeo; "tools" holds stand-ins for both that count
 * their calls. */
#include "cli/launch/image.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/launch/image_parts.h"

static char dir[] = "/tmp/test_image.XXXXXX";
static char images[64]; /* image_dir of the test that runs: new for each */
static char tools[64];  /* stand-ins for umoci and skopeo */
static char *real_path;
static struct conf conf;

__attribute__((format(printf, 1, 2))) static void sh(const char *fmt, ...)
{
    cleanup_buf struct buf line = {0};
    va_list ap;

    buf_puts(&line, "exec >>log 2>&1; set -e; ");
    va_start(ap, fmt);
    buf_vprintf(&line, fmt, ap);
    va_end(ap);
    assert_false(line.failed);
    if (system(line.data) != 0)
        fail_msg("\"%s\" failed: see %s/log", line.data, dir);
}

static void put(const char *path, const char *text)
{
    assert_int_equal(fs_write_atomic(AT_FDCWD, path, text, strlen(text), 0755), 0);
}

static void get(const char *ref, struct image *out)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    if (image_resolve(ref, &conf, false, out, &err) < 0)
        fail_msg("%s", err_message(err));
}

/* The error of `ref` is "image REF: " and `want`; a '*' at the end of want: any ending. */
static void refuse(const char *ref, const char *want)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *full = str_printf("image %s: %s", ref, want);
    size_t len = strlen(full);
    struct image image;

    assert_int_equal(image_resolve(ref, &conf, false, &image, &err), -1);
    assert_null(image.layers.items);
    if (full[len - 1] == '*' && strncmp(err_message(err), full, len - 1) == 0)
        return;
    assert_string_equal(err_message(err), full);
}

static void assert_list(const struct strv *found, const char *want)
{
    cleanup_buf struct buf text = {0};

    buf_append(&text, "", 0);
    for (size_t i = 0; i < found->n; i++)
        buf_printf(&text, "%s%s", i ? "|" : "", found->items[i]);
    assert_string_equal(text.data, want);
}

static size_t calls(void)
{
    cleanup_free char *text = NULL;
    size_t len = 0;

    return fs_read_at(AT_FDCWD, "calls", 4096, &text, &len) < 0 ? 0 : len / 2;
}

static void assert_no_partial(void)
{
    sh("test -z \"$(find %s -name '*.partial')\"", images);
}

/* ---- no image at all ---- */

static void test_directory(void **state)
{
    cleanup_free char *plain = str_printf("%s/plain", dir);
    cleanup_free char *want = str_printf("%s is not a file", plain);
    struct image image;

    (void)state;
    sh("mkdir plain; touch file; ln -s plain link");
    for (int i = 0; i < 3; i++) {
        get((const char *const[]){"plain", "./link/.", plain}[i], &image);
        assert_list(&image.layers, plain);
        assert_false(image.shared);
        assert_int_equal(image.cmd.n, 0);
        image_clear(&image);
    }
    get("@host", &image);
    assert_list(&image.layers, "/");
    assert_true(image.shared);
    assert_list(&image.cmd, "/bin/sh");
    image_clear(&image);
    refuse("debian", "no such directory; an image of a registry is written docker://debian");
    refuse("./no", "directory \"./no\": no such file or directory");
    refuse("", "the name is empty");
    refuse("..//../", "a container that writes to this machine's own root: use @host");
    refuse("@hosts", "there is only @busybox and @host");
    refuse("oci:", "the name of the directory is missing");
    refuse("oci:no:x", "directory \"no:x\": no such file or directory");
    refuse("docker-archive:plain", want);
    refuse("oci:plain", "plain is not an OCI image layout: it has no index.json");
    refuse("oci:lay:", "the reference is empty");
    refuse("oci:lay:a b", "\"a b\" is not a reference: character 2");
    refuse("docker-archive:no.tar", "file \"no.tar\": no such file or directory");
    refuse("docker-archive:file:x y", "\"x y\" is not a reference: character 2");
    refuse("docker://", "the reference is empty");
    refuse("docker://-x", "\"-x\" is not a reference: character 1");
}

static void test_busybox(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *self = realpath("/proc/self/exe", NULL), *want = NULL;
    struct image image;
    mode_t mask = umask(077);

    (void)state;
    get("@busybox", &image);
    umask(mask);
    assert_true(image.shared);
    assert_list(&image.cmd, "sh");
    assert_list(&image.env, IMAGE_PATH_ENV);
    assert_int_equal(image.layers.n, 1);
    sh("cd %s; chroot . /usr/bin/env -i /sbin/ls -ld /tmp | grep ^drwxrwxrwt;"
       "test \"$(stat -c %%a .. . etc etc/passwd bin/busybox root | tr '\\n' ' ')\" = "
       "'700 755 755 644 755 700 '; test $(ls bin | wc -l) -gt 100; cp /bin/busybox mark",
       image.layers.items[0]);
    image_clear(&image);
    get("@busybox", &image); /* the same again, not made anew */
    sh("test -e %s/mark", image.layers.items[0]);
    image_clear(&image);
    assert_no_partial();
    assert_int_equal(image_check_static("/bin/busybox", &err), 0);
    assert_int_equal(image_check_static(self, &err), -1);
    want = str_printf("%s is linked dynamically and cannot run alone: apt-get install "
                      "busybox-static",
                      self);
    assert_string_equal(err_message(err), want);
    assert_int_equal(image_check_static("file", &err), -1);
    assert_string_equal(err_message(err), "file is not an ELF program");
    sh("head -c 100 /bin/busybox >short");
    assert_int_equal(image_check_static("short", &err), -1);
    assert_string_equal(err_message(err), "short is not an ELF program");
}

/* ---- layouts ---- */

static void test_layout(void **state)
{
    struct image image;
    mode_t mask = umask(077);

    (void)state;
    get("oci:lay:v1", &image);
    umask(mask);
    assert_true(image.shared);
    assert_list(&image.env, "A=b c|PATH=/bin");
    assert_list(&image.entrypoint, "/bin/busybox|sh");
    assert_list(&image.cmd, "-c|echo hi");
    assert_string_equal(image.workdir, "/srv");
    assert_string_equal(image.user, "daemon:users");
    assert_string_equal(image.stop_signal, "SIGQUIT");
    /* opt/deep has no entry of its own in its layer: its mode would come from the umask. */
    sh("cmp /bin/busybox %s/bin/busybox; cd %s; test \"$(stat -c %%a . images %s %s/opt/deep | "
       "tr '\\n' ' ')\" = '711 700 755 755 '",
       image.layers.items[0], images, image.layers.items[0], image.layers.items[0]);
    image_clear(&image);
    assert_no_partial();
    /* A second start needs neither tool; an updated layout is noticed. */
    setenv("PATH", "/nonexistent", 1);
    get("oci:lay:v1", &image);
    image_clear(&image);
    refuse("oci:lay:v2", "umoci is not installed: apt-get install umoci");
    setenv("PATH", real_path, 1);
    assert_no_partial();
    get("oci:lay:v2", &image);
    assert_list(&image.cmd, "v2");
    image_clear(&image);
    get("oci:odd:name:v1", &image); /* the layout's directory is "odd:name" */
    image_clear(&image);
    refuse("oci:lay", "lay/index.json: no image \"latest\" is in it; there is *");
    refuse("oci:lay:v9", "lay/index.json: no image \"v9\" is in it; there is *");
}

static void test_architecture(void **state)
{
    cleanup_free char *want = str_printf(
        "image configuration: the image is for z80, this machine is %s", image_architecture());

    (void)state;
    refuse("oci:lay:z80", want);
    sh("test -z \"$(find %s -mindepth 2)\"", images);
}

/* Layout "nested" with an index that holds an index of two manifests, for these architectures. */
static void put_nested(const char *first, const char *second)
{
    static const char descriptor[] =
        "{\"mediaType\":\"application/vnd.oci.image.%s.v1+json\",\"digest\":\"sha256:%s\","
        "\"size\":%d,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}";
    cleanup_buf struct buf inner = {0}, outer = {0};
    cleanup_free char *blob = NULL;
    struct image_manifest z80, ours;
    char hex[SHA256_HEX + 1];

    sh("rm -rf nested; cp -r lay nested");
    assert_int_equal(image_layout_find("lay", "z80", &z80, NULL), 0);
    assert_int_equal(image_layout_find("lay", "v1", &ours, NULL), 0);
    buf_puts(&inner, "{\"manifests\":[");
    buf_printf(&inner, descriptor, "manifest", z80.hex, (int)z80.size, first);
    buf_puts(&inner, ",");
    buf_printf(&inner, descriptor, "manifest", ours.hex, (int)ours.size, second);
    buf_puts(&inner, "]}");
    sha256_hex(inner.data, inner.len, hex);
    buf_puts(&outer, "{\"manifests\":[");
    buf_printf(&outer, descriptor, "index", hex, (int)inner.len, "any");
    buf_puts(&outer, "]}");
    blob = str_printf("nested/blobs/sha256/%s", hex);
    put(blob, inner.data);
    put("nested/index.json", outer.data);
}

static void test_nested_index(void **state)
{
    cleanup_free char *want = str_printf("image index: no image for linux/%s is in it; there is "
                                         "z80, vax",
                                         image_architecture());
    struct image image;

    (void)state;
    put_nested("z80", image_architecture());
    get("oci:nested", &image);
    assert_list(&image.entrypoint, "/bin/busybox|sh");
    image_clear(&image);
    refuse("oci:nested:x", "nested/index.json: no image \"x\" is in it; there is no names");
    put_nested("z80", "vax");
    refuse("oci:nested", want);
    sh("for blob in nested/blobs/sha256/*; do echo >>$blob; done");
    refuse("oci:nested", "nested/blobs/sha256/*");
}

/* ---- the store ---- */

static void test_store_owner(void **state)
{
    cleanup_free char *want = str_printf("%s: mode 0777 lets others than root write to it", images);

    (void)state;
    sh("mkdir -m 0777 %s", images);
    refuse("@busybox", want);
    refuse("oci:lay:v1", want);
}

/* What a tool says goes into the error, but no escape sequence of it to the terminal. */
static void test_tool_message(void **state)
{
    (void)state;
    setenv("PATH", tools, 1);
    put("tools/umoci", "#!/bin/sh\nprintf '  broken\\033[31m layer\\r\\n\\n'\nexit 1\n");
    refuse("oci:lay:v1", "umoci: broken [31m layer");
    put("tools/umoci",
        "#!/bin/sh\nprintf 'time=\"x\" level=fatal msg=\"not \\\\\"here\\\\\"\"'\nexit 1\n");
    refuse("oci:lay:v1", "umoci: not \"here\"");
    put("tools/umoci", "#!/bin/sh\nexit 3\n");
    refuse("oci:lay:v1", "umoci exited with status 3");
    put("tools/umoci", "#!/bin/sh\nkill -9 $$\n");
    refuse("oci:lay:v1", "umoci was killed by signal 9 (Killed)");
    assert_int_equal(chmod("tools/umoci", 0644), 0);
    refuse("oci:lay:v1", "cannot execute umoci: permission denied");
    setenv("PATH", real_path, 1);
    assert_no_partial();
}

static pid_t resolve_in_child(const char *ref)
{
    pid_t pid = fork();
    struct image image;

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        _exit(image_resolve(ref, &conf, false, &image, NULL) < 0 ? 1 : 0);
    }
    return pid;
}

static void test_concurrent(void **state)
{
    cleanup_free char *tool = str_printf(
        "#!/bin/sh\nPATH='%s'\necho x >>%s/calls\nsleep 0.3\nexec umoci \"$@\"\n", real_path, dir);
    pid_t pids[8];
    int status;

    (void)state;
    put("tools/umoci", tool);
    setenv("PATH", tools, 1);
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
        pids[i] = resolve_in_child(i % 2 ? "oci:lay:v1" : "@busybox");
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(calls(), 1);
    assert_no_partial();
}

/* Kill -9 a process in the middle of unpacking `ref`; the tool must not outlive it. */
static void kill_while_unpacking(const char *ref)
{
    cleanup_free char *tool =
        str_printf("#!/bin/sh\nPATH='%s'\nmkdir -p rootfs/half\nexec 9>%s/fifo\necho >&9\n"
                   "exec sleep 60\n",
                   real_path, dir);
    cleanup_close int fifo = -1;
    int status;
    pid_t pid;

    put("tools/umoci", tool);
    assert_true(mkfifo("fifo", 0600) == 0 || errno == EEXIST);
    fifo = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    setenv("PATH", tools, 1);
    pid = resolve_in_child(ref);
    setenv("PATH", real_path, 1);
    sh("timeout 20 head -c 1 fifo");
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    /* Its end of the FIFO closes long before its sleep ends. */
    assert_int_equal(poll(&(struct pollfd){.fd = fifo}, 1, 20000), 1);
    sh("test -d %s/images/.sha256-*.partial/rootfs/half", images);
    /* Nor is it known which of its descriptors goes first. */
    sh("flock -w 20 %s/images/.sha256-*.partial true", images);
}

static void test_killed(void **state)
{
    struct image image;

    (void)state;
    kill_while_unpacking("oci:lay:v1");
    sh("test -z \"$(ls %s/images)\"", images);
    get("oci:lay:v1", &image);
    sh("test ! -e %s/half; test -x %s/bin/busybox", image.layers.items[0], image.layers.items[0]);
    image_clear(&image);
    assert_no_partial();
    /* Another image's unpacking clears away what is left. */
    kill_while_unpacking("oci:lay:v2");
    get("oci:one:image", &image);
    image_clear(&image);
    assert_no_partial();
}

/* ---- through skopeo ---- */

static void test_archive(void **state)
{
    struct image image;

    (void)state;
    sh("skopeo copy oci:lay:v1 docker-archive:archive:example:1; mv archive a:b.tar");
    get("docker-archive:a:b.tar", &image);
    assert_list(&image.env, "A=b c|PATH=/bin");
    image_clear(&image);
    get("docker-archive:a:b.tar:example:1", &image);
    image_clear(&image);
    setenv("PATH", "/nonexistent", 1);
    get("docker-archive:a:b.tar", &image); /* known: no tool is needed */
    assert_string_equal(image.workdir, "/srv");
    image_clear(&image);
    sh("PATH=/bin; touch a:b.tar");
    refuse("docker-archive:a:b.tar", "skopeo is not installed: apt-get install skopeo");
    setenv("PATH", real_path, 1);
    sh("rm -r %s/images/*", images); /* known, but gone */
    get("docker-archive:a:b.tar", &image);
    image_clear(&image);
    refuse("docker-archive:a:b.tar:other:1", "skopeo: *");
    assert_no_partial();
}

/* skopeo is a stand-in that brings layout "one". */
static void test_registry(void **state)
{
    cleanup_free char *tool =
        str_printf("#!/bin/sh\nPATH='%s'\necho x >>%s/calls\necho \"$@\" >&2\n"
                   "cp -r %s/one layout\n",
                   real_path, dir, dir);
    cleanup_free char *path = str_printf("%s:%s", tools, real_path);
    struct image image;

    (void)state;
    refuse("docker://127.0.0.1:1/none", "skopeo: *");
    put("tools/skopeo", tool);
    setenv("PATH", path, 1);
    for (size_t i = 0; i < 6; i++) {
        conf.image_pull_always = i >= 4;
        get("docker://example.org/x:1", &image);
        assert_list(&image.cmd, "one");
        image_clear(&image);
        assert_int_equal(calls(), i < 4 ? 1 : i - 2);
    }
    conf.image_pull_always = false;
    assert_no_partial();
}

/* ---- the fixture: layouts "lay" (names v1, v2, z80), "one" (name image) and "odd:name" ---- */

static int make_fixture(void **state)
{
    const char *path = getenv("PATH");

    (void)state;
    real_path = path ? strdup(path) : NULL;
    if (!real_path || !mkdtemp(dir) || chdir(dir) < 0)
        return -1;
    snprintf(tools, sizeof(tools), "%s/tools", dir);
    return system("exec >log 2>&1; set -e; mkdir -p tools root/bin; cp /bin/busybox root/bin\n"
                  "umoci init --layout lay; umoci new --image lay:v1\n"
                  "umoci insert --image lay:v1 root /\n"
                  "mkdir -p opt/deep; echo >opt/deep/file; tar -cf opt.tar opt/deep/file\n"
                  "umoci raw add-layer --image lay:v1 opt.tar\n"
                  "umoci config --image lay:v1 --config.env 'A=b c' --config.env PATH=/bin \\\n"
                  "  --config.entrypoint /bin/busybox --config.entrypoint sh --config.cmd -c \\\n"
                  "  --config.cmd 'echo hi' --config.workingdir /srv \\\n"
                  "  --config.user daemon:users --config.stopsignal SIGQUIT\n"
                  "umoci config --image lay:v1 --tag v2 --config.cmd v2\n"
                  "umoci config --image lay:v1 --tag z80 --architecture z80\n"
                  "cp -r lay odd:name\n"
                  "umoci init --layout one; umoci new --image one:image\n"
                  "umoci config --image one:image --config.cmd one\n");
}

static int remove_fixture(void **state)
{
    cleanup_close int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    free(real_path);
    return chdir("/") < 0 || fs_remove_tree(tmp, dir + strlen("/tmp/")) < 0 ? -1 : 0;
}

/* Every test has an image directory of its own, and the working directory is `dir`. */
static int begin(void **state)
{
    static int n;

    (void)state;
    snprintf(images, sizeof(images), "%s/images%d", dir, n++);
    unlink("calls");
    return conf_read("/nonexistent", &conf, NULL) < 0 || str_set(&conf.image_dir, images) < 0 ? -1
                                                                                              : 0;
}

static int end(void **state)
{
    (void)state;
    conf_clear(&conf);
    unlink("tools/umoci");
    unlink("tools/skopeo");
    return setenv("PATH", real_path, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_directory),    TEST(test_busybox),      TEST(test_layout),
        TEST(test_architecture), TEST(test_nested_index), TEST(test_store_owner),
        TEST(test_tool_message), TEST(test_concurrent),   TEST(test_killed),
        TEST(test_archive),      TEST(test_registry),
    };

    return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
