/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds an image by hand from stub.elf, so that the stub can be tested alone: program, plan and damage are the test's.
 *
 * Method: the test fills builder->plan, adds strings, tables, blocks and data pages, and image_write() lays them out
 * as image_format.h draws it. Table and string offsets are known when they are added, so records can point at them.
 */
#ifndef UNDUMP_TEST_IMAGE_BUILDER_H
#define UNDUMP_TEST_IMAGE_BUILDER_H

#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_format.h"
#include "restore/xstate.h"
#include "src/test/c/support/built_path.h"

#define BUILDER_PAGE 4096UL
#define BUILDER_SLOT 0x20000000000UL /* PAYLOAD_SLOT of payload.h */
#define BUILDER_PLAN_LIMIT (1UL << 20)
#define BUILDER_DATA_LIMIT (64UL << 20)
#define BUILDER_BLOCK_BYTES 8192UL
#define BUILDER_ID_OFFSET 0x800UL
#define BUILDER_OPS 64
#define BUILDER_THREADS 1100

struct builder {
    uint8_t *stub; /* stub.elf */
    size_t stub_size;
    struct image_plan plan;
    uint8_t *plan_bytes; /* starts with room for plan */
    uint64_t plan_used;
    uint8_t *data; /* page data, page aligned pieces */
    uint64_t data_used;
    struct image_memory_op memory[BUILDER_OPS];
    struct image_file_op files[BUILDER_OPS];
    struct image_thread threads[BUILDER_THREADS];
    struct image_tid_patch patches[BUILDER_THREADS];
    uint8_t *blocks;
    uint32_t damage_plan; /* 1: flip a bit behind the checksum */
};

static inline uint64_t builder_round(uint64_t value)
{
    return (value + BUILDER_PAGE - 1) & ~(BUILDER_PAGE - 1);
}

static inline void *builder_load(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = calloc(1, 1 << 22);

    if (file == NULL || bytes == NULL)
        err(1, "%s", path);
    *ret_size = fread(bytes, 1, 1 << 22, file);
    fclose(file);
    return bytes;
}

static inline uint64_t builder_symbol(const struct builder *builder, const char *name)
{
    const Elf64_Ehdr *elf = (const void *)builder->stub;
    const Elf64_Shdr *sections = (const void *)(builder->stub + elf->e_shoff);

    for (int i = 0; i < elf->e_shnum; i++) {
        const Elf64_Sym *symbols = (const void *)(builder->stub + sections[i].sh_offset);
        const char *strings = (const char *)builder->stub + sections[sections[i].sh_link].sh_offset;

        if (sections[i].sh_type != SHT_SYMTAB)
            continue;
        for (size_t j = 0; j < sections[i].sh_size / sizeof(*symbols); j++) {
            if (strcmp(strings + symbols[j].st_name, name) == 0)
                return symbols[j].st_value;
        }
    }
    errx(1, "stub.elf has no symbol %s", name);
}

static inline struct builder *builder_new(void)
{
    struct builder *builder = calloc(1, sizeof(*builder));

    builder->stub = builder_load(built_path("stub.elf"), &builder->stub_size);
    builder->plan_bytes = calloc(1, BUILDER_PLAN_LIMIT);
    builder->plan_used = sizeof(struct image_plan);
    builder->data = calloc(1, BUILDER_DATA_LIMIT);
    builder->blocks = calloc(BUILDER_THREADS, BUILDER_BLOCK_BYTES);
    builder->plan.magic = IMAGE_MAGIC_U64;
    builder->plan.version = IMAGE_VERSION;
    builder->plan.slot = BUILDER_SLOT;
    builder->plan.thread_block_size = BUILDER_BLOCK_BYTES;
    builder->plan.id_offset = BUILDER_ID_OFFSET;
    builder->plan.xcr0 = 7;
    builder->plan.umask = 022;
    builder->plan.dumpable = 1;
    memcpy(builder->plan.image_id, "hand-made image", 16);
    return builder;
}

static inline void builder_free(struct builder *builder)
{
    free(builder->stub);
    free(builder->plan_bytes);
    free(builder->data);
    free(builder->blocks);
    free(builder);
}

/* Adds bytes to the plan, 8-byte aligned; returns their plan offset. */
static inline uint64_t builder_bytes(struct builder *builder, const void *bytes, uint64_t size)
{
    uint64_t offset = (builder->plan_used + 7) & ~7UL;

    memcpy(builder->plan_bytes + offset, bytes, size);
    builder->plan_used = offset + size;
    return offset;
}

static inline uint64_t builder_string(struct builder *builder, const char *text)
{
    return builder_bytes(builder, text, strlen(text) + 1);
}

static inline struct image_table builder_table(struct builder *builder, const void *records, uint64_t count, uint64_t size)
{
    return (struct image_table){.offset = builder_bytes(builder, records, count * size), .count = count};
}

/* Adds page data; returns its offset among the page data. image_write() adds where that begins. */
static inline uint64_t builder_data(struct builder *builder, const void *bytes, uint64_t size)
{
    uint64_t offset = builder->data_used;

    memcpy(builder->data + offset, bytes, size);
    builder->data_used = builder_round(offset + size);
    return offset;
}

/* Operation with a data offset: image_write() turns it into an image offset for IMAGE and READ. */
static inline struct image_memory_op *builder_memory(struct builder *builder, uint32_t kind, uint64_t address,
                                                     uint64_t length, uint32_t protection, uint64_t offset)
{
    struct image_memory_op *op = &builder->memory[builder->plan.memory_ops.count++];

    *op = (struct image_memory_op){.kind = kind, .address = address, .length = length, .protection = protection,
                                   .offset = offset};
    return op;
}

static inline struct image_file_op *builder_file(struct builder *builder, uint32_t kind, int fd)
{
    struct image_file_op *op = &builder->files[builder->plan.file_ops.count++];

    *op = (struct image_file_op){.kind = kind, .fd = fd};
    return op;
}

/* A thread that starts at rip with rsp, rdi and rsi; x87 and SSE in their initial state, ymm0 all 0x5a. */
static inline struct image_signal_frame *builder_thread(struct builder *builder, uint64_t rip, uint64_t rsp, uint64_t rdi,
                                                        uint64_t rsi)
{
    uint64_t index = builder->plan.threads.count++;
    struct image_thread *thread = &builder->threads[index];
    struct image_thread_block *block = (void *)(builder->blocks + index * BUILDER_BLOCK_BYTES);
    struct xstate_software software = {.magic1 = XSTATE_MAGIC1, .extended_size = 836, .features = 7, .xstate_size = 832};
    uint32_t magic2 = XSTATE_MAGIC2, mxcsr = 0x1f80;
    uint16_t control = 0x37f;
    uint64_t used = 7;

    thread->old_tid = 1000 + (uint32_t)index;
    strcpy((char *)thread->name, "handmade");
    block->frame.uc_flags = 7;
    block->frame.cs = 0x33;
    block->frame.ss = 0x2b;
    block->frame.ss_flags = 2; /* SS_DISABLE */
    block->frame.eflags = 0x202;
    block->frame.rip = rip;
    block->frame.rsp = rsp;
    block->frame.rdi = rdi;
    block->frame.rsi = rsi;
    memcpy(block->xstate, &control, 2);
    memcpy(block->xstate + XSTATE_MXCSR, &mxcsr, 4);
    memset(block->xstate + 160, 0x5a, 16); /* xmm0 */
    memset(block->xstate + 576, 0x5a, 16); /* upper half of ymm0 */
    memcpy(block->xstate + XSTATE_SOFTWARE, &software, sizeof(software));
    memcpy(block->xstate + XSTATE_HEADER, &used, 8);
    memcpy(block->xstate + 832, &magic2, 4);
    return &block->frame;
}

static inline uint32_t builder_crc(const uint8_t *bytes, uint64_t size)
{
    uint32_t crc = ~0U;

    for (uint64_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0x82f63b78U & (0U - (crc & 1)));
    }
    return ~crc;
}

static inline void builder_write_at(int fd, const void *bytes, size_t size, uint64_t offset)
{
    if (pwrite(fd, bytes, size, (off_t)offset) != (ssize_t)size)
        err(1, "writing the image");
}

/* Image offsets: header page, stub text, plan, blocks, page data. */
struct builder_places {
    uint64_t text, text_size, rw, rw_size, plan, plan_address, plan_size, blocks_size, data, end;
};

static inline struct builder_places builder_place(struct builder *builder)
{
    struct builder_places p = {.text = BUILDER_PAGE};

    p.text_size = builder_symbol(builder, "undump_text_end");
    p.rw = builder_symbol(builder, "undump_rw_start");
    p.rw_size = builder_symbol(builder, "undump_rw_end") - p.rw;
    p.plan_address = builder_symbol(builder, "undump_plan");
    p.plan = p.text + builder_round(p.text_size);
    p.blocks_size = builder->plan.threads.count * BUILDER_BLOCK_BYTES;
    return p;
}

/* Tables go into the plan; numbers that depend on the layout are filled in; checksums come last. */
static inline void builder_finish_plan(struct builder *builder, struct builder_places *p)
{
    struct image_plan *plan = &builder->plan;
    uint64_t tables = 256 + plan->memory_ops.count * sizeof(builder->memory[0]) +
                      plan->file_ops.count * sizeof(builder->files[0]) + plan->threads.count * sizeof(builder->threads[0]) +
                      plan->tid_patches.count * sizeof(builder->patches[0]);

    p->plan_size = builder_round(builder->plan_used + tables);
    p->data = p->plan + p->plan_size + p->blocks_size;
    p->end = p->data + builder->data_used;
    for (uint64_t i = 0; i < plan->memory_ops.count; i++) {
        if (builder->memory[i].kind == IMAGE_MEMORY_IMAGE || builder->memory[i].kind == IMAGE_MEMORY_READ ||
            builder->memory[i].kind == IMAGE_MEMORY_LAZY)
            builder->memory[i].offset += p->data;
    }
    for (uint64_t i = 0; i < plan->file_ops.count; i++) {
        if (builder->files[i].kind == IMAGE_FILE_DELETED)
            builder->files[i].values[0] += p->data;
        if (builder->files[i].kind == IMAGE_FILE_PIPE || builder->files[i].kind == IMAGE_FILE_PIPE_DATA ||
            builder->files[i].kind == IMAGE_FILE_SOCKET_PAIR || builder->files[i].kind == IMAGE_FILE_SOCKET_DATA ||
            builder->files[i].kind == IMAGE_FILE_MEMFD_DATA || builder->files[i].kind == IMAGE_FILE_SEGMENT_DATA)
            builder->files[i].values[1] += p->data;
    }
    for (uint64_t i = 0; i < plan->threads.count; i++) {
        struct image_thread_block *block = (void *)(builder->blocks + i * BUILDER_BLOCK_BYTES);

        builder->threads[i].block = p->plan_size + i * BUILDER_BLOCK_BYTES;
        block->frame.fpstate = plan->slot + p->plan_address + builder->threads[i].block + IMAGE_BLOCK_XSTATE;
    }
    plan->memory_ops = builder_table(builder, builder->memory, plan->memory_ops.count, sizeof(builder->memory[0]));
    plan->file_ops = builder_table(builder, builder->files, plan->file_ops.count, sizeof(builder->files[0]));
    plan->threads = builder_table(builder, builder->threads, plan->threads.count, sizeof(builder->threads[0]));
    plan->tid_patches = builder_table(builder, builder->patches, plan->tid_patches.count, sizeof(builder->patches[0]));
    plan->plan_size = p->plan_size;
    plan->blocks_size = p->blocks_size;
    plan->image_size = p->end;
    plan->blocks_crc = builder_crc(builder->blocks, p->blocks_size);
    memcpy(builder->plan_bytes, plan, sizeof(*plan));
    plan->plan_crc = builder_crc(builder->plan_bytes, p->plan_size);
    memcpy(builder->plan_bytes, plan, sizeof(*plan));
}

static inline void builder_write_head(const struct builder *builder, const struct builder_places *p, int fd)
{
    uint64_t slot = builder->plan.slot;
    Elf64_Ehdr elf = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_EXEC,
                      .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof(elf), .e_ehsize = sizeof(elf),
                      .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 5,
                      .e_entry = slot + builder_symbol(builder, "undump_start")};
    Elf64_Phdr segments[5] = {
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = p->text, .p_vaddr = slot, .p_filesz = p->text_size,
         .p_memsz = p->text_size},
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = slot + p->rw, .p_memsz = p->rw_size},
        {.p_type = PT_LOAD, .p_flags = PF_R, .p_offset = p->plan, .p_vaddr = slot + p->plan_address,
         .p_filesz = p->plan_size, .p_memsz = p->plan_size},
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = p->plan + p->plan_size,
         .p_vaddr = slot + p->plan_address + p->plan_size, .p_filesz = p->blocks_size, .p_memsz = p->blocks_size},
        {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W},
    };

    for (int i = 0; i < 5; i++) {
        segments[i].p_paddr = segments[i].p_vaddr;
        segments[i].p_align = BUILDER_PAGE;
    }
    builder_write_at(fd, &elf, sizeof(elf), 0);
    builder_write_at(fd, segments, sizeof(segments), sizeof(elf));
    builder_write_at(fd, builder->plan.image_id, sizeof(builder->plan.image_id), BUILDER_ID_OFFSET);
}

static inline const uint8_t *builder_stub_text(const struct builder *builder)
{
    const Elf64_Ehdr *elf = (const void *)builder->stub;

    return builder->stub + ((const Elf64_Phdr *)(const void *)(builder->stub + elf->e_phoff))->p_offset;
}

/* Writes the image and forgets nothing: it may be called once per builder. */
static inline void image_write(struct builder *builder, const char *path)
{
    struct builder_places p = builder_place(builder);
    int fd;

    builder_finish_plan(builder, &p);
    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    if (fd < 0)
        err(1, "%s", path);
    builder_write_head(builder, &p, fd);
    builder_write_at(fd, builder_stub_text(builder), p.text_size, p.text);
    builder_write_at(fd, builder->plan_bytes, p.plan_size, p.plan);
    builder_write_at(fd, builder->blocks, p.blocks_size, p.plan + p.plan_size);
    if (builder->data_used > 0)
        builder_write_at(fd, builder->data, builder->data_used, p.data);
    if (ftruncate(fd, (off_t)p.end) < 0 || close(fd) < 0)
        err(1, "%s", path);
}

#endif
