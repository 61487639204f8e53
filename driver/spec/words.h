/*
 * The words of the OCI runtime specification that a runtime has to name to others (features.md,
 * config-linux.md), each list out of the table by which it is read.
 */
#ifndef RUNLXC_SPEC_WORDS_H
#define RUNLXC_SPEC_WORDS_H

#include <jansson.h>

#include "spec/command.h"

/* The lowest and the highest ociVersion that is read. */
#define OCI_VERSION_MIN "1.0.0"
#define OCI_VERSION_MAX "1.3.0"

/* "network" of linux.namespaces[].type. */
const char *ns_type_word(enum ns_kind kind);
/* The number of such a word, or -1. */
int ns_type_from_word(const char *word);
/* "createRuntime": a member of hooks. */
const char *hook_point_word(enum hook_point point);

/* The i-th word of each table; NULL behind the last one. */
const char *mountopt_word(size_t i);
const char *seccomp_action_word(size_t i);
const char *seccomp_operator_word(size_t i);
const char *seccomp_arch_word(size_t i);
const char *seccomp_flag_word(size_t i);
const char *memory_policy_mode_word(size_t i);
const char *memory_policy_flag_word(size_t i);

/*
 * The "Features structure" (features.md, features-linux.md): what this program was built to read
 * and do, whatever this host can. `version` is the program's. A new reference; NULL when memory ran
 * out.
 */
json_t *features_object(const char *version);

#endif
