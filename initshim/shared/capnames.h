/* The names of capabilities: capabilities(7), linux/capability.h. */
#ifndef RUNLXC_CAPNAMES_H
#define RUNLXC_CAPNAMES_H

#define CAP_LAST_KNOWN 40

/* The name of a capability by its number, "CAP_CHOWN"; NULL for a number without one. Static. */
const char *capname(unsigned cap);

#endif
