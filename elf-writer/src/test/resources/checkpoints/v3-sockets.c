/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in v3-sockets.dat: without a C library, so that the checkpoint is small. It has a listening socket with an
 * option, a pair of sockets with bytes that wait and one with a closed end and messages, and sleeps for an hour.
 *
 *   gcc -O1 -static -nostdlib -fno-stack-protector -Wl,-z,noseparate-code -Wl,--build-id=none -o sleeper v3-sockets.c
 *   ./sleeper & ckpt --pid $! -o v3-sockets.dat
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
    static const int one = 1;
    static const unsigned char address[16] = {2, 0, 0x9c, 0x40, 127, 0, 0, 1}; /* 127.0.0.1:40000 */
    int ends[2];
    long fd = call6(41, 2, 1, 0, 0, 0, 0);                /* socket */

    put(written);
    call6(54, fd, 1, 2, (long)&one, sizeof(one), 0);      /* setsockopt, SO_REUSEADDR */
    call6(49, fd, (long)address, sizeof(address), 0, 0, 0); /* bind */
    call6(50, fd, 7, 0, 0, 0, 0);                         /* listen */
    call6(53, 1, 1, 0, (long)ends, 0, 0);                 /* socketpair */
    call6(1, ends[0], (long)"waits", 5, 0, 0, 0);         /* write */
    call6(53, 1, 5, 0, (long)ends, 0, 0);                 /* SOCK_SEQPACKET */
    call6(1, ends[0], (long)"first", 5, 0, 0, 0);
    call6(1, ends[0], (long)"second", 6, 0, 0, 0);
    call6(3, ends[0], 0, 0, 0, 0, 0);                     /* close */
    for (;;)
        call6(35, (long)hour, 0, 0, 0, 0, 0);
}
