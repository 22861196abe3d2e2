/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "index.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "crc32c.h"

struct section_source {
    uint32_t kind;
    uint32_t record_size;
    const void *bytes;
    size_t size;
};

static void add_section(struct buffer *index, size_t number, const struct section_source *source, uint64_t base)
{
    buffer_align(index, source->kind == CKPT_SECTION_XSTATES ? 64 : 8);
    uint64_t offset = index->size;
    buffer_append(index, source->bytes, source->size);
    if (index->failed)
        return;
    struct ckpt_section *section = (struct ckpt_section *)(void *)index->data + number;
    *section = (struct ckpt_section){source->kind, source->record_size, base + offset, source->size,
                                     source->size / source->record_size};
}

static void list_allowances(struct capture *capture)
{
    for (unsigned i = 0; i < ALLOWANCE_COUNT; i++) {
        if (!(capture->allowed & ALLOWANCES[i].bit))
            continue;
        struct ckpt_string word = strings_add_text(&capture->strings, ALLOWANCES[i].word);
        buffer_append(&capture->allowances, &word, sizeof(word));
    }
}

int write_index(struct capture *capture)
{
    struct writer *writer = &capture->writer;
    AUTO_BUFFER struct buffer index = {0};
    list_allowances(capture);
    if (capture->strings.size == 0)
        buffer_extend(&capture->strings, 1);
#define RECORDS(kind, buffer, type) {kind, sizeof(struct type), capture->buffer.data, capture->buffer.size}
#define BYTES(kind, buffer) {kind, 1, capture->buffer.data, capture->buffer.size}
    const struct section_source sources[] = {
        {CKPT_SECTION_PROCESS, sizeof(capture->process), &capture->process, sizeof(capture->process)},
        RECORDS(CKPT_SECTION_THREADS, threads_section, ckpt_thread),
        BYTES(CKPT_SECTION_XSTATES, xstates),
        RECORDS(CKPT_SECTION_RIGHTS, rights_section, ckpt_rights),
        RECORDS(CKPT_SECTION_FILTERS, filters, ckpt_filter),
        RECORDS(CKPT_SECTION_MEMORY_POLICIES, memory_policies, ckpt_memory_policy),
        RECORDS(CKPT_SECTION_MAPPINGS, mappings_section, ckpt_mapping),
        RECORDS(CKPT_SECTION_EXTENTS, extents, ckpt_extent),
        RECORDS(CKPT_SECTION_MEMORY_FILES, memory_files_section, ckpt_memory_file),
        RECORDS(CKPT_SECTION_FILE_EXTENTS, file_extents, ckpt_file_extent),
        RECORDS(CKPT_SECTION_SEGMENTS, segments, ckpt_segment),
        RECORDS(CKPT_SECTION_SEMAPHORES, semaphores, ckpt_semaphore),
        RECORDS(CKPT_SECTION_DESCRIPTORS, descriptors, ckpt_descriptor),
        RECORDS(CKPT_SECTION_DESCRIPTIONS, descriptions, ckpt_description),
        RECORDS(CKPT_SECTION_PIPES, pipes, ckpt_pipe),
        RECORDS(CKPT_SECTION_SOCKETS, sockets, ckpt_socket),
        RECORDS(CKPT_SECTION_SOCKET_OPTIONS, socket_options, ckpt_socket_option),
        RECORDS(CKPT_SECTION_EPOLL_ITEMS, epoll_items, ckpt_epoll_item),
        RECORDS(CKPT_SECTION_WATCHES, watches, ckpt_watch),
        RECORDS(CKPT_SECTION_FILE_LOCKS, file_locks, ckpt_file_lock),
        RECORDS(CKPT_SECTION_FILE_OWNERS, file_owners, ckpt_file_owner),
        RECORDS(CKPT_SECTION_TERMINALS, terminals, ckpt_terminal),
        RECORDS(CKPT_SECTION_ACTIONS, actions, ckpt_signal_action),
        RECORDS(CKPT_SECTION_PENDING, pending, ckpt_pending_signal),
        RECORDS(CKPT_SECTION_POSIX_TIMERS, posix_timers_section, ckpt_posix_timer),
        BYTES(CKPT_SECTION_AUXV, auxv),
        {CKPT_SECTION_CPU, sizeof(capture->cpu), &capture->cpu, sizeof(capture->cpu)},
        RECORDS(CKPT_SECTION_CPUID, cpuid, ckpt_cpuid),
        RECORDS(CKPT_SECTION_INPUTS, inputs, ckpt_input),
        BYTES(CKPT_SECTION_STRINGS, strings),
        RECORDS(CKPT_SECTION_ALLOWANCES, allowances, ckpt_string),
    };
#undef RECORDS
#undef BYTES
    size_t count = sizeof(sources) / sizeof(sources[0]);
    uint64_t base = writer->next;
    buffer_extend(&index, count * sizeof(struct ckpt_section));
    for (size_t i = 0; i < count; i++)
        add_section(&index, i, &sources[i], base);
    if (index.failed || capture->strings.failed || capture->extents.failed || capture->mappings_section.failed ||
        capture->threads_section.failed)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    struct ckpt_header header = {
        .version = CKPT_VERSION, .header_size = CKPT_HEADER_SIZE, .total_size = base + index.size,
        .index_crc = crc32c(0, index.data, index.size), .data_offset = CKPT_PAGE_SIZE,
        .data_size = base - CKPT_PAGE_SIZE, .index_offset = base, .index_size = index.size,
        .section_count = (uint32_t)count, .page_size = CKPT_PAGE_SIZE, .arch = CKPT_ARCH_X86_64,
    };
    memcpy(header.magic, CKPT_MAGIC, sizeof(header.magic));
    if (getrandom(header.id, sizeof(header.id), 0) != sizeof(header.id))
        return refuse(capture->report, -EIO, "capturing process %d: the kernel gave no random bytes", capture->pid);
    header.header_crc = crc32c(0, &header, sizeof(header));
    writer_put(writer, base, index.data, index.size);
    writer_put(writer, 0, &header, sizeof(header));
    return writer_check(writer, capture->report);
}
