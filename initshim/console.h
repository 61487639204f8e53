/* The terminal: a pty of the container's own devpts, whose master goes to the supervisor and whose
 * slave is stdio and /dev/console. */
#ifndef INITSHIM_CONSOLE_H
#define INITSHIM_CONSOLE_H

#include "shim.h"

/*
 * With WF_TERMINAL: open the pty, give it its size and owner, bind it on /dev/console (a start
 * only), send the master, and make the slave 0, 1 and 2.
 */
int console_open(struct shim *s);

/* A session of our own; with WF_TERMINAL, descriptor 0 becomes its controlling terminal. */
int session_start(struct shim *s);

#endif
