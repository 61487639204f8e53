/* SOURCES: initshim/supervise/state.c */
/* state.json as the driver reads it for `state` and `list`, and as the supervisor rewrites its
 * end. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "fuzz.h"
#include "run/run.h"
#include "supervise/supervisor.h"

#define ID "fuzz"
#define FILE_MAX (1 << 20)

/* The container's directory, open. */
static int dir_fd(void)
{
    static int fd = -1;

    if (fd < 0) {
        cleanup_free char *path = str_printf("%s/" ID, fuzz_dir());

        FUZZ_CHECK(path && mkdir(path, 0700) == 0);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    FUZZ_CHECK(fd >= 0);
    return fd;
}

static void driver(struct lxcdriver *drv)
{
    cleanup_err struct lxcdriver_error *err = NULL, *err2 = NULL;
    cleanup_free char *text = lxcdriver_state_json(drv, ID, &err);
    struct lxcdriver_info info;

    if (text) {
        json_t *value = json_loads(text, 0, NULL);

        FUZZ_CHECK(value);
        json_decref(value);
    } else {
        fuzz_refused(err);
    }
    if (lxcdriver_get_info(drv, ID, &info, &err2) < 0)
        fuzz_refused(err2);
    else
        FUZZ_CHECK(info.id && info.bundle && info.rootfs);
    FUZZ_CHECK(!text == !!err2);
    lxcdriver_info_clear(&info);
}

/* What stood before the last lines stays. */
static void supervisor(const uint8_t *data, size_t size)
{
    struct supervisor s = {.dir_fd = dir_fd(), .have_status = true, .status = 256};
    cleanup_free char *text = NULL;
    size_t len = 0, same = 0;

    sup_state_write(&s, "stopped");
    FUZZ_CHECK(fs_read_at(dir_fd(), "state.json", FILE_MAX, &text, &len) == 0);
    if (len == size && memcmp(text, data, size) == 0)
        return;
    while (same < len && same < size && (uint8_t)text[same] == data[same])
        same++;
    FUZZ_CHECK(same >= strlen(STATE_TAIL_MARK));
    FUZZ_CHECK(strstr(text, STATE_TAIL_MARK "\"stopped\""));
    FUZZ_CHECK(str_ends(text, "\"waitStatus\": 256,\n  \"oom\": false\n}\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char root[] = "";
    struct lxcdriver drv = {.root = root};
    cleanup_free char *path = strdup(fuzz_dir());

    FUZZ_CHECK(path && dir_fd() >= 0);
    drv.root = path;
    fuzz_write(ID "/state.json", data, size);
    driver(&drv);
    supervisor(data, size);
    driver(&drv);
    return 0;
}
