/* What a program is started with. */
#ifndef RUNLXC_SIGNALS_H
#define RUNLXC_SIGNALS_H

/* Default dispositions, nothing blocked. Async-signal-safe. */
void signals_reset(void);

#endif
