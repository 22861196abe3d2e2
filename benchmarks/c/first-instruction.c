/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first-instruction: a shared library that a warm runtime loads as its last deed. Its constructor prints READY and spins
 * until the process id changes, which it does in a launched image only; then it writes one byte and ends the process.
 * So the byte comes from the first instructions that the thread of the runtime executes after the launch, and none of
 * the runtime's own way of noticing and writing is in the time up to it.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((constructor)) static void wait_for_launch(void)
{
    long pid = syscall(SYS_getpid);
    if (syscall(SYS_write, 1, "READY\n", 6) != 6)
        return;
    while (syscall(SYS_getpid) == pid)
        continue;
    syscall(SYS_write, 1, "i", 1);
    syscall(SYS_exit_group, 0);
}
