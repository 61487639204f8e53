/* @busybox: a root filesystem out of the host's static busybox. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/launch/image_parts.h"

#define BUSYBOX_MAX (64u << 20)
#define APPLETS_MAX 2000

/* The program headers of both classes, as far as they matter here. */
struct segments {
    uint64_t offset;
    unsigned size, n;
    bool wide;
};

static bool find_segments(const unsigned char *file, size_t len, struct segments *out)
{
    Elf64_Ehdr wide;
    Elf32_Ehdr narrow;

    if (len < sizeof(wide) || memcmp(file, ELFMAG, SELFMAG) != 0)
        return false;
    memcpy(&wide, file, sizeof(wide));
    memcpy(&narrow, file, sizeof(narrow));
    out->wide = file[EI_CLASS] == ELFCLASS64;
    out->offset = out->wide ? wide.e_phoff : narrow.e_phoff;
    out->size = out->wide ? wide.e_phentsize : narrow.e_phentsize;
    out->n = out->wide ? wide.e_phnum : narrow.e_phnum;
    return out->size >= (out->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) &&
           out->offset <= len && (len - out->offset) / out->size >= out->n;
}

/* 1: asks for a dynamic loader; 0: does not; -1: no ELF program. */
static int asks_for_loader(const unsigned char *file, size_t len)
{
    struct segments seg;

    if (!find_segments(file, len, &seg))
        return -1;
    for (unsigned i = 0; i < seg.n; i++) {
        uint32_t type; /* p_type is the first member in both classes */

        memcpy(&type, file + seg.offset + (size_t)i * seg.size, sizeof(type));
        if (type == PT_INTERP)
            return 1;
    }
    return 0;
}

static int read_static(const char *path, char **file, size_t *len, struct lxcdriver_error **err)
{
    int loader;

    if (fs_read_at(AT_FDCWD, path, BUSYBOX_MAX, file, len) < 0)
        return err_sys(err, errno, "%s", path);
    loader = asks_for_loader((const unsigned char *)*file, *len);
    if (loader < 0)
        return err_set(err, "%s is not an ELF program", path);
    if (loader > 0)
        return err_set(err,
                       "%s is linked dynamically and cannot run alone: "
                       "apt-get install busybox-static",
                       path);
    return 0;
}

int image_check_static(const char *path, struct lxcdriver_error **err)
{
    cleanup_free char *file = NULL;
    size_t len;

    return read_static(path, &file, &len, err);
}

static const struct {
    const char *path;
    mode_t mode;
} directories[] = {
    {"bin", 0755},       {"dev", 0755},       {"etc", 0755}, {"home", 0755},    {"mnt", 0755},
    {"proc", 0755},      {"root", 0700},      {"run", 0755}, {"sys", 0755},     {"tmp", 01777},
    {"usr", 0755},       {"usr/share", 0755}, {"var", 0755}, {"var/lib", 0755}, {"var/log", 0755},
    {"var/spool", 0755}, {"var/tmp", 01777},
};

static const struct {
    const char *path, *target;
} links[] = {
    {"sbin", "bin"},
    {"usr/bin", "../bin"},
    {"usr/sbin", "../bin"},
    {"var/run", "../run"},
};

static const struct {
    const char *path, *text;
} files[] = {
    {"etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                   "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
                   "www-data:x:33:33:www-data:/var/www:/bin/false\n"
                   "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"},
    {"etc/group", "root:x:0:\n"
                  "daemon:x:1:\n"
                  "tty:x:5:\n"
                  "www-data:x:33:\n"
                  "users:x:100:\n"
                  "nogroup:x:65534:\n"},
    {"etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"},
    {"etc/shells", "/bin/sh\n/bin/ash\n"},
    {"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
};

static int make_tree(int root, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
        if (mkdirat(root, directories[i].path, 0755) < 0 ||
            fchmodat(root, directories[i].path, directories[i].mode, 0) < 0)
            return err_sys(err, errno, "make %s", directories[i].path);
    for (size_t i = 0; i < ARRAY_SIZE(links); i++)
        if (symlinkat(links[i].target, root, links[i].path) < 0)
            return err_sys(err, errno, "link %s", links[i].path);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        cleanup_close int fd =
            openat(root, files[i].path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        if (fd < 0 || fchmod(fd, 0644) < 0 ||
            fs_write_all(fd, files[i].text, strlen(files[i].text)) < 0)
            return err_sys(err, errno, "write %s", files[i].path);
    }
    return 0;
}

static int copy_program(int bin, const char *busybox, struct lxcdriver_error **err)
{
    cleanup_free char *file = NULL;
    cleanup_close int fd = -1;
    size_t len;

    if (read_static(busybox, &file, &len, err) < 0)
        return -1;
    fd = openat(bin, "busybox", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (fd < 0 || fchmod(fd, 0755) < 0 || fs_write_all(fd, file, len) < 0)
        return err_sys(err, errno, "write bin/busybox");
    return 0;
}

/* busybox says itself what it can be called as. */
static int link_applets(int bin, const char *busybox, const struct image_slot *slot,
                        struct lxcdriver_error **err)
{
    cleanup_buf struct buf list = {0};
    const char *const argv[] = {busybox, "--list", NULL};
    const struct image_tool tool = {
        .argv = argv, .package = "busybox-static", .keep_fd = slot->lock_fd, .output = &list};
    char *save = NULL;
    int n = 0;

    if (image_tool_run(&tool, err) < 0)
        return -1;
    if (list.failed)
        return err_nomem(err);
    if (!list.data)
        return err_set(err, "%s --list prints nothing", busybox);
    for (char *name = strtok_r(list.data, "\n", &save); name && n < APPLETS_MAX;
         name = strtok_r(NULL, "\n", &save), n++) {
        if (strchr(name, '/') || (symlinkat("busybox", bin, name) < 0 && errno != EEXIST))
            return err_set(err, "cannot link the applet \"%s\"", name);
    }
    return 0;
}

static int fill(const struct image_slot *slot, const char *busybox, struct lxcdriver_error **err)
{
    cleanup_close int root = -1, bin = -1;
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

    if (mkdirat(slot->lock_fd, "rootfs", 0755) < 0 ||
        (root = openat(slot->lock_fd, "rootfs", flags)) < 0 || fchmod(root, 0755) < 0)
        return err_sys(err, errno, "%s/rootfs", slot->path);
    if (make_tree(root, err) < 0)
        return err_wrap(err, "%s/rootfs", slot->path);
    bin = openat(root, "bin", flags);
    if (bin < 0)
        return err_sys(err, errno, "%s/rootfs/bin", slot->path);
    if (copy_program(bin, busybox, err) < 0)
        return -1;
    return link_applets(bin, busybox, slot, err);
}

static const char *find_busybox(struct stat *st)
{
    static const char *const places[] = {"/bin/busybox", "/usr/bin/busybox"};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        if (stat(places[i], st) == 0)
            return places[i];
    return NULL;
}

static int make_if_missing(const struct image_request *req, const char *name, const char *busybox,
                           struct lxcdriver_error **err)
{
    struct image_slot slot;
    int result = image_slot_begin(req->conf, NULL, name, req->progress, &slot, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    result = fill(&slot, busybox, err);
    if (result == 0)
        result = image_slot_commit(&slot, err);
    image_slot_end(&slot);
    return result;
}

int image_from_busybox(const struct image_request *req, struct image *out,
                       struct lxcdriver_error **err)
{
    cleanup_free char *name = NULL;
    struct stat st;
    const char *busybox = find_busybox(&st);

    if (!busybox)
        return err_set(err, "this machine has no busybox: apt-get install busybox-static");
    /* An upgraded busybox makes a new root: its package's files differ in size or date. */
    name = str_printf("busybox-%llx-%llx", (unsigned long long)st.st_size,
                      (unsigned long long)st.st_mtim.tv_sec);
    if (!name)
        return err_nomem(err);
    if (make_if_missing(req, name, busybox, err) < 0)
        return -1;
    if (strv_printf(&out->layers, "%s/%s/rootfs", req->conf->image_dir, name) < 0 ||
        strv_add(&out->env, IMAGE_PATH_ENV) < 0 || strv_add(&out->cmd, "sh") < 0)
        return err_nomem(err);
    out->shared = true;
    return 0;
}
