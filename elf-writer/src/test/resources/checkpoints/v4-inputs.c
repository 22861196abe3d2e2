/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in v4-inputs.dat: without a C library, so that the checkpoint is small. It has one input of each kind, and waits
 * in nanosleep for an hour.
 *
 *   gcc -O1 -static -nostdlib -fno-stack-protector -Wl,-z,noseparate-code -Wl,--build-id=none -o sleeper v4-inputs.c
 *   mkdir -p /tmp/golden/folder; cp sleeper /tmp/golden; cd /tmp/golden
 *   echo content > file; echo told > folder/told; ln -s file link
 *   ckpt --inputs traced -o /tmp/v4-inputs.dat ./sleeper & kill -USR2 $!
 *
 * In the stored file the name of the kernel's build folder, which the vdso contains, is blanked.
 */
#define PAGE 4096

static const char note[] = "a page that is written before the capture";
static volatile char written[PAGE] __attribute__((aligned(PAGE)));
static char space[PAGE];

static long call4(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

static void read_all(const char *path, int flags, long call)
{
    long fd = call4(2, (long)path, flags, 0, 0); /* open */

    call4(call, fd, (long)space, sizeof(space), 0);
    call4(3, fd, 0, 0, 0);                       /* close */
}

void _start(void)
{
    static const long hour[2] = {3600, 0};

    for (unsigned i = 0; i < sizeof(note); i++)
        written[i] = note[i];
    read_all("file", 0, 0);                                            /* read */
    read_all("./folder", 0200000, 217);                                /* O_DIRECTORY, getdents64 */
    call4(4, (long)"folder/told", (long)space, 0, 0);                  /* stat */
    call4(89, (long)"/tmp/golden/link", (long)space, sizeof(space), 0); /* readlink */
    call4(21, (long)"/tmp/golden/missing", 0, 0, 0);                   /* access */
    call4(3, call4(257, -100, (long)"made", 0101, 0600), 0, 0, 0);     /* openat, O_CREAT | O_WRONLY: no input; close */
    call4(87, (long)"made", 0, 0, 0);                                  /* unlink */
    for (;;)
        call4(35, (long)hour, 0, 0, 0);
}
