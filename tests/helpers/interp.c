/*
 * An image's dynamic loader that is the attacker's: the kernel executes it for whatever program
 * with an interpreter is executed in the container. It makes the file /loaded and ends. Without a C
 * library: in the place of a loader there is none yet.
 */
static long call(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

#define SYS_OPEN 2
#define SYS_EXIT 60
#define O_CREAT_WRONLY 0101

void _start(void);
void _start(void)
{
    call(SYS_OPEN, (long)"/loaded", O_CREAT_WRONLY, 0644);
    call(SYS_EXIT, 0, 0, 0);
}
