#include "seccomp_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
    uint32_t word;

    assert_true(offset % sizeof(word) == 0 && offset + sizeof(word) <= sizeof(*data));
    memcpy(&word, (const char *)data + offset, sizeof(word));
    return word;
}

static bool holds(uint16_t code, uint32_t a, uint32_t k)
{
    switch (code) {
    case BPF_JMP | BPF_JEQ | BPF_K:
        return a == k;
    case BPF_JMP | BPF_JGT | BPF_K:
        return a > k;
    case BPF_JMP | BPF_JGE | BPF_K:
        return a >= k;
    case BPF_JMP | BPF_JSET | BPF_K:
        return a & k;
    default:
        fail_msg("unexpected instruction 0x%x", code);
        return false;
    }
}

uint32_t rig_run(const struct sock_filter *insns, size_t n, const struct seccomp_data *data)
{
    uint32_t a = 0;

    for (size_t pc = 0; pc < n; pc++) {
        const struct sock_filter *insn = &insns[pc];

        if (insn->code == (BPF_RET | BPF_K))
            return insn->k;
        if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
            a = load(data, insn->k);
        else if (insn->code == (BPF_ALU | BPF_AND | BPF_K))
            a &= insn->k;
        else if (insn->code == (BPF_JMP | BPF_JA))
            pc += insn->k;
        else
            pc += holds(insn->code, a, insn->k) ? insn->jt : insn->jf;
    }
    fail_msg("the program ran past its end");
    return 0;
}

uint32_t rig_call(const struct seccomp_filter *filter, uint32_t arch, uint32_t number,
                  const uint64_t *args)
{
    struct seccomp_data data = {.nr = (int)number, .arch = arch};

    for (size_t i = 0; i < ARRAY_SIZE(data.args); i++)
        data.args[i] = args[i];
    return rig_run(filter->insns, filter->n, &data);
}

uint32_t rig_call1(const struct seccomp_filter *filter, uint32_t arch, uint32_t number,
                   uint64_t arg)
{
    return rig_call(filter, arch, number, (uint64_t[6]){arg});
}

static void add_words(struct strv *to, const char *words)
{
    cleanup_free char *copy = strdup(words);
    char *rest = copy;

    assert_non_null(copy);
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
        if (*word)
            assert_int_equal(strv_add(to, word), 0);
}

struct seccomp_rule *rig_rule(struct seccomp_spec *spec, const char *action, int64_t number,
                              const char *names)
{
    struct seccomp_rule *rule = ARRAY_GROW(&spec->rules, &spec->n_rules);

    assert_non_null(rule);
    rule->action = strdup(action);
    rule->has_errno = number >= 0;
    rule->errno_ret = number >= 0 ? (uint32_t)number : 0;
    add_words(&rule->names, names);
    return rule;
}

void rig_arg(struct seccomp_rule *rule, uint32_t index, const char *op, uint64_t value,
             uint64_t value_two)
{
    struct seccomp_arg *arg = ARRAY_GROW(&rule->args, &rule->n_args);

    assert_non_null(arg);
    *arg = (struct seccomp_arg){.index = index, .value = value, .value_two = value_two};
    arg->op = strdup(op);
}

void rig_begin(struct seccomp_spec *spec, const char *default_action, const char *architectures)
{
    *spec = (struct seccomp_spec){.set = true};
    spec->default_action = strdup(default_action);
    add_words(&spec->architectures, architectures);
}

void rig_compile(const struct seccomp_spec *spec, struct seccomp_filter *out)
{
    struct lxcdriver_error *err = NULL;

    if (seccomp_compile(spec, out, &err) < 0)
        fail_msg("seccomp_compile: %s", err_message(err));
}
