/* Where in a program a system call comes from, for fault.c. x86-64 only. */
#ifndef RUNLXC_TEST_PLACE_H
#define RUNLXC_TEST_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether an address of a stopped process is code of the dynamic loader's, which ends the program
 * for an error as it likes. */
bool place_in_loader(pid_t pid, uint64_t address);

/*
 * The innermost return addresses on the stack of a stopped process, as one number, which is the
 * same in each of its runs. Without the compiler's tables words that a finished call has left on
 * the stack count too: they make two places of one, now and then.
 */
uint64_t place_of(pid_t pid, uint64_t stack_pointer);

#endif
