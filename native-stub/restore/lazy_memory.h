/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the program's memory, copied and cleared without a fault: other threads may take the memory away meanwhile. */
#ifndef UNDUMP_STUB_LAZY_MEMORY_H
#define UNDUMP_STUB_LAZY_MEMORY_H

#include <stdint.h>

/* Pages that cannot be written are left out. */
void lazy_zero(uint64_t start, uint64_t end);

/* The same whatever the rights, by way of /proc/thread-self/mem. Returns 0 or -errno with some of it cleared. */
int64_t lazy_zero_forced(uint64_t start, uint64_t end);

/* To fresh memory, which is zero. Pages that cannot be read become guard pages there, for nothing else is both mapped
 * readable and out of reach. */
void lazy_copy(uint64_t to, uint64_t from, uint64_t length);

/* The same for memory that may have large parts that were never touched: these stay so in the copy. */
void lazy_copy_sparse(uint64_t to, uint64_t from, uint64_t length);

#endif
