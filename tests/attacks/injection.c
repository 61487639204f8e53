/*
 * injection oci|execdriver|flags FILE TEMPLATES SCRATCH INCLUDE: every string of a document, member
 * names that are free to choose among them, in turn takes a hostile value. Either that is refused,
 * with an error that names the member; or what comes of the document is what comes of it with a
 * harmless value in that place, with the one put for the other and nothing added
 * (injection_view.c). Output is TAP, a test for each string. SCRATCH is a directory to write to;
 * INCLUDE the path of a configuration that no container may get.
 *
 * A document is JSON; of flags, a list of ["--flag", "value"].
 */
#include "injection.h"

#include <fcntl.h>
#include <jansson.h>
#include <lxc/lxccontainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "spec/flags.h"
#include "spec/oci.h"
#include "spec/readers.h"

/* What the harmless value has around the original one. Options of a mount with '=' in them go
 * another way than words. */
#define BEFORE "yqy"
#define BEHIND "zqz"
#define BEHIND_EQUALS "zq="
#define MARKER 3

/* Put around the original value; %s: INCLUDE. */
static const struct hostile {
    const char *before, *behind;
} hostiles[] = {
    {"", "\nlxc.include = %s"},
    {"", "\nlxc.environment = INJECTED=1\n"},
    {"", "\rlxc.include = %s"},
    {"", "\n"},
    {"", "\t"},
    {"", "\001"},
    {"", "\177"},
    {"lxc.include\n", ""},
    {"", " lxc.include = %s"},
    {"#", ""},
    {"", "#"},
    {"", " # x"},
    {"'", "'"},
    {"", "'"},
    {"\"", "\""},
    {"", "\""},
    {"", "\\"},
    {"", "\\040bind\\040create=dir"},
    {"", "\\012lxc.include\\040=\\040%s"},
    {"", "\\\\040"},
    {"", ",create=dir"},
    {"", ",exec,suid,dev,rw"},
    {"", ",\"x"},
    {"", ":x"},
    {"", ":%s:rw"},
    {"", " none bind,rw 0 0"},
    {" ", ""},
    {"", " "},
    {"", "=1"},
    {"", ";x"},
    {"", "${PATH}$(id)`id`"},
    {"", "%%s%%n"},
};

static struct context {
    const char *kind, *templates, *scratch, *include;
    json_t *document;
    unsigned tests, failed;
} ctx;

/* ---- reading ---- */

static int read_flags(const json_t *document, struct command **out, struct lxcdriver_error **err)
{
    struct launch_options opts = {0};
    struct strv argv = {0};
    size_t i;
    json_t *flag;
    int rc;

    strv_add(&argv, "lxc-launch");
    strv_add(&argv, "--name=injection");
    json_array_foreach(document, i, flag)
        strv_printf(&argv, "%s=%s", json_string_value(json_array_get(flag, 0)),
                    json_string_value(json_array_get(flag, 1)));
    strv_add(&argv, "/srv/image");
    strv_add(&argv, "true");
    rc = flags_read((int)argv.n, argv.items, &opts, out, err);
    /* What the launcher merges; beside --command there is nothing. */
    if (rc == 0 && *out &&
        (str_set(&(*out)->root.path, "/srv/image") < 0 ||
         strv_copy(&(*out)->process.args, &opts.args) < 0))
        die("out of memory", NULL);
    launch_options_clear(&opts);
    strv_free(&argv);
    return rc;
}

static int read_oci(const char *text, struct command **out, struct lxcdriver_error **err)
{
    cleanup_strv struct strv warnings = {0};
    cleanup_command struct command *cmd = command_new();

    if (!cmd || str_set(&cmd->id, "injection") < 0)
        die("out of memory", NULL);
    if (oci_config_read(text, strlen(text), "/srv/bundle", cmd, &warnings, err) < 0)
        return -1;
    *out = steal_ptr(&cmd);
    return 0;
}

/* The document as it stands. */
static int make(struct view *view, struct lxcdriver_error **err)
{
    char *text = json_dumps(ctx.document, 0);
    cleanup_command struct command *cmd = NULL;
    int rc;

    if (!text)
        die("out of memory", NULL);
    if (strcmp(ctx.kind, "oci") == 0)
        rc = read_oci(text, &cmd, err);
    else if (strcmp(ctx.kind, "execdriver") == 0)
        rc = execdriver_read(text, strlen(text), &cmd, err);
    else
        rc = read_flags(ctx.document, &cmd, err);
    free(text);
    return rc < 0 ? -1 : !cmd ? 0 : view_make(cmd, ctx.templates, ctx.scratch, view, err);
}

/* ---- comparing ---- */

/* A file of a cgroup is written line by line: an empty last one is nothing. */
static size_t length_of(const struct item *item)
{
    size_t len = item->value.len;

    while (strstr(item->what, "cgroup") && len && item->value.data[len - 1] == '\n')
        len--;
    return len;
}

static struct buf replaced(const struct buf *in, const char *before, const char *behind)
{
    struct buf out = {0};

    buf_puts(&out, "");
    for (size_t i = 0; i < in->len; i++) {
        const char *at = in->data + i;
        bool whole = in->len - i >= MARKER;
        bool first = whole && memcmp(at, BEFORE, MARKER) == 0;
        bool last =
            whole && (memcmp(at, BEHIND, MARKER) == 0 || memcmp(at, BEHIND_EQUALS, MARKER) == 0);

        if (first || last) {
            buf_puts(&out, first ? before : behind);
            i += MARKER - 1;
        } else {
            buf_putc(&out, *at);
        }
    }
    if (out.failed)
        die("out of memory", NULL);
    return out;
}

static void show(const char *label, const struct item *item)
{
    printf("#   %s %s: ", label, item->what);
    for (size_t i = 0; i < item->value.len; i++) {
        unsigned char c = (unsigned char)item->value.data[i];

        printf(c < 0x20 || c > 0x7e ? "\\x%02x" : "%c", c);
    }
    putchar('\n');
}

/* `loud`: show the first item that differs. */
static bool same(const struct view *harmless, const struct view *got, const char *before,
                 const char *behind, bool loud)
{
    for (size_t i = 0; i < harmless->n || i < got->n; i++) {
        const struct item *have = i < got->n ? &got->items[i] : NULL;
        struct item want = {0};
        bool equal = false;

        if (i < harmless->n) {
            cleanup_buf struct buf what = {0};

            buf_puts(&what, harmless->items[i].what);
            want.what = replaced(&what, before, behind).data;
            want.value = replaced(&harmless->items[i].value, before, behind);
            equal = have && strcmp(want.what, have->what) == 0 &&
                    length_of(&want) == length_of(have) &&
                    memcmp(want.value.data, have->value.data, length_of(have)) == 0;
        }
        if (!equal && loud && want.what)
            show("expected", &want);
        if (!equal && loud && have)
            show("got     ", have);
        free(want.what);
        buf_free(&want.value);
        if (!equal)
            return false;
    }
    return true;
}

/* ---- one string ---- */

/* A place in the document: a string of an object or list, or the name of a member (`key`). */
struct place {
    json_t *parent;
    const char *key; /* of an object; NULL: element `index` of a list */
    size_t index;
    bool name;        /* the member's name is meant */
    const char *path; /* for reports */
    const char *last; /* the member's own name, which an error has to have */
};

static char *put(const struct place *p, const char *value)
{
    if (p->name) {
        json_t *member = json_incref(json_object_get(p->parent, p->key));

        json_object_del(p->parent, p->key);
        if (json_object_set_new(p->parent, value, member) < 0)
            die("cannot name a member", value);
    } else if (p->key ? json_object_set_new(p->parent, p->key, json_string(value)) < 0
                      : json_array_set_new(p->parent, p->index, json_string(value)) < 0) {
        die("cannot set", p->path);
    }
    return NULL;
}

static void restore(const struct place *p, const char *value, const char *original)
{
    if (p->name) {
        struct place now = *p;

        now.key = value;
        put(&now, original);
    } else {
        put(p, original);
    }
}

/* A namespace's path is called by the namespace's kind. */
static bool names_it(const char *message, const struct place *p)
{
    static const struct {
        const char *last, *said;
    } aliases[] = {
        {"cgroupsPath", "cgroup path"},  {"path", "namespaces."},
        {"rootfs", "root.path"},         {"--group-add", "process.user.groups"},
        {"--volume", "mounts["},         {"--tmpfs", "mounts["},
        {"--mount", "mounts["},          {"--network", "namespaces.net"},
        {"--network", "--net:"},         {"--network", "network."},
        {"--net", "network."},           {"--bridge", "network."},
        {"--dns-search", "dns_search["}, {"--dns-option", "dns_options["},
        {"--security-opt", "process."},  {"--sysctl", "sysctl: "},
        {"--lxc-conf", "lxc_config["},   {"--cgroup-parent", "cgroup_parent"},
    };

    if (strstr(message, p->last))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
        if (strcmp(p->last, aliases[i].last) == 0 && strstr(message, aliases[i].said))
            return true;
    return false;
}

static char *filled(const char *format)
{
    /* Every format is ours, with one %s at most. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return str_printf(format, ctx.include);
#pragma GCC diagnostic pop
}

/* What comes of the document with a harmless value, by BEFORE (or none) and BEHIND (or the other).
 */
struct harmless {
    struct view view;
    bool taken;
};

/* NULL: as it must be; else what is wrong with it. */
static const char *try_one(const struct place *p, const char *original, const struct hostile *h,
                           const struct harmless harmless[2], char **message)
{
    cleanup_free char *before = filled(h->before), *behind = filled(h->behind);
    cleanup_free char *value = str_printf("%s%s%s", before, original, behind);
    cleanup_err struct lxcdriver_error *err = NULL;
    const char *wrong = NULL;
    struct view got = {0};

    put(p, value);
    str_set(message, "");
    if (make(&got, &err) < 0) {
        str_set(message, err_message(err));
        if (!names_it(*message, p))
            wrong = "the error does not name the member";
        else if (strpbrk(*message, "\n\r"))
            wrong = "the error has more than one line";
    } else if (!harmless[0].taken && !harmless[1].taken) {
        wrong = "it is taken, a harmless value is not";
    } else if (!(harmless[0].taken && same(&harmless[0].view, &got, before, behind, false)) &&
               !(harmless[1].taken && same(&harmless[1].view, &got, before, behind, false))) {
        wrong = "it comes to something else";
        same(&harmless[harmless[0].taken ? 0 : 1].view, &got, before, behind, true);
    }
    restore(p, value, original);
    view_clear(&got);
    return wrong;
}

static void report(const struct place *p, const char *wrong)
{
    ctx.tests++;
    ctx.failed += wrong != NULL;
    printf("%s %u - %s: %s%s\n", wrong ? "not ok" : "ok", ctx.tests, ctx.kind, p->path,
           p->name ? " (its name)" : "");
}

static void make_harmless(const struct place *p, const char *original, const char *before,
                          const char *behind, struct harmless *out)
{
    cleanup_free char *value = str_printf("%s%s%s", before, original, behind);

    put(p, value);
    out->taken = make(&out->view, NULL) == 0;
    restore(p, value, original);
}

static void try_place(const struct place *p, const char *text)
{
    cleanup_free char *original = strdup(text), *message = NULL;
    struct harmless harmless[2][2] = {0};
    const char *wrong = NULL;

    for (int around = 0; around < 2; around++)
        for (int equals = 0; equals < 2; equals++)
            make_harmless(p, original, around ? BEFORE : "", equals ? BEHIND_EQUALS : BEHIND,
                          &harmless[around][equals]);
    for (size_t i = 0; i < ARRAY_SIZE(hostiles); i++) {
        const struct hostile *h = &hostiles[i];
        const char *now = try_one(p, original, h, harmless[*h->before != '\0'], &message);

        if (now)
            printf("# %s: hostile value %zu: %s: %s\n", p->path, i, now, message);
        wrong = now ? now : wrong;
    }
    report(p, wrong);
    for (int i = 0; i < 4; i++)
        view_clear(&harmless[i / 2][i % 2].view);
}

/* ---- all of them ---- */

/* Objects whose members an author names. */
static bool names_are_free(const char *last)
{
    static const char *const maps[] = {"annotations", "sysctl", "unified", "rdma", "netDevices"};

    for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
        if (strcmp(maps[i], last) == 0)
            return true;
    return false;
}

static void walk(json_t *value, const char *path, const char *last);

static void walk_object(json_t *object, const char *path, const char *last)
{
    cleanup_strv struct strv names = {0};
    const char *key;
    json_t *member;

    json_object_foreach(object, key, member) strv_add(&names, key);
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.items[i];
        cleanup_free char *inner = str_printf("%s%s%s", path, *path ? "." : "", name);
        bool is_free = names_are_free(last);
        const struct place p = {object, name, 0, false, inner, is_free ? last : name};
        const struct place itself = {object, name, 0, true, inner, last};

        member = json_object_get(object, name);
        if (is_free)
            try_place(&itself, name);
        if (json_is_string(member))
            try_place(&p, json_string_value(member));
        else
            walk(member, inner, name);
    }
}

static void walk(json_t *value, const char *path, const char *last)
{
    json_t *element;
    size_t i;

    if (json_is_object(value))
        walk_object(value, path, last);
    json_array_foreach(value, i, element)
    {
        cleanup_free char *inner = str_printf("%s[%zu]", path, i);
        const struct place p = {value, NULL, i, false, inner, last};

        if (json_is_string(element))
            try_place(&p, json_string_value(element));
        else
            walk(element, inner, last);
    }
}

/* Every option that takes a value has to be in the list, or a new one would go untried. */
static void walk_flags(json_t *flags)
{
    json_t *flag;
    size_t i;

    for (size_t g = 0; g < n_flag_groups; g++)
        for (size_t k = 0; k < flag_groups[g].n; k++) {
            cleanup_free char *name = str_printf("--%s", flag_groups[g].flags[k].name);
            bool found = !flag_groups[g].flags[k].arg;

            json_array_foreach(flags, i, flag) found |=
                strcmp(json_string_value(json_array_get(flag, 0)), name) == 0;
            if (!found)
                die("this option is not in the list", name);
        }
    /* One at a time: some exclude others. */
    json_array_foreach(flags, i, flag)
    {
        const char *name = json_string_value(json_array_get(flag, 0));
        const struct place p = {flag, NULL, 1, false, name, name};

        ctx.document = json_pack("[O]", flag);
        try_place(&p, json_string_value(json_array_get(flag, 1)));
        json_decref(ctx.document);
    }
}

int main(int argc, char **argv)
{
    struct lxc_log log = {
        .name = "injection", .level = "ERROR", .quiet = true, .prefix = "injection"};
    cleanup_err struct lxcdriver_error *err = NULL;
    struct view view = {0};
    json_error_t error;
    json_t *document;

    if (argc != 6)
        die("usage: injection oci|execdriver|flags FILE TEMPLATES SCRATCH INCLUDE", NULL);
    log.lxcpath = argv[4];
    log.file = "/dev/null";
    document = json_load_file(argv[2], 0, &error);
    if (!document || lxc_log_init(&log) != 0)
        die(argv[2], document ? "LXC cannot log" : error.text);
    ctx = (struct context){argv[1], argv[3], argv[4], argv[5], document, 0, 0};
    if (json_is_array(document)) {
        walk_flags(document);
    } else {
        if (make(&view, &err) < 0)
            die(argv[2], err_message(err));
        view_clear(&view);
        walk(document, "", "");
    }
    json_decref(document);
    printf("1..%u\n", ctx.tests);
    return ctx.failed > 0;
}
