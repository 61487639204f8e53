/* AppArmor of this host: aa_is_enabled(2), aa_getcon(2), apparmorfs. On a host without it every
 * question costs one failed open. */
#ifndef RUNLXC_APPARMOR_H
#define RUNLXC_APPARMOR_H

#include <stdbool.h>

#include "base/err.h"

/* Whether the kernel has AppArmor, it is switched on, and its files are there. */
bool apparmor_enabled(void);

/*
 * Check that `name` can be given to a container's processes: "unconfined", a loaded profile, or a
 * stack of them ("a//&b"). A profile that is not loaded, a list that cannot be read and a host
 * without AppArmor (unless the name is "unconfined") are errors that name the profile. 0 or -1.
 */
int apparmor_profile_loaded(const char *name, struct lxcdriver_error **err);

/* Whether a text in the form of apparmorfs's "profiles" ("NAME (MODE)" a line) has the profile. */
bool apparmor_text_has_profile(const char *profiles, const char *name);

/* The label that we run under ("unconfined", "lxc-container-default"), on the heap; NULL in *label
 * where the kernel has no AppArmor. In a container that cannot see AppArmor's files there is one
 * all the same. 0 or -1. */
int apparmor_current(char **label, struct lxcdriver_error **err);

/* Whether we may load profiles: root of the host may, and root of a user namespace whose container
 * has a policy namespace of its own (security/apparmor/policy.c, aa_policy_admin_capable()). */
bool apparmor_may_load(bool user_namespace);

/* Make a policy namespace below our own; one that is there is taken as it is. 0 or -1. */
int apparmor_namespace_make(const char *name, struct lxcdriver_error **err);

/* Remove a profile, and the policy namespace of the same name with all that it holds. What is
 * missing is no error. 0 or -1. */
int apparmor_profile_remove(const char *name, struct lxcdriver_error **err);

/* Leave our own profile for good, if it lets us. For a signal that only an unconfined process may
 * send: the label of the sender is what the receiver's profile goes by. False without AppArmor. */
bool apparmor_leave(void);

#endif
