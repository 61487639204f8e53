/* What `runlxc check` concludes from texts, and what a probe's child can do to its parent. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/probe.h"
#include "run/check.h"

/* ---- packages ---- */

static void package_managers(void **state)
{
    (void)state;
    assert_string_equal(check_package_manager("NAME=\"x\"\nID=debian\n"), "apt install");
    assert_string_equal(check_package_manager("ID=\"fedora\"\n"), "dnf install");
    assert_string_equal(check_package_manager("ID='alpine'"), "apk add");
    assert_string_equal(check_package_manager("ID=mint\nID_LIKE=\"ubuntu debian\"\n"),
                        "apt install");
    assert_string_equal(check_package_manager("ID_LIKE=\"other suse\"\nID=x\n"), "zypper install");
    assert_null(check_package_manager("ID=debianx\nVERSION_ID=debian\n"));
    assert_null(check_package_manager("ID=\nID_LIKE=\"\"\n"));
    assert_null(check_package_manager(""));
    assert_string_equal(check_package_name("apt install", "uidmap"), "uidmap");
    assert_string_equal(check_package_name("dnf install", "uidmap"), "shadow-utils");
    assert_string_equal(check_package_name("apk add", "lxc"), "lxc");
}

/* ---- versions ---- */

static void versions(void **state)
{
    static const struct {
        const char *text, *word;
        unsigned major, minor;
    } cases[] = {
        {"5.0.2\n", "5.0.2", 5, 0},
        {"6.18.44-fc-v669", "6.18.44-fc-v669", 6, 18},
        {"Docker version 20.10.24+dfsg1, build 297e128", "20.10.24+dfsg1", 20, 10},
        {"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1", "1.6.20~ds1", 1, 6},
        {"containerd github.com/containerd/containerd v1.7.2 abc", "1.7.2", 1, 7},
        {"apparmor_parser: AppArmor parser version 3.0.8\nCopyright", "3.0.8", 3, 0},
        {"crc32.4 is no version, 4.19 is", "4.19", 4, 19},
        {"1st of 5.11", "5.11", 5, 11},
    };
    unsigned major, minor;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[128];

        major = minor = 99;
        assert_true(check_version(cases[i].text, &major, &minor));
        assert_int_equal(major, cases[i].major);
        assert_int_equal(minor, cases[i].minor);
        snprintf(text, sizeof(text), "%s", cases[i].text);
        assert_string_equal(check_version_word(text), cases[i].word);
    }
    assert_false(check_version("", &major, &minor));
    assert_false(check_version("version 5", &major, &minor));
    assert_false(check_version("5.", &major, &minor));
    assert_string_equal(check_version_word((char[]){"none"}), "");
}

/* ---- files ---- */

static void elf_files(void **state)
{
    cleanup_free char *data = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(fs_read_at(AT_FDCWD, "/proc/self/exe", (size_t)1 << 30, &data, &len), 0);
    assert_null(check_elf(data, len, len));
    assert_null(check_elf(data, 4096, len));
    assert_string_equal(check_elf(data, 4096, len - 1), "is cut off");
    assert_string_equal(check_elf(data, 4096, 4096), "is cut off");
    assert_string_equal(check_elf(data, 10, 10), "is no program");
    assert_string_equal(check_elf("", 0, 0), "is empty");
    data[18] ^= 0x55; /* e_machine */
    assert_string_equal(check_elf(data, len, len), "is for another machine");
    data[18] ^= 0x55;
    memset(data + 40, 0xff, 8); /* e_shoff: beyond what can be counted */
    assert_string_equal(check_elf(data, len, len), "is cut off");
    data[0] = 'x';
    assert_string_equal(check_elf(data, len, len), "is no program");
}

static void subordinate_ids(void **state)
{
    const char *text = "# anna:1:1\nanna:100000:65536\nben:165536:65536\n1000:231072:1\n"
                       "anna:x:1\nanna:5\nanna:1:0\nannabel:9:9";

    (void)state;
    assert_int_equal(check_subids(text, "anna", 77), 1);
    assert_int_equal(check_subids(text, "anna", 1000), 2);
    assert_int_equal(check_subids(text, "nobody", 78), 0);
    assert_int_equal(check_subids(text, NULL, 0), 4);
    assert_int_equal(check_subids("", "anna", 0), 0);
    /* A range of one's own: not in a gap that is too small, not over another's. */
    assert_int_equal(check_free_subids("", 100000, 65536), 100000);
    assert_int_equal(check_free_subids("# a:100000:65536\na:1:99999\n", 100000, 65536), 100000);
    assert_int_equal(check_free_subids("b:165536:65536\na:100000:65536\n", 100000, 65536), 231072);
    assert_int_equal(check_free_subids("a:100000:65536\nb:231072:1\n", 100000, 65536), 165536);
    assert_int_equal(check_free_subids("a:99999:2\n", 100000, 65536), 165536);
    assert_int_equal(check_free_subids("a:0:4294967295\n", 100000, 65536), 0);
}

static void modules(void **state)
{
    const char *dep = "kernel/fs/overlayfs/overlay.ko:\n"
                      "kernel/drivers/net/veth.ko.xz: kernel/net/core/bridge.ko\n"
                      "kernel/net/unix/unix-diag.ko.zst:";

    (void)state;
    assert_true(probe_module_listed(dep, "overlay"));
    assert_true(probe_module_listed(dep, "veth"));
    assert_true(probe_module_listed(dep, "unix_diag"));
    assert_false(probe_module_listed(dep, "bridge"));
    assert_false(probe_module_listed(dep, "over"));
    assert_false(probe_module_listed("", "overlay"));
    assert_true(probe_module_listed("kernel/net/bridge/bridge.ko", "bridge"));
}

/* ---- probes ---- */

static int answer(void *code)
{
    return *(int *)code;
}

static int print(void *text)
{
    printf("%s", (const char *)text);
    fflush(stdout);
    fprintf(stderr, "!");
    return 3;
}

static int die(void *unused)
{
    (void)unused;
    raise(SIGKILL);
    return 0;
}

static int hang(void *unused)
{
    (void)unused;
    pause();
    return 0;
}

/* Leaves a process behind that holds the pipe. */
static int fork_away(void *unused)
{
    if (fork() == 0)
        hang(unused);
    return 0;
}

static int flood(void *unused)
{
    char part[8192];

    (void)unused;
    memset(part, 'x', sizeof(part));
    for (int i = 0; i < 64; i++)
        if (write(STDOUT_FILENO, part, sizeof(part)) < 0)
            return 1;
    return 0;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void probes_answer(void **state)
{
    char *output = NULL;

    (void)state;
    for (int code = 0; code <= 255; code += 51)
        assert_int_equal(probe_run(answer, &code, 5000, NULL), code);
    assert_int_equal(probe_run(print, (char *)"text", 5000, &output), 3);
    assert_string_equal(output, "text!");
    free(output);
    assert_int_equal(probe_run(flood, NULL, 5000, &output), 0);
    assert_in_range(strlen(output), 57344, 65536);
    free(output);
}

static void probes_end(void **state)
{
    const char *quiet[] = {"/bin/sh", "-c", "exec >&- 2>&-; sleep 60", NULL};
    double begin = seconds();
    char *output = (char *)"unset";

    (void)state;
    assert_int_equal(probe_run(die, NULL, 5000, &output), -1);
    assert_int_equal(errno, ECANCELED);
    assert_null(output);
    assert_int_equal(probe_run(hang, NULL, 200, NULL), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(probe_run(fork_away, NULL, 200, NULL), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(probe_program(quiet, 200, NULL), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(seconds() - begin < 4);
}

static void probes_of_programs(void **state)
{
    const char *shell[] = {"/bin/sh", "-c", "echo $HOME; exit 7", NULL};
    const char *missing[] = {"/nonexistent/program", NULL};
    char *output;

    (void)state;
    assert_int_equal(probe_program(shell, 5000, &output), 7);
    assert_string_equal(output, "/proc\n");
    free(output);
    assert_int_equal(probe_program(missing, 5000, NULL), 127);
    output = probe_find("sh");
    assert_non_null(output);
    assert_int_equal(access(output, X_OK), 0);
    free(output);
    assert_null(probe_find("no-such-program"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(package_managers), cmocka_unit_test(versions),
        cmocka_unit_test(elf_files),        cmocka_unit_test(subordinate_ids),
        cmocka_unit_test(modules),          cmocka_unit_test(probes_answer),
        cmocka_unit_test(probes_end),       cmocka_unit_test(probes_of_programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
