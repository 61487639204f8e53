/* For the tests of filters: an interpreter of their programs, and specifications made by hand. */
#ifndef SECCOMP_RIG_H
#define SECCOMP_RIG_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "run/seccomp_filter.h"
#include "spec/command.h"

/* What the program returns for the call. A jump out of the program, an instruction that filters do
 * not use and a load from beside the data fail the test. */
uint32_t rig_run(const struct sock_filter *insns, size_t n, const struct seccomp_data *data);

/* The same by the parts of a call; `args` of six. */
uint32_t rig_call(const struct seccomp_filter *filter, uint32_t arch, uint32_t number,
                  const uint64_t *args);
/* With the first argument given and the others 0. */
uint32_t rig_call1(const struct seccomp_filter *filter, uint32_t arch, uint32_t number,
                   uint64_t arg);

/* Add a rule; names are separated by blanks; number -1: none. */
struct seccomp_rule *rig_rule(struct seccomp_spec *spec, const char *action, int64_t number,
                              const char *names);
void rig_arg(struct seccomp_rule *rule, uint32_t index, const char *op, uint64_t value,
             uint64_t value_two);
void rig_begin(struct seccomp_spec *spec, const char *default_action, const char *architectures);
void rig_compile(const struct seccomp_spec *spec, struct seccomp_filter *out);

#endif
