/* SPDX-License-Identifier: Apache-2.0 */
/* The four functions that the compiler itself calls. Same prototypes as in <string.h>, which the stub cannot include. */
#ifndef UNDUMP_STUB_BYTES_H
#define UNDUMP_STUB_BYTES_H

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
