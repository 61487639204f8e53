/* Instructions of classic BPF (Documentation/networking/filter.rst), as seccomp(2) allows them. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "config/seccomp_parts.h"

/* A jump's distance is one byte. In the code of one way, which is far shorter, these two stand for
 * places that are not known yet: the next way, and the end of the test. */
#define JUMP_MAX 255
#define TO_NEXT_WAY 254
#define TO_TEST_END 253

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define JUMP_EQ (BPF_JMP | BPF_JEQ | BPF_K)
#define JUMP_GT (BPF_JMP | BPF_JGT | BPF_K)
#define JUMP_GE (BPF_JMP | BPF_JGE | BPF_K)
#define JUMP (BPF_JMP | BPF_JA)
#define AND (BPF_ALU | BPF_AND | BPF_K)
#define RETURN (BPF_RET | BPF_K)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF 0
#else
#define LOW_HALF 4
#endif
#define HIGH_HALF (4 - LOW_HALF)

/* Make room for one at `at`, which becomes zero. false when out of memory. */
static bool open_gap(struct bpf_program *prog, size_t at)
{
    if (prog->n == prog->cap && !prog->failed) {
        size_t cap = prog->cap ? prog->cap * 2 : 512;
        struct sock_filter *grown = reallocarray(prog->insns, cap, sizeof(*grown));

        prog->failed = !grown;
        if (grown) {
            prog->insns = grown;
            prog->cap = cap;
        }
    }
    if (prog->failed)
        return false;
    memmove(prog->insns + at + 1, prog->insns + at, (prog->n - at) * sizeof(*prog->insns));
    prog->insns[at] = (struct sock_filter){0};
    prog->n++;
    return true;
}

void bpf_put(struct bpf_program *prog, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    if (open_gap(prog, prog->n))
        prog->insns[prog->n - 1] = (struct sock_filter){code, jt, jf, k};
}

/*
 * Let the conditional jump at `at` skip all that was put behind it: `taken` when its condition
 * holds, else when it does not. Code moves as a whole when the distance needs a jump of its own,
 * for no jump leads out of a part that is complete.
 */
static void skip_to_end(struct bpf_program *prog, size_t at, bool taken)
{
    size_t distance = prog->n - at - 1;

    if (prog->failed)
        return;
    if (distance > JUMP_MAX) {
        if (!open_gap(prog, at + 1))
            return;
        prog->insns[at + 1] = (struct sock_filter){JUMP, 0, 0, (uint32_t)distance};
        distance = 1;
        taken = !taken;
    }
    if (taken)
        prog->insns[at].jt = (uint8_t)distance;
    else
        prog->insns[at].jf = (uint8_t)distance;
}

/* ---- one way ---- */

/* Point the jumps from `from` on that hold `mark` at the end of what is there. */
static void resolve(struct bpf_program *prog, size_t from, uint8_t mark)
{
    for (size_t i = from; i < prog->n; i++) {
        struct sock_filter *insn = &prog->insns[i];

        if (BPF_CLASS(insn->code) != BPF_JMP)
            continue;
        if (insn->jt == mark)
            insn->jt = (uint8_t)(prog->n - i - 1);
        if (insn->jf == mark)
            insn->jf = (uint8_t)(prog->n - i - 1);
    }
}

static void load_half(struct bpf_program *prog, uint32_t index, uint32_t half)
{
    uint32_t args = (uint32_t)offsetof(struct seccomp_data, args);

    bpf_put(prog, LOAD, args + index * (uint32_t)sizeof(uint64_t) + half, 0, 0);
}

/* What the high halves settle; when they leave it open, the low ones follow. */
static void test_high(struct bpf_program *prog, enum seccomp_operator op,
                      const struct seccomp_arg *arg)
{
    uint32_t value = (uint32_t)(arg->value >> 32), masked = (uint32_t)(arg->value_two >> 32);

    if (op == SECCOMP_MASKED_EQ && value == 0 && masked == 0)
        return;
    load_half(prog, arg->index, HIGH_HALF);
    switch (op) {
    case SECCOMP_EQ:
        bpf_put(prog, JUMP_EQ, value, 0, TO_NEXT_WAY);
        break;
    case SECCOMP_NE:
        bpf_put(prog, JUMP_EQ, value, 0, TO_TEST_END);
        break;
    case SECCOMP_GT:
    case SECCOMP_GE:
        bpf_put(prog, JUMP_GT, value, TO_TEST_END, 0);
        bpf_put(prog, JUMP_EQ, value, 0, TO_NEXT_WAY);
        break;
    case SECCOMP_LT:
    case SECCOMP_LE:
        bpf_put(prog, JUMP_GT, value, TO_NEXT_WAY, 0);
        bpf_put(prog, JUMP_EQ, value, 0, TO_TEST_END);
        break;
    case SECCOMP_MASKED_EQ:
        bpf_put(prog, AND, value, 0, 0);
        bpf_put(prog, JUMP_EQ, masked, 0, TO_NEXT_WAY);
        break;
    }
}

static void test_low(struct bpf_program *prog, enum seccomp_operator op,
                     const struct seccomp_arg *arg)
{
    uint32_t value = (uint32_t)arg->value;

    load_half(prog, arg->index, LOW_HALF);
    switch (op) {
    case SECCOMP_EQ:
        bpf_put(prog, JUMP_EQ, value, 0, TO_NEXT_WAY);
        break;
    case SECCOMP_NE:
        bpf_put(prog, JUMP_EQ, value, TO_NEXT_WAY, 0);
        break;
    case SECCOMP_GT:
        bpf_put(prog, JUMP_GT, value, 0, TO_NEXT_WAY);
        break;
    case SECCOMP_GE:
        bpf_put(prog, JUMP_GE, value, 0, TO_NEXT_WAY);
        break;
    case SECCOMP_LT:
        bpf_put(prog, JUMP_GE, value, TO_NEXT_WAY, 0);
        break;
    case SECCOMP_LE:
        bpf_put(prog, JUMP_GT, value, TO_NEXT_WAY, 0);
        break;
    case SECCOMP_MASKED_EQ:
        bpf_put(prog, AND, value, 0, 0);
        bpf_put(prog, JUMP_EQ, (uint32_t)arg->value_two, 0, TO_NEXT_WAY);
        break;
    }
}

/*
 * On an architecture of 32 bits only the low halves are compared, as libseccomp does: what a
 * 64-bit program puts in the high ones before it enters by int $0x80 is seen here, but not by the
 * system call.
 */
static void put_way(struct bpf_program *prog, const struct seccomp_way *way, bool narrow)
{
    size_t from = prog->n;

    if (way->mux_call >= 0) {
        struct seccomp_arg call = {.value = (uint32_t)way->mux_call};

        test_low(prog, SECCOMP_EQ, &call);
    }
    for (size_t i = 0; i < way->n_args; i++) {
        size_t test = prog->n;
        enum seccomp_operator op = SECCOMP_EQ;

        seccomp_operator(way->args[i].op, &op);
        if (!narrow)
            test_high(prog, op, &way->args[i]);
        test_low(prog, op, &way->args[i]);
        resolve(prog, test, TO_TEST_END);
    }
    bpf_put(prog, RETURN, way->ret, 0, 0);
    resolve(prog, from, TO_NEXT_WAY);
}

/* ---- by number ---- */

static void put_segment(struct bpf_program *prog, const struct seccomp_segment *segment)
{
    for (size_t i = 0; i < segment->n; i++)
        put_way(prog, &segment->ways[i], segment->narrow);
    bpf_put(prog, RETURN, segment->ret, 0, 0);
}

/* A balanced tree; its depth is that of the number of segments, some 250: eight. */
static void put_tree(struct bpf_program *prog, const struct seccomp_segment *segments, size_t n)
{
    size_t half = n / 2, at = prog->n;

    if (n == 1) {
        put_segment(prog, segments);
        return;
    }
    bpf_put(prog, JUMP_GE, segments[half].start, 0, 0);
    put_tree(prog, segments, half);
    skip_to_end(prog, at, true);
    put_tree(prog, segments + half, n - half);
}

void bpf_put_arch(struct bpf_program *prog, uint32_t audit, const struct seccomp_segment *segments,
                  size_t n)
{
    size_t at = prog->n;

    bpf_put(prog, JUMP_EQ, audit, 0, 0);
    bpf_put(prog, LOAD, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
    put_tree(prog, segments, n);
    skip_to_end(prog, at, false);
}
