/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that return -EINTR when they have done nothing at all, so that making them again loses nothing. fs/eventpoll.c,
 * kernel/signal.c do_sigtimedwait, ipc/sem.c, fs/aio.c, mm/shmem.c shmem_fallocate, mm/madvise.c (populate), and sockets
 * with a timeout (sock_intr_errno). connect is missing: made again it would say EALREADY.
 */
#ifndef UNDUMP_INTERRUPTED_CALLS_H
#define UNDUMP_INTERRUPTED_CALLS_H

#include <stdbool.h>
#include <stdint.h>

static const uint16_t INTERRUPTED_CALLS[] = {
    232 /* epoll_wait */, 281 /* epoll_pwait */, 441 /* epoll_pwait2 */, 128 /* rt_sigtimedwait */, 65 /* semop */,
    220 /* semtimedop */, 208 /* io_getevents */, 285 /* fallocate */, 28 /* madvise */, 0 /* read */, 19 /* readv */,
    1 /* write */, 20 /* writev */, 45 /* recvfrom */, 47 /* recvmsg */, 299 /* recvmmsg */, 44 /* sendto */,
    46 /* sendmsg */, 307 /* sendmmsg */, 43 /* accept */, 288 /* accept4 */,
};

static inline bool is_interrupted_call(uint64_t number)
{
    for (uint32_t i = 0; i < sizeof(INTERRUPTED_CALLS) / sizeof(INTERRUPTED_CALLS[0]); i++)
        if (INTERRUPTED_CALLS[i] == number)
            return true;
    return false;
}

#endif
