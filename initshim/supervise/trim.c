/*
 * What the start needed, and the kernel mapped around it, is not needed while the container runs:
 * poll(2) and little else are. The pages of code and constants are dropped from this process; those
 * that are still used come back from the page cache by themselves.
 */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "supervise/supervisor.h"

/* The program's own ELF header, by the linker: a static program has no PT_PHDR to find its place
 * by. */
extern const ElfW(Ehdr) __ehdr_start;

void sup_trim(void)
{
    const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
    size_t n = getauxval(AT_PHNUM);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t base = __ehdr_start.e_type == ET_DYN ? (uintptr_t)&__ehdr_start : 0;

    for (size_t i = 0; i < n; i++) {
        uintptr_t from = (base + headers[i].p_vaddr) & ~(page - 1);
        uintptr_t to = base + headers[i].p_vaddr + headers[i].p_memsz;

        /* Never what was written to: that exists nowhere else. */
        if (headers[i].p_type == PT_LOAD && !(headers[i].p_flags & PF_W)) {
            /* No reading ahead when they come back: one page at a time. */
            madvise((void *)from, to - from, MADV_RANDOM);
            madvise((void *)from, to - from, MADV_DONTNEED);
        }
    }
}
