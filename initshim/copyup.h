/* The "tmpcopyup" of a tmpfs: what its mount covers is copied into it. */
#ifndef INITSHIM_COPYUP_H
#define INITSHIM_COPYUP_H

/*
 * Copy the directory `covered` into `top`, the root of a tmpfs that is going to be mounted on it;
 * both may be O_PATH. Directories, files, links, devices and FIFOs keep owner, mode and times;
 * sockets are left out, hard links become files of their own. 0, or -1 with errno: ELOOP when
 * directories are nested too deep.
 */
int copyup(int covered, int top);

#endif
