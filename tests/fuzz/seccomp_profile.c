/*
 * A seccomp profile in Docker's form, read for a machine and, when that is quick, compiled. The
 * input: two bytes that say which machine and capabilities, then the profile.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "run/seccomp_filter.h"
#include "spec/readers.h"

#define RULES_MAX 4  /* libseccomp takes its time for more */
#define NAMES_MAX 16 /* in all of them */

static bool is_small(const struct seccomp_spec *spec)
{
    size_t names = 0;

    for (size_t i = 0; i < spec->n_rules; i++)
        names += spec->rules[i].names.n;
    return spec->n_rules <= RULES_MAX && names <= NAMES_MAX && spec->architectures.n <= 3;
}

static void compile(const struct seccomp_spec *spec)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct seccomp_filter filter = {0};

    if (seccomp_compile(spec, &filter, &err) < 0)
        fuzz_refused(err);
    else
        FUZZ_CHECK(filter.n > 0 && filter.n <= BPF_MAXINSNS);
    seccomp_filter_clear(&filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const arches[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64",
                                         "SCMP_ARCH_S390X"};
    struct fuzz_input in = {data, size};
    unsigned int machine = fuzz_byte(&in), caps = fuzz_byte(&in);
    cleanup_free char *text = fuzz_copy(in.at, in.left);
    const struct seccomp_host host = {.arch = arches[machine % ARRAY_SIZE(arches)],
                                      .caps = caps & 1 ? CAP_MASK_ALL : caps_default(),
                                      .kernel_major = 4 + caps % 3,
                                      .kernel_minor = machine % 20};
    cleanup_err struct lxcdriver_error *err = NULL;
    struct seccomp_spec spec = {0};

    if (seccomp_profile_read(text, in.left, &host, &spec, &err) < 0)
        fuzz_refused(err);
    else if (is_small(&spec))
        compile(&spec);
    seccomp_spec_clear(&spec);
    return 0;
}
