#include "spec/flags.h"

#include <string.h>

/* Where an option's explanation begins; a longer list of options pushes it to the right. */
#define TEXT_COLUMN 72

static void put_flag(struct buf *line, const struct flag *flag)
{
    if (flag->short_name)
        buf_printf(line, "-%c ", flag->short_name);
    buf_printf(line, "--%s", flag->name);
    if (flag->arg)
        buf_printf(line, " %s", flag->arg);
}

static void put_group(struct buf *out, const struct flag_group *group)
{
    const char *title = group->title;
    struct buf line = {0};

    for (size_t i = 0; i < group->n; i++) {
        const struct flag *flag = &group->flags[i];

        if (!line.len)
            buf_printf(&line, "%-10s", title);
        else
            buf_puts(&line, ", ");
        put_flag(&line, flag);
        if (!flag->help)
            continue;
        do
            buf_putc(&line, ' ');
        while (!line.failed && line.len < TEXT_COLUMN);
        buf_printf(out, "%s%s\n", line.failed ? "" : line.data, flag->help);
        out->failed |= line.failed;
        line.len = 0;
        title = "";
    }
    buf_free(&line);
}

void flags_help(struct buf *out)
{
    buf_puts(out,
             "Usage: lxc-launch [OPTIONS] IMAGE [COMMAND [ARG...]]\n"
             "IMAGE: DIR, @busybox, @host, oci:DIR[:REF], docker-archive:FILE, docker://REF\n");
    for (size_t g = 0; g < n_flag_groups; g++)
        put_group(out, &flag_groups[g]);
}
