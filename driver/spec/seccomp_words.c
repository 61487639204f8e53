#include "spec/seccomp.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/words.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct {
    const char *word;
    uint32_t ret;
    bool has_data;
} actions[] = {
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG, false},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false},
};

static const struct {
    const char *word;
    enum seccomp_operator op;
} operators[] = {
    {"SCMP_CMP_NE", SECCOMP_NE},
    {"SCMP_CMP_LT", SECCOMP_LT},
    {"SCMP_CMP_LE", SECCOMP_LE},
    {"SCMP_CMP_EQ", SECCOMP_EQ},
    {"SCMP_CMP_GE", SECCOMP_GE},
    {"SCMP_CMP_GT", SECCOMP_GT},
    {"SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQ},
};

static const struct {
    const char *word;
    uint32_t bit;
} flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

/* Those of a machine; what is in a profile's archMap beside them (SCMP_ARCH_X32 and the like) is
 * looked up by libseccomp alone. The short names are Go's, but for the small ones of x86 and MIPS.
 */
static const struct {
    const char *word, *brief;
} machines[] = {
    {"SCMP_ARCH_X86_64", "amd64"},
    {"SCMP_ARCH_X86", "x86"},
    {"SCMP_ARCH_X32", "x32"},
    {"SCMP_ARCH_AARCH64", "arm64"},
    {"SCMP_ARCH_ARM", "arm"},
    {"SCMP_ARCH_RISCV64", "riscv64"},
    {"SCMP_ARCH_LOONGARCH64", "loong64"},
    {"SCMP_ARCH_S390X", "s390x"},
    {"SCMP_ARCH_S390", "s390"},
    {"SCMP_ARCH_PPC64LE", "ppc64le"},
    {"SCMP_ARCH_PPC64", "ppc64"},
    {"SCMP_ARCH_PPC", "ppc"},
    {"SCMP_ARCH_MIPS", "mips"},
    {"SCMP_ARCH_MIPSEL", "mipsel"},
    {"SCMP_ARCH_MIPS64", "mips64"},
    {"SCMP_ARCH_MIPSEL64", "mipsel64"},
    {"SCMP_ARCH_MIPS64N32", "mips64n32"},
    {"SCMP_ARCH_MIPSEL64N32", "mipsel64n32"},
};

int seccomp_action(const char *word, uint32_t data, uint32_t *ret, bool *has_data)
{
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (!str_eq(word, actions[i].word))
            continue;
        *has_data = actions[i].has_data;
        *ret = actions[i].ret | (actions[i].has_data ? data & SECCOMP_RET_DATA : 0);
        return 0;
    }
    return -1;
}

int seccomp_operator(const char *word, enum seccomp_operator *op)
{
    for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
        if (!str_eq(word, operators[i].word))
            continue;
        *op = operators[i].op;
        return 0;
    }
    return -1;
}

uint32_t seccomp_flag(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (str_eq(word, flags[i].word))
            return flags[i].bit;
    return 0;
}

const char *seccomp_flag_name(uint32_t bit)
{
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (bit == flags[i].bit)
            return flags[i].word;
    return NULL;
}

/* libseccomp's own names are the words' ends in small letters: "x86_64". */
uint32_t seccomp_arch_token(const char *word)
{
    const char prefix[] = "SCMP_ARCH_";
    char name[32];
    size_t len;

    if (!word || !str_starts(word, prefix))
        return 0;
    word += strlen(prefix);
    len = strlen(word);
    if (len == 0 || len >= sizeof(name))
        return 0;
    for (size_t i = 0; i <= len; i++) {
        if (word[i] >= 'a' && word[i] <= 'z')
            return 0;
        name[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] - 'A' + 'a' : word[i]);
    }
    /* "native" is libseccomp's own word for none in particular. */
    return strcmp(name, "native") == 0 ? seccomp_arch_native() : seccomp_arch_resolve_name(name);
}

const char *seccomp_arch_here(void)
{
    uint32_t native = seccomp_arch_native();

    for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
        if (seccomp_arch_token(machines[i].word) == native)
            return machines[i].word;
    return "SCMP_ARCH_NATIVE";
}

const char *seccomp_arch_short(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
        if (str_eq(word, machines[i].word))
            return machines[i].brief;
    return NULL;
}

const char *seccomp_action_word(size_t i)
{
    return i < ARRAY_SIZE(actions) ? actions[i].word : NULL;
}

const char *seccomp_operator_word(size_t i)
{
    return i < ARRAY_SIZE(operators) ? operators[i].word : NULL;
}

const char *seccomp_arch_word(size_t i)
{
    return i < ARRAY_SIZE(machines) ? machines[i].word : NULL;
}

const char *seccomp_flag_word(size_t i)
{
    return i < ARRAY_SIZE(flags) ? flags[i].word : NULL;
}
