/* Architectures and the numbers of their system calls: libseccomp's tables, and what they lack. */
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/seccomp_parts.h"

/* A name of libseccomp's that has no number of its own on an architecture: socketcall's first
 * argument is -PSEUDO - 100, ipc's is -PSEUDO - 200 (__PNR_* in seccomp.h). */
#define PSEUDO_SOCKETCALL (-100)
#define PSEUDO_IPC (-200)

/*
 * Calls that are younger than the oldest libseccomp that we are built with, 2.5.4 of Linux 5.17.
 * Since Linux 5.1 a new call has the same number everywhere, counted from where the architecture
 * begins: include/uapi/asm-generic/unistd.h, scripts/syscall.tbl.
 */
static const struct {
    const char *name;
    int32_t number;
} common[] = {
    {"cachestat", 451},         {"fchmodat2", 452},        {"map_shadow_stack", 453},
    {"futex_wake", 454},        {"futex_wait", 455},       {"futex_requeue", 456},
    {"statmount", 457},         {"listmount", 458},        {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},       {"listxattrat", 465},
    {"removexattrat", 466},     {"open_tree_attr", 467},   {"file_getattr", 468},
    {"file_setattr", 469},      {"listns", 470},           {"rseq_slice_yield", 471},
};

/* One whose number every libseccomp knows, to find where an architecture begins. */
#define KNOWN_NAME "pidfd_open"
#define KNOWN_NUMBER 434

/* Those of one architecture alone. */
static const struct {
    const char *name;
    int32_t number;
    uint32_t token;
} particular[] = {
    {"uretprobe", 335, SCMP_ARCH_X86_64},
    {"uprobe", 336, SCMP_ARCH_X86_64},
    {"riscv_hwprobe", 258, SCMP_ARCH_RISCV64},
};

/* The numbers among which an architecture has the calls that socketcall and ipc carry: 32-bit MIPS
 * from the beginning, the others since Linux 4.3 and 5.0. */
#define SCAN_FROM 300
#define SCAN_FROM_MIPS 160
#define SCAN_TO 420

void syscall_arch_init(struct syscall_arch *arch, uint32_t token)
{
    *arch = (struct syscall_arch){.token = token, .audit = token};
    arch->narrow = !(token & __AUDIT_ARCH_64BIT) || token == SCMP_ARCH_MIPS64N32 ||
                   token == SCMP_ARCH_MIPSEL64N32;
    if (token == SCMP_ARCH_X32)
        arch->audit = SCMP_ARCH_X86_64;
}

static int32_t begin_of(uint32_t token)
{
    return seccomp_syscall_resolve_name_arch(token, KNOWN_NAME) - KNOWN_NUMBER;
}

/* libseccomp's number, negative when it has none (or a pseudo number); or ours. *known becomes true
 * when the name is one, on whatever architecture. */
static int32_t number_of(uint32_t token, const char *name, bool *known)
{
    int32_t number = seccomp_syscall_resolve_name_arch(token, name);

    *known = true;
    if (number != __NR_SCMP_ERROR)
        return number;
    for (size_t i = 0; i < ARRAY_SIZE(common); i++)
        if (strcmp(name, common[i].name) == 0)
            return begin_of(token) + common[i].number;
    *known = false;
    for (size_t i = 0; i < ARRAY_SIZE(particular); i++) {
        if (strcmp(name, particular[i].name) != 0)
            continue;
        *known = true;
        if (particular[i].token == token)
            return particular[i].number;
    }
    return -1;
}

/* Which of the two carries a pseudo number's call: 0 socketcall, 1 ipc, -1 none; *call is its first
 * argument. */
static int carrier_of(int32_t pseudo, uint32_t *call)
{
    int32_t socket_call = PSEUDO_SOCKETCALL - pseudo, ipc_call = PSEUDO_IPC - pseudo;

    if (socket_call > 0 && socket_call < MUX_CALLS) {
        *call = (uint32_t)socket_call;
        return 0;
    }
    if (ipc_call > 0 && ipc_call < MUX_CALLS) {
        *call = (uint32_t)ipc_call;
        return 1;
    }
    return -1;
}

/* By name libseccomp gives the pseudo number only; the other way round it has the number too. */
static void scan(struct syscall_arch *arch)
{
    int32_t begin = begin_of(arch->token);

    arch->scanned = true;
    arch->socketcall = seccomp_syscall_resolve_name_arch(arch->token, "socketcall");
    arch->ipc = seccomp_syscall_resolve_name_arch(arch->token, "ipc");
    memset(arch->direct, -1, sizeof(arch->direct));
    for (int32_t i = begin > 0 ? SCAN_FROM_MIPS : SCAN_FROM; i < SCAN_TO; i++) {
        cleanup_free char *name = seccomp_syscall_resolve_num_arch(arch->token, begin + i);
        uint32_t call = 0;
        int carrier =
            name ? carrier_of(seccomp_syscall_resolve_name_arch(arch->token, name), &call) : -1;

        if (carrier >= 0)
            arch->direct[carrier][call] = begin + i;
    }
}

bool syscall_find(struct syscall_arch *arch, const char *name, struct syscall_place *out)
{
    bool known;
    int32_t number = number_of(arch->token, name, &known);
    uint32_t call = 0;
    int carrier = number < 0 ? carrier_of(number, &call) : -1;

    *out = (struct syscall_place){.number = number < 0 ? -1 : number, .mux = -1};
    if (carrier < 0)
        return known;
    if (!arch->scanned)
        scan(arch);
    out->number = arch->direct[carrier][call];
    out->mux = carrier == 0 ? arch->socketcall : arch->ipc;
    out->mux_call = (int32_t)call;
    if (out->mux < 0)
        out->mux = -1;
    return true;
}
