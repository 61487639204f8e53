/* The shim's side of the dialogue in base/protocol.h. */
#ifndef INITSHIM_HANDSHAKE_H
#define INITSHIM_HANDSHAKE_H

#include "shim.h"

/* Take SHIM_BOOTSTRAP: decode the file, put stdio and preserved descriptors into place, keep the
 * pidfd (exec mode). */
int handshake_receive(struct shim *s);

/* Hook mode: say SHIM_HOOKS and wait for SHIM_HOOKS_GO with the bootstrap; say SHIM_HOOKS_DONE. */
int handshake_hooks(struct shim *s);
int handshake_hooks_done(struct shim *s);

/* Say SHIM_READY; the kernel adds our credentials. */
int handshake_ready(struct shim *s);

/* Wait for SHIM_START. When the other side has gone there is nobody to run for, nor to tell: the
 * process ends. */
int handshake_wait(struct shim *s);

#endif
