// SPDX-License-Identifier: Apache-2.0
/*
 * The number of symbols stands in DT_HASH; kernels that only have DT_GNU_HASH tell it by the last chain; without both
 * it is what fits between the symbols and the strings behind them. All offsets are checked against the vdso's size,
 * so that a strange one costs its functions and not a fault.
 */
#include "restore/vdso_symbols.h"

#include <stdbool.h>
#include <stddef.h>

#include "restore/abi.h"
#include "restore/text.h"

struct dynamic_offsets {
    uint64_t hash, gnu_hash, symbols, strings, strings_size;
};

static bool inside(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

static const void *at(const struct vdso_symbols *table, uint64_t offset)
{
    return table->vdso + offset;
}

static const struct abi_program_header *find_segment(const struct vdso_symbols *table, uint32_t type)
{
    const struct abi_elf_header *elf = at(table, 0);
    uint64_t bytes = (uint64_t)elf->program_header_count * sizeof(struct abi_program_header);
    const struct abi_program_header *segments;

    if (elf->program_headers % 8 != 0 || !inside(elf->program_headers, bytes, table->size))
        return NULL;
    segments = at(table, elf->program_headers);
    for (uint32_t i = 0; i < elf->program_header_count; i++) {
        if (segments[i].type == type)
            return &segments[i];
    }
    return NULL;
}

/* Addresses in the file are relative to that of its first segment; the kernel maps that at the vdso's start. */
static struct dynamic_offsets read_dynamic(const struct vdso_symbols *table)
{
    const struct abi_program_header *load = find_segment(table, ABI_PT_LOAD);
    const struct abi_program_header *dynamic = find_segment(table, ABI_PT_DYNAMIC);
    struct dynamic_offsets found = {0};
    const struct abi_dynamic *entry;

    if (load == NULL || dynamic == NULL || dynamic->offset % 8 != 0 ||
        !inside(dynamic->offset, dynamic->file_size, table->size))
        return found;
    entry = at(table, dynamic->offset);
    for (uint64_t i = 0; i < dynamic->file_size / sizeof(*entry) && entry[i].tag != ABI_DT_NULL; i++) {
        uint64_t offset = entry[i].value - load->address;

        if (entry[i].tag == ABI_DT_HASH)
            found.hash = offset;
        if (entry[i].tag == ABI_DT_GNU_HASH)
            found.gnu_hash = offset;
        if (entry[i].tag == ABI_DT_SYMTAB)
            found.symbols = offset;
        if (entry[i].tag == ABI_DT_STRTAB)
            found.strings = offset;
        if (entry[i].tag == ABI_DT_STRSZ)
            found.strings_size = entry[i].value;
    }
    return found;
}

/* Header: buckets, first symbol, Bloom words (8 bytes each), shift; then buckets and chains of 4 bytes. A chain ends
 * with a value whose lowest bit is set. Returns 0 when the table is not sound. */
static uint64_t count_by_gnu_hash(const struct vdso_symbols *table, uint64_t offset)
{
    const uint32_t *header = at(table, offset);
    uint64_t buckets_offset, chains_offset, last = 0;

    if (offset % 8 != 0 || !inside(offset, 4 * sizeof(uint32_t), table->size))
        return 0;
    buckets_offset = offset + 4 * sizeof(uint32_t) + (uint64_t)header[2] * 8;
    if (!inside(buckets_offset, (uint64_t)header[0] * sizeof(uint32_t), table->size))
        return 0;
    for (uint32_t i = 0; i < header[0]; i++) {
        uint32_t bucket = ((const uint32_t *)at(table, buckets_offset))[i];

        if (bucket > last)
            last = bucket;
    }
    if (last < header[1])
        return header[1];
    chains_offset = buckets_offset + (uint64_t)header[0] * sizeof(uint32_t);
    for (;; last++) {
        uint64_t chain = chains_offset + (last - header[1]) * sizeof(uint32_t);

        if (!inside(chain, sizeof(uint32_t), table->size))
            return 0;
        if ((*(const uint32_t *)at(table, chain) & 1) != 0)
            return last + 1;
    }
}

static uint64_t count_symbols(const struct vdso_symbols *table, const struct dynamic_offsets *dynamic)
{
    if (dynamic->hash != 0 && dynamic->hash % 4 == 0 && inside(dynamic->hash, 2 * sizeof(uint32_t), table->size))
        return ((const uint32_t *)at(table, dynamic->hash))[1]; /* buckets, chains: one chain entry per symbol */
    if (dynamic->gnu_hash != 0 && inside(dynamic->gnu_hash, 1, table->size))
        return count_by_gnu_hash(table, dynamic->gnu_hash);
    if (dynamic->strings > dynamic->symbols)
        return (dynamic->strings - dynamic->symbols) / sizeof(struct abi_symbol);
    return 0;
}

struct vdso_symbols vdso_symbols_read(const uint8_t *vdso, uint64_t size)
{
    struct vdso_symbols table = {.vdso = vdso, .size = size};
    struct dynamic_offsets dynamic;
    uint64_t count;

    if (size < sizeof(struct abi_elf_header))
        return table;
    dynamic = read_dynamic(&table);
    count = count_symbols(&table, &dynamic);
    if (dynamic.symbols == 0 || dynamic.symbols % 8 != 0 || count > size / sizeof(struct abi_symbol) ||
        !inside(dynamic.symbols, count * sizeof(struct abi_symbol), size) ||
        !inside(dynamic.strings, dynamic.strings_size, size) || dynamic.strings_size == 0 ||
        vdso[dynamic.strings + dynamic.strings_size - 1] != '\0')
        return table;
    table.symbols = dynamic.symbols;
    table.strings = dynamic.strings;
    table.strings_size = dynamic.strings_size;
    table.count = count;
    return table;
}

uint64_t vdso_symbols_find(const struct vdso_symbols *table, const char *name)
{
    const struct abi_symbol *symbols = at(table, table->symbols);

    for (uint64_t i = 0; i < table->count; i++) {
        if (symbols[i].section == 0 || symbols[i].name >= table->strings_size || symbols[i].value >= table->size)
            continue;
        if (text_equal((const char *)at(table, table->strings + symbols[i].name), name))
            return symbols[i].value;
    }
    return 0;
}
