/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in v3-timers.dat: without a C library, so that the checkpoint is small. It has a memfd, open and mapped
 * twice, and two POSIX timers, and waits in nanosleep for an hour.
 *
 *   gcc -O1 -static -nostdlib -fno-stack-protector -Wl,-z,noseparate-code -Wl,--build-id=none -o sleeper v3-timers.c
 *   ./sleeper & ckpt --pid $! -o v3-timers.dat
 *
 * In the stored file the name of the kernel's build folder, which the vdso contains, is blanked.
 */
#define PAGE 4096

static const char note[] = "a page that is written before the capture";
static volatile char written[PAGE] __attribute__((aligned(PAGE)));

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static void put(volatile char *page)
{
    for (unsigned i = 0; i < sizeof(note); i++)
        page[i] = note[i];
}

void _start(void)
{
    static const long hour[2] = {3600, 0};
    static const long every_minute[4] = {60, 0, 7200, 0};
    static const struct {
        long value;
        int signal, notify;
        long rest[6];
    } told_nobody = {77, 10, 1, {0}}, signalled = {78, 16, 0, {0}};
    int timer;
    long fd = call6(319, (long)"golden", 1, 0, 0, 0, 0);  /* memfd_create, MFD_CLOEXEC */

    put(written);
    call6(77, fd, 5 * PAGE + 100, 0, 0, 0, 0);            /* ftruncate */
    call6(9, 0x10000000, 2 * PAGE, 3, 0x11, fd, 0);       /* mmap, MAP_SHARED | MAP_FIXED */
    call6(9, 0x20000000, 5 * PAGE, 3, 0x12, fd, PAGE);    /* MAP_PRIVATE | MAP_FIXED */
    put((volatile char *)0x10001000);
    put((volatile char *)0x20002000);
    call6(222, 1, (long)&told_nobody, (long)&timer, 0, 0, 0); /* timer_create, CLOCK_MONOTONIC */
    call6(222, 0, (long)&signalled, (long)&timer, 0, 0, 0);
    call6(223, timer, 0, (long)every_minute, 0, 0, 0);        /* timer_settime */
    for (;;)
        call6(35, (long)hour, 0, 0, 0, 0, 0);
}
