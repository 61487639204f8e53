/* The administrator's settings: defaults, every key, and each way in which a file is refused. */
#include "base/conf.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static char dir[] = "/tmp/test_conf.XXXXXX";
static char file[64];

static void write_file(const char *text, size_t len, mode_t mode)
{
    FILE *out;

    unlink(file);
    out = fopen(file, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(file, mode), 0);
}

/* The error of a file with this text, with "FILE" for its name, is exactly `want`. */
static void refuse(const char *text, size_t len, mode_t mode, const char *want)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *full = NULL;
    struct conf conf;

    if (text)
        write_file(text, len, mode);
    assert_int_equal(conf_read(file, &conf, &err), -1);
    full = str_printf("%s%s", file, want);
    assert_string_equal(err_message(err), full);
    assert_null(conf.root);
}

#define REFUSE(text, want) refuse(text, sizeof(text) - 1, 0644, want)

static void test_defaults(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct conf conf;

    (void)state;
    assert_int_equal(conf_read("/nonexistent/runlxc.conf", &conf, &err), 0);
    assert_string_equal(conf.root, "/run/runlxc");
    assert_string_equal(conf.image_dir, "/var/lib/runlxc");
    assert_string_equal(conf.bridge, "lxcbr0");
    assert_string_equal(conf.template_override_dir, SYSCONFDIR "/runlxc/templates");
    assert_string_equal(conf.lxc_start, "/usr/bin/lxc-start");
    assert_string_equal(conf.log_level, "warning");
    assert_int_equal(conf.userns_base, 1000000);
    assert_int_equal(conf.userns_size, 65536);
    assert_int_equal(conf.start_timeout_s, 30);
    assert_false(conf.image_pull_always);
    assert_false(conf.lxcfs);
    assert_int_equal(conf.annotation_lxc_keys.n, 0);
    assert_int_equal(conf.annotation_systemd_properties.n, 9);
    assert_string_equal(conf.annotation_systemd_properties.items[0], "After");
    conf_clear(&conf);
}

static void test_all_keys(void **state)
{
    static const char text[] = "# settings\n"
                               "\n"
                               "  root = /srv/run lxc \r\n"
                               "image_dir=/srv/images\n"
                               "\timage_pull = always\n"
                               "lxcfs = yes\n"
                               "bridge = br-0\n"
                               "template_override_dir = /srv/t#1\n"
                               "lxc_start = /opt/lxc=5/bin/lxc-start\n"
                               "log_level = debug\n"
                               "userns_base = 4294901759\n"
                               "userns_size = 65536\n"
                               "start_timeout = 3600\n"
                               "annotation_lxc_keys = lxc.prlimit.*\tlxc.apparmor.profile\n"
                               "annotation_systemd_properties = Memory* CPUWeight";
    cleanup_err struct lxcdriver_error *err = NULL;
    struct conf conf;

    (void)state;
    write_file(text, sizeof(text) - 1, 0600);
    if (conf_read(file, &conf, &err) < 0)
        fail_msg("%s", err_message(err));
    assert_string_equal(conf.root, "/srv/run lxc");
    assert_string_equal(conf.image_dir, "/srv/images");
    assert_true(conf.image_pull_always);
    assert_true(conf.lxcfs);
    assert_string_equal(conf.bridge, "br-0");
    assert_string_equal(conf.template_override_dir, "/srv/t#1");
    assert_string_equal(conf.lxc_start, "/opt/lxc=5/bin/lxc-start");
    assert_string_equal(conf.log_level, "debug");
    assert_true(conf.userns_base == 4294901759u);
    assert_int_equal(conf.userns_size, 65536);
    assert_int_equal(conf.start_timeout_s, 3600);
    assert_int_equal(conf.annotation_lxc_keys.n, 2);
    assert_string_equal(conf.annotation_lxc_keys.items[0], "lxc.prlimit.*");
    assert_string_equal(conf.annotation_lxc_keys.items[1], "lxc.apparmor.profile");
    assert_int_equal(conf.annotation_systemd_properties.n, 2);
    assert_string_equal(conf.annotation_systemd_properties.items[0], "Memory*");
    assert_string_equal(conf.annotation_systemd_properties.items[1], "CPUWeight");
    conf_clear(&conf);
}

/* The file that is installed says the defaults, all of them in comments. */
static void test_shipped(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_buf struct buf text = {0};
    FILE *in = fopen("configs/runlxc.conf", "re");
    char line[512];
    struct conf conf, plain;
    int keys = 0;

    (void)state;
    if (!in)
        fail_msg("configs/runlxc.conf: run this test from the top directory");
    while (fgets(line, sizeof(line), in)) {
        bool key = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';

        keys += key;
        buf_puts(&text, key ? line + 1 : line);
    }
    fclose(in);
    assert_int_equal(keys, 13);
    write_file(text.data, text.len, 0644);
    if (conf_read(file, &conf, &err) < 0)
        fail_msg("%s", err_message(err));
    assert_int_equal(conf_read("/nonexistent/runlxc.conf", &plain, &err), 0);
    assert_string_equal(conf.root, plain.root);
    assert_string_equal(conf.image_dir, plain.image_dir);
    assert_string_equal(conf.bridge, plain.bridge);
    assert_string_equal(conf.lxc_start, plain.lxc_start);
    assert_string_equal(conf.log_level, plain.log_level);
    assert_int_equal(conf.userns_base, plain.userns_base);
    assert_int_equal(conf.userns_size, plain.userns_size);
    assert_int_equal(conf.start_timeout_s, plain.start_timeout_s);
    assert_int_equal(conf.image_pull_always, plain.image_pull_always);
    assert_int_equal(conf.annotation_lxc_keys.n, plain.annotation_lxc_keys.n);
    assert_int_equal(conf.annotation_systemd_properties.n, plain.annotation_systemd_properties.n);
    for (size_t i = 0; i < conf.annotation_systemd_properties.n; i++)
        assert_string_equal(conf.annotation_systemd_properties.items[i],
                            plain.annotation_systemd_properties.items[i]);
    conf_clear(&conf);
    conf_clear(&plain);
}

static void test_bad_lines(void **state)
{
    (void)state;
    REFUSE("root /run\n", ":1: \"root /run\" is not \"key = value\"");
    REFUSE("\n# x\nrott = /run\n", ":3: unknown key \"rott\"");
    REFUSE("= /run\n", ":1: unknown key \"\"");
    REFUSE("root = run\n", ":1: root: \"run\" is not an absolute path");
    REFUSE("root =\n", ":1: root: has no value");
    REFUSE("root = /a\nroot = /b\n", ":2: root: is already set in line 1");
    REFUSE("root = /a\1b\n", ":1: root: control character 1 in the value");
    REFUSE("bridge = averyverylongname\n",
           ":1: bridge: \"averyverylongname\" cannot be the name of a network interface");
    REFUSE("bridge = a/b\n", ":1: bridge: \"a/b\" cannot be the name of a network interface");
    REFUSE("log_level = loud\n", ":1: log_level: \"loud\" is none of debug, info, warning, error");
    REFUSE("lxcfs = true\n", ":1: lxcfs: \"true\" is neither yes nor no");
    REFUSE("image_pull = never\n", ":1: image_pull: \"never\" is neither missing nor always");
    REFUSE("userns_base = 0\n", ":1: userns_base: \"0\" is not a number from 1 to 4294967294");
    REFUSE("userns_size = 1k\n", ":1: userns_size: \"1k\" is not a number from 1 to 4294967294");
    REFUSE("start_timeout = -1\n", ":1: start_timeout: \"-1\" is not a number from 1 to 3600");
    REFUSE("annotation_lxc_keys = lxc.net.* net\n",
           ":1: annotation_lxc_keys: \"net\" does not begin with \"lxc.\"");
    REFUSE("annotation_systemd_properties = After Exec-Start\n",
           ":1: annotation_systemd_properties: \"Exec-Start\" cannot be the name of a property");
    REFUSE("userns_base = 4294901760\n",
           ": userns_base 4294901760 and userns_size 65536 go beyond the last id, 4294967294");
    REFUSE("root = /a\0b\n", ": contains a NUL byte");
}

static void test_bad_file(void **state)
{
    static const char text[] = "root = /a\n";

    (void)state;
    refuse(text, sizeof(text) - 1, 0664, ": mode 0664 lets others than root write it");
    refuse(text, sizeof(text) - 1, 0602, ": mode 0602 lets others than root write it");
    write_file(text, sizeof(text) - 1, 0644);
    assert_int_equal(chown(file, 1234, 0), 0);
    refuse(NULL, 0, 0, ": belongs to user 1234, not to root");
    unlink(file);
    assert_int_equal(mkfifo(file, 0600), 0);
    refuse(NULL, 0, 0, ": is not a regular file");
    unlink(file);
    assert_int_equal(symlink(file, file), 0);
    refuse(NULL, 0, 0, ": too many levels of symbolic links");
}

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(file, sizeof(file), "%s/runlxc.conf", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_shipped),  cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_bad_file),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
