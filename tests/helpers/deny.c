/* A host that lacks system calls: "deny ERRNO NAME[,NAME...] COMMAND [ARGUMENT...]" executes the
 * command behind a filter that answers them with the number. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    char *save = NULL;

    if (argc < 4 || !filter)
        return 126;
    for (char *name = strtok_r(argv[2], ",", &save); name; name = strtok_r(NULL, ",", &save))
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)strtoul(argv[1], NULL, 10)),
                             seccomp_syscall_resolve_name(name), 0) < 0) {
            fprintf(stderr, "deny: %s?\n", name);
            return 126;
        }
    if (seccomp_load(filter) < 0)
        return 126;
    execvp(argv[3], argv + 3);
    return 127;
}
