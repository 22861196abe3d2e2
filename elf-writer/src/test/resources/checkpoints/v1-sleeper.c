/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in v1-sleeper.dat: without a C library, so that the checkpoint is small. It waits in nanosleep for an hour.
 *
 *   gcc -O1 -static -nostdlib -fno-stack-protector -Wl,-z,noseparate-code -Wl,--build-id=none -o sleeper v1-sleeper.c
 *   ./sleeper & ckpt --pid $! -o v1-sleeper.dat
 *
 * In the stored file the name of the kernel's build folder, which the vdso contains, is blanked.
 */
static const char note[] = "a page that is written before the capture";
static volatile char written[4096] __attribute__((aligned(4096)));

static long system_call(long number, const void *first, const void *second)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result;
}

void _start(void)
{
    static const long hour[2] = {3600, 0};

    for (unsigned i = 0; i < sizeof(note); i++)
        written[i] = note[i];
    for (;;)
        system_call(35, hour, 0);
}
