/* Putting a plan into a TOML document, and taking it out. */
#include "runlxc/install_toml.h"

#include <string.h>

#include "base/cleanup.h"
#include "runlxc/install_blocks.h"

#define OTHER_LABEL "runc" /* no name of ours: --name refuses it */

static void editor_clear(struct toml_editor *e)
{
    buf_free(&e->text);
    toml_clear(&e->doc);
    install_plan_clear(&e->plan);
}
#define cleanup_editor __attribute__((cleanup(editor_clear)))

void install_plan_clear(struct install_plan *plan)
{
    for (size_t i = 0; i < PLAN_TABLES_MAX; i++)
        free(plan->runtime[i].lines);
    free(plan->other.lines);
    free(plan->warning);
    *plan = (struct install_plan){0};
}

static struct toml_node *find_default(const struct toml_editor *e)
{
    const struct toml_node *table = toml_find(&e->doc, e->plan.table);

    return table ? toml_child(table, e->plan.key) : NULL;
}

/* ---- putting it in ---- */

/* A runtime that is there already has to be the one that is wanted. */
static int check_entry(const struct toml_editor *e, const struct toml_node *entry,
                       struct lxcdriver_error **err)
{
    const struct toml_node *program = toml_find(&e->doc, e->plan.program);

    if (program && program->kind == TOML_ARRAY && program->n_children == 1)
        program = program->child;
    if (program && str_eq(program->string, e->wish->path))
        return 0;
    return editor_refuse(e, entry->line, err,
                         "there is a runtime \"%s\" already, with %s%s: remove it first "
                         "(--remove), or choose another --name",
                         e->wish->name,
                         program && program->string ? "the program " : "another program",
                         program && program->string ? program->string : "");
}

static bool has_other(const struct toml_editor *e)
{
    const struct toml_node *runtimes = toml_find(&e->doc, e->plan.runtimes);

    return runtimes && runtimes->child;
}

static int add_runtime(struct toml_editor *e, struct lxcdriver_error **err)
{
    const char *head = e->doc.root.child ? NULL : e->plan.head;
    size_t n = 0;

    if (block_check_none(e, e->wish->name, err) < 0)
        return -1;
    if (e->plan.other.lines && !has_other(e)) {
        if (block_check_none(e, OTHER_LABEL, err) < 0 ||
            block_put(e, OTHER_LABEL, head, &e->plan.other, 1, err) < 0)
            return -1;
        head = NULL;
    }
    while (n < PLAN_TABLES_MAX && e->plan.runtime[n].lines)
        n++;
    if (block_put(e, e->wish->name, head, e->plan.runtime, n, err) < 0)
        return -1;
    e->edit->of_runtime = true;
    return 0;
}

static int make_default(struct toml_editor *e, struct lxcdriver_error **err)
{
    cleanup_free char *label = str_printf("%s default", e->wish->name);
    cleanup_free char *value = toml_quote(e->wish->name), *line = NULL;
    const struct toml_node *there = find_default(e);
    struct plan_table table = {0};

    line = value ? str_printf("%s = %s\n", e->plan.key, value) : NULL;
    if (!label || !line)
        return err_nomem(err);
    if (there && str_eq(there->string, e->wish->name))
        return 0;
    e->edit->of_default = true;
    if (!there) {
        memcpy(table.path, e->plan.table, sizeof(table.path));
        table.lines = line;
        return block_put(e, label, NULL, &table, 1, err);
    }
    if (there->kind != TOML_STRING || !there->string)
        return editor_refuse(e, there->line, err, "\"%s\" is not a string", e->plan.key);
    if (str_set(&e->edit->former, there->string) < 0)
        return err_nomem(err);
    /* One from before, after which somebody has chosen another by hand. */
    if (line_restore(e, NULL, err) < 0)
        return -1;
    return line_change(e, find_default(e), e->wish->name, err);
}

static int add(struct toml_editor *e, struct lxcdriver_error **err)
{
    const struct toml_node *entry = toml_find(&e->doc, e->plan.entry);

    if (entry ? check_entry(e, entry, err) < 0 : add_runtime(e, err) < 0)
        return -1;
    return e->wish->make_default ? make_default(e, err) : 0;
}

/* ---- taking it out ---- */

static int restore_default(struct toml_editor *e, struct lxcdriver_error **err)
{
    cleanup_free char *label = str_printf("%s default", e->wish->name);
    const struct toml_node *there = find_default(e);
    bool ours = there && str_eq(there->string, e->wish->name);
    int restored, cut;

    if (!label)
        return err_nomem(err);
    restored = line_restore(e, ours ? there : NULL, err);
    cut = restored < 0 ? -1 : block_cut(e, label, err);
    if (cut < 0)
        return -1;
    there = find_default(e);
    if (there && str_eq(there->string, e->wish->name))
        return editor_refuse(e, there->line, err,
                             "the default runtime is \"%s\", but not by `runlxc install`: choose "
                             "another one first",
                             e->wish->name);
    e->edit->of_default = restored || cut;
    if (e->edit->of_default && there && there->string &&
        str_set(&e->edit->former, there->string) < 0)
        return err_nomem(err);
    return 0;
}

/* What was said of the other runtime only because there was none goes with the last of ours. */
static int remove_other(struct toml_editor *e, struct lxcdriver_error **err)
{
    const struct toml_node *runtimes = toml_find(&e->doc, e->plan.runtimes);

    if (!runtimes || runtimes->n_children != 1)
        return 0;
    return block_cut(e, OTHER_LABEL, err) < 0 ? -1 : 0;
}

static int take_out(struct toml_editor *e, struct lxcdriver_error **err)
{
    const struct toml_node *entry;
    int cut;

    if (line_check_kept(e, e->wish->name, err) < 0 || restore_default(e, err) < 0)
        return -1;
    cut = block_cut(e, e->wish->name, err);
    if (cut < 0)
        return -1;
    e->edit->of_runtime = cut;
    entry = toml_find(&e->doc, e->plan.entry);
    if (entry)
        return editor_refuse(e, entry->line, err,
                             "the runtime \"%s\" was not put there by `runlxc install`, or not all "
                             "of it: remove it by hand",
                             e->wish->name);
    if (e->plan.other.lines && remove_other(e, err) < 0)
        return -1;
    if (e->made && e->text.data && !e->text.data[strspn(e->text.data, " \t\r\n")])
        buf_free(&e->text);
    return 0;
}

/* ---- the whole ---- */

int install_toml(install_planner *planner, const struct install_wish *wish, const char *file,
                 const char *text, size_t len, struct install_edit *edit,
                 struct lxcdriver_error **err)
{
    cleanup_editor struct toml_editor e = {.wish = wish, .file = file, .edit = edit};

    *edit = (struct install_edit){0};
    buf_append(&e.text, text ? text : "", len);
    e.made = !text && !wish->remove;
    if (editor_reread(&e, err) < 0 || planner(wish, file, e.text.data, &e.doc, &e.plan, err) < 0 ||
        (wish->remove ? take_out(&e, err) < 0 : add(&e, err) < 0))
        return -1;
    edit->changed = edit->of_runtime || edit->of_default;
    edit->warning = steal_ptr(&e.plan.warning);
    if (!text && wish->remove)
        return 0;
    edit->len = e.text.len;
    if (e.text.data) {
        edit->text = buf_take(&e.text);
        if (!edit->text)
            return err_nomem(err);
    }
    return 0;
}
