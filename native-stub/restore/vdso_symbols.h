/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a vdso in memory, by name, from its dynamic section. Pure: also compiled into host tests. */
#ifndef UNDUMP_STUB_VDSO_SYMBOLS_H
#define UNDUMP_STUB_VDSO_SYMBOLS_H

#include <stdint.h>

struct vdso_symbols {
    const uint8_t *vdso;
    uint64_t size;     /* bytes of the vdso */
    uint64_t symbols;  /* bytes from its start */
    uint64_t strings;
    uint64_t strings_size;
    uint64_t count;    /* symbols; 0 when the table was not found */
};

struct vdso_symbols vdso_symbols_read(const uint8_t *vdso, uint64_t size);

/* Bytes from the vdso's start to the function, 0 when there is none of that name. */
uint64_t vdso_symbols_find(const struct vdso_symbols *table, const char *name);

#endif
