#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/readers.h"

static void clear(struct mount_spec *m)
{
    strv_free(&m->data);
}

#define cleanup_mount __attribute__((cleanup(clear)))

/* Words in order, and what is left of them. */
static const struct {
    const char *words[6];
    uint64_t flags, clear, propagation, rec_set, rec_clear;
} cases[] = {
    {{"defaults"}, 0, 0, 0, 0, 0},
    {{"ro"}, MS_RDONLY, 0, 0, 0, 0},
    {{"rw"}, 0, MS_RDONLY, 0, 0, 0},
    {{"ro", "rw"}, 0, MS_RDONLY, 0, 0, 0},
    {{"rw", "ro"}, MS_RDONLY, 0, 0, 0, 0},
    {{"bind"}, MS_BIND, 0, 0, 0, 0},
    {{"rbind"}, MS_BIND | MS_REC, 0, 0, 0, 0},
    {{"nosuid", "nodev", "noexec"}, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0, 0, 0, 0},
    {{"suid", "dev", "exec"}, 0, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0, 0, 0},
    {{"nosuid", "suid", "nosuid"}, MS_NOSUID, 0, 0, 0, 0},
    {{"sync", "dirsync"}, MS_SYNCHRONOUS | MS_DIRSYNC, 0, 0, 0, 0},
    {{"async"}, 0, MS_SYNCHRONOUS, 0, 0, 0},
    {{"acl"}, MS_POSIXACL, 0, 0, 0, 0},
    {{"acl", "noacl"}, 0, MS_POSIXACL, 0, 0, 0},
    {{"noatime"}, MS_NOATIME, 0, 0, 0, 0},
    {{"atime"}, 0, MS_NOATIME, 0, 0, 0},
    {{"nodiratime"}, MS_NODIRATIME, 0, 0, 0, 0},
    {{"diratime"}, 0, MS_NODIRATIME, 0, 0, 0},
    {{"relatime"}, MS_RELATIME, 0, 0, 0, 0},
    {{"norelatime"}, 0, MS_RELATIME, 0, 0, 0},
    {{"strictatime"}, MS_STRICTATIME, 0, 0, 0, 0},
    {{"nostrictatime"}, 0, MS_STRICTATIME, 0, 0, 0},
    {{"lazytime"}, MS_LAZYTIME, 0, 0, 0, 0},
    {{"nolazytime"}, 0, MS_LAZYTIME, 0, 0, 0},
    {{"iversion"}, MS_I_VERSION, 0, 0, 0, 0},
    {{"noiversion"}, 0, MS_I_VERSION, 0, 0, 0},
    {{"mand"}, MS_MANDLOCK, 0, 0, 0, 0},
    {{"nomand"}, 0, MS_MANDLOCK, 0, 0, 0},
    {{"silent"}, MS_SILENT, 0, 0, 0, 0},
    {{"loud"}, 0, MS_SILENT, 0, 0, 0},
    {{"remount"}, MS_REMOUNT, 0, 0, 0, 0},
    {{"nosymfollow"}, MS_NOSYMFOLLOW, 0, 0, 0, 0},
    {{"symfollow"}, 0, MS_NOSYMFOLLOW, 0, 0, 0},
    {{"private"}, 0, 0, MS_PRIVATE, 0, 0},
    {{"rprivate"}, 0, 0, MS_PRIVATE | MS_REC, 0, 0},
    {{"shared"}, 0, 0, MS_SHARED, 0, 0},
    {{"rshared"}, 0, 0, MS_SHARED | MS_REC, 0, 0},
    {{"slave"}, 0, 0, MS_SLAVE, 0, 0},
    {{"rslave"}, 0, 0, MS_SLAVE | MS_REC, 0, 0},
    {{"unbindable"}, 0, 0, MS_UNBINDABLE, 0, 0},
    {{"runbindable"}, 0, 0, MS_UNBINDABLE | MS_REC, 0, 0},
    {{"rprivate", "shared"}, 0, 0, MS_SHARED, 0, 0},
    {{"rro"}, 0, 0, 0, MOUNT_ATTR_RDONLY, 0},
    {{"rrw"}, 0, 0, 0, 0, MOUNT_ATTR_RDONLY},
    {{"rro", "rrw"}, 0, 0, 0, 0, MOUNT_ATTR_RDONLY},
    {{"rnosuid", "rnodev", "rnoexec"},
     0,
     0,
     0,
     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
     0},
    {{"rsuid", "rdev", "rexec"},
     0,
     0,
     0,
     0,
     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
    {{"rnodiratime"}, 0, 0, 0, MOUNT_ATTR_NODIRATIME, 0},
    {{"rdiratime"}, 0, 0, 0, 0, MOUNT_ATTR_NODIRATIME},
    {{"rnosymfollow"}, 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW, 0},
    {{"rsymfollow"}, 0, 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW},
    {{"rnoatime"}, 0, 0, 0, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {{"rstrictatime"}, 0, 0, 0, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {{"rrelatime"}, 0, 0, 0, 0, MOUNT_ATTR__ATIME},
    {{"ratime"}, 0, 0, 0, 0, MOUNT_ATTR__ATIME},
    {{"rnostrictatime"}, 0, 0, 0, 0, MOUNT_ATTR__ATIME},
    {{"rnorelatime"}, 0, 0, 0, 0, 0},
    {{"rnoatime", "rstrictatime", "rro"},
     0,
     0,
     0,
     MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_RDONLY,
     MOUNT_ATTR__ATIME},
    {{"rbind", "ro", "nosuid", "rslave"},
     MS_BIND | MS_REC | MS_RDONLY | MS_NOSUID,
     0,
     MS_SLAVE | MS_REC,
     0,
     0},
};

static void test_flag_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_mount struct mount_spec m = {0};

        for (size_t k = 0; cases[i].words[k]; k++)
            assert_int_equal(mountopt_apply(&m, cases[i].words[k], NULL), 0);
        if (m.flags != cases[i].flags || m.clear != cases[i].clear ||
            m.propagation != cases[i].propagation || m.rec_set != cases[i].rec_set ||
            m.rec_clear != cases[i].rec_clear)
            fail_msg("%s ...: flags %jx clear %jx propagation %jx rec_set %jx rec_clear %jx",
                     cases[i].words[0], (uintmax_t)m.flags, (uintmax_t)m.clear,
                     (uintmax_t)m.propagation, (uintmax_t)m.rec_set, (uintmax_t)m.rec_clear);
        assert_int_equal(m.data.n, 0);
        assert_false(m.idmap || m.tmpcopyup);
    }
}

static void test_other_words(void **state)
{
    cleanup_mount struct mount_spec m = {0};

    (void)state;
    assert_int_equal(mountopt_apply(&m, "tmpcopyup", NULL), 0);
    assert_true(m.tmpcopyup);
    assert_int_equal(mountopt_apply(&m, "idmap", NULL), 0);
    assert_true(m.idmap && !m.idmap_rec);
    assert_int_equal(mountopt_apply(&m, "ridmap", NULL), 0);
    assert_true(m.idmap && m.idmap_rec);
    assert_int_equal(m.data.n, 0);
}

static void test_the_rest_is_data(void **state)
{
    static const char *const words[] = {"size=64m", "mode=1777", "newinstance", "RO", "gid=5",
                                        " ro",      "x"};
    cleanup_mount struct mount_spec m = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        assert_int_equal(mountopt_apply(&m, words[i], NULL), 0);
    assert_int_equal(m.data.n, ARRAY_SIZE(words));
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        assert_string_equal(m.data.items[i], words[i]);
    assert_int_equal(m.flags, 0);
}

static void test_an_empty_word_is_refused(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_mount struct mount_spec m = {0};

    (void)state;
    assert_int_equal(mountopt_apply(&m, "", &err), -1);
    assert_string_equal(err_message(err), "a mount option is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flag_words),
        cmocka_unit_test(test_other_words),
        cmocka_unit_test(test_the_rest_is_data),
        cmocka_unit_test(test_an_empty_word_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
