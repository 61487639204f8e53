/*
 * Numbers of system calls that libseccomp learnt after 2.5.4, or not yet (Debian 12's knows them up
 * to 456), out of the tables of the kernel's sources: without them the calls would be refused
 * whatever a profile says of them, and let through where it names what it refuses.
 */
#include <seccomp.h>

#include "base/cleanup.h"
#include "run/seccomp_filter.h"

#define EVERYWHERE 0

static const struct {
    const char *name;
    int number;
    uint32_t token; /* of the only architecture that has it, or EVERYWHERE */
} late[] = {
    {"riscv_hwprobe", 258, SCMP_ARCH_RISCV64},
    {"uretprobe", 335, SCMP_ARCH_X86_64},
    {"uprobe", 336, SCMP_ARCH_X86_64},
    {"cachestat", 451, EVERYWHERE},
    {"fchmodat2", 452, EVERYWHERE},
    {"map_shadow_stack", 453, EVERYWHERE},
    {"futex_wake", 454, EVERYWHERE},
    {"futex_wait", 455, EVERYWHERE},
    {"futex_requeue", 456, EVERYWHERE},
    {"statmount", 457, EVERYWHERE},
    {"listmount", 458, EVERYWHERE},
    {"lsm_get_self_attr", 459, EVERYWHERE},
    {"lsm_set_self_attr", 460, EVERYWHERE},
    {"lsm_list_modules", 461, EVERYWHERE},
    {"mseal", 462, EVERYWHERE},
    {"setxattrat", 463, EVERYWHERE},
    {"getxattrat", 464, EVERYWHERE},
    {"listxattrat", 465, EVERYWHERE},
    {"removexattrat", 466, EVERYWHERE},
    {"open_tree_attr", 467, EVERYWHERE},
    {"file_getattr", 468, EVERYWHERE},
    {"file_setattr", 469, EVERYWHERE},
    {"listns", 470, EVERYWHERE},
    {"rseq_slice_yield", 471, EVERYWHERE},
};

_Static_assert(ARRAY_SIZE(late) <= SECCOMP_LATE_MAX, "late calls");

/* Where an architecture's numbers begin. */
static const struct {
    uint32_t token;
    int first;
} bases[] = {
    {SCMP_ARCH_X32, 0x40000000},   {SCMP_ARCH_MIPS, 4000},     {SCMP_ARCH_MIPSEL, 4000},
    {SCMP_ARCH_MIPS64, 5000},      {SCMP_ARCH_MIPSEL64, 5000}, {SCMP_ARCH_MIPS64N32, 6000},
    {SCMP_ARCH_MIPSEL64N32, 6000},
};

static int base_of(uint32_t token)
{
    for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
        if (bases[i].token == token)
            return bases[i].first;
    return 0;
}

/* Index in late[], or its size. */
static size_t find(const char *name)
{
    size_t i = 0;

    while (i < ARRAY_SIZE(late) && !str_eq(late[i].name, name))
        i++;
    return i;
}

bool seccomp_is_late(const char *name)
{
    return seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR && find(name) < ARRAY_SIZE(late);
}

int64_t seccomp_late_number(const char *name, uint32_t token)
{
    size_t i = find(name);

    if (i == ARRAY_SIZE(late) || (late[i].token != EVERYWHERE && late[i].token != token))
        return -1;
    return base_of(token) + late[i].number;
}

int64_t seccomp_number(const char *name, uint32_t token)
{
    int number = seccomp_syscall_resolve_name_arch(token, name);

    return number == __NR_SCMP_ERROR ? seccomp_late_number(name, token) : number;
}
