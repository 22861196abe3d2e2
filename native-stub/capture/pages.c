/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies memory of the frozen program into the file, or what a snapshot holds of it from there, when it has gone on.
 *
 * Only pages that the page tables or the mapped file know are read; of these, pages of zeros are not written. Pages
 * of files come from the file where it can be opened (file_pages.c), when the program has gone on.
 */
#define _GNU_SOURCE
#include "pages.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crc32c.h"
#include "early_mappings.h"
#include "file_pages.h"
#include "pagemap.h"
#include "snapshot.h"

#define PAGE CKPT_PAGE_SIZE

struct page_saver {
    struct capture *capture;
    pid_t pid;           /* whose memory is read: the program's or the snapshot's */
    int mem, pagemap;    /* of that process */
    bool sum;            /* checksums are computed at once */
    struct mapping *mapping;
    int file;            /* of the mapping, kept open by file_pages.c; or -1 */
    bool deferred;       /* pages of the file are copied later */
    bool own_pages;      /* only what is the mapping's own is stored, zeros included: the rest is a memory file's */
    uint64_t file_end;   /* address behind the last page within the file */
    uint8_t *chunk;
    struct iovec pieces[CHUNK_BYTES / PAGE];
};

/* ---- extents ---- */

bool is_zero_page(const uint8_t *page)
{
    const uint64_t *word = (const uint64_t *)(const void *)page;
    for (size_t i = 0; i < PAGE / sizeof(*word); i += 8)
        if (word[i] | word[i + 1] | word[i + 2] | word[i + 3] | word[i + 4] | word[i + 5] | word[i + 6] | word[i + 7])
            return false;
    return true;
}

/* Adds a range to the last extent when it continues it. Bytes is NULL for kinds without contents; else they will be
 * written at writer.next. Their checksum waits until the program has gone on, when it is to go on. */
static void add_extent(struct page_saver *saver, uint64_t address, uint64_t length, uint32_t kind, const void *bytes)
{
    struct buffer *extents = &saver->capture->extents;
    struct ckpt_mapping *record = &saver->mapping->record;
    struct writer *writer = &saver->capture->writer;
    uint64_t offset = bytes ? writer_reserve(writer, length) : 0;
    bool sum = bytes && saver->sum;
    struct ckpt_extent *last = (void *)(extents->data + extents->size);
    if (record->extent_count && last[-1].kind == kind && last[-1].address + last[-1].length == address &&
        (!bytes || last[-1].file_offset + last[-1].length == offset)) {
        last[-1].length += length;
        if (sum)
            last[-1].crc = crc32c(last[-1].crc, bytes, length);
        return;
    }
    struct ckpt_extent *extent = buffer_extend(extents, sizeof(*extent));
    if (!extent)
        return;
    *extent = (struct ckpt_extent){address, length, offset, kind, sum ? crc32c(0, bytes, length) : 0};
    record->extent_count++;
}

/* Stores what chunk holds of [address, address + length). */
static void store_chunk(struct page_saver *saver, uint64_t address, uint64_t length, uint32_t kind)
{
    struct writer *writer = &saver->capture->writer;
    uint64_t offset = writer->next;
    int pieces = 0;
    for (uint64_t at = 0; at < length; ) {
        uint64_t start = at;
        while (at < length && (saver->own_pages || !is_zero_page(saver->chunk + at)))
            at += PAGE;
        if (at > start) {
            add_extent(saver, address + start, at - start, kind, saver->chunk + start);
            saver->pieces[pieces++] = (struct iovec){saver->chunk + start, at - start};
        }
        while (at < length && is_zero_page(saver->chunk + at))
            at += PAGE;
    }
    writer_put_pieces(writer, offset, saver->pieces, pieces);
}

/* ---- reading ---- */

/* Reads up to length bytes into the chunk. Returns how many, a multiple of the page size, 0 when the first page
 * cannot be read, or -errno when the program is gone. */
static ssize_t read_memory(struct page_saver *saver, uint64_t address, uint64_t length)
{
    struct iovec local = {saver->chunk, length}, remote = {(void *)(uintptr_t)address, length};
    ssize_t count = -1;
    if (saver->mapping->record.protection & PROT_READ)
        count = process_vm_readv(saver->pid, &local, 1, &remote, 1, 0);
    if (count <= 0)
        count = pread(saver->mem, saver->chunk, length, (off_t)address);
    if (count == 0)
        return -ESRCH;
    if (count < 0)
        return errno == EIO || errno == EFAULT ? 0 : -errno;
    return count & ~(ssize_t)(PAGE - 1);
}

static int describe(struct page_saver *saver, uint64_t address, int error)
{
    struct capture *capture = saver->capture;
    if (error == -ESRCH && saver->pid != capture->pid)
        return refuse(capture->report, -ECHILD,
                      "reading the snapshot of process %d: it was killed, for want of memory or by a signal; try again or "
                      "go without --cow", capture->pid);
    if (error == -ESRCH)
        return refuse(capture->report, error, "capturing process %d: it was killed meanwhile", capture->pid);
    return refuse(capture->report, error, "reading memory of process %d at %llx (%s): %s", capture->pid,
                  (unsigned long long)address, saver->mapping->name, strerror(-error));
}

/* What a page is that cannot be read. */
static uint32_t unreadable_kind(uint32_t kind)
{
    return kind == CKPT_EXTENT_FILE ? CKPT_EXTENT_BEYOND_EOF : CKPT_EXTENT_GUARD; /* see list_pages() */
}

static int save_range(struct page_saver *saver, uint64_t start, uint64_t end, uint32_t kind)
{
    while (start < end) {
        uint64_t length = end - start < CHUNK_BYTES ? end - start : CHUNK_BYTES;
        ssize_t count = read_memory(saver, start, length);
        if (count < 0)
            return describe(saver, start, (int)count);
        if (count == 0) {
            add_extent(saver, start, PAGE, unreadable_kind(kind), NULL);
            start += PAGE;
            continue;
        }
        store_chunk(saver, start, (uint64_t)count, kind);
        start += (uint64_t)count;
        if (saver->capture->writer.error)
            return writer_check(&saver->capture->writer, saver->capture->report);
        if (capture_given_up(saver->capture))
            return -ECANCELED;
    }
    return 0;
}

/* Pages of a file mapping that the program has not written, within the file. Holes of the file read as zero and are
 * left out. */
static int save_file_pages(struct page_saver *saver, uint64_t start, uint64_t end)
{
    const struct ckpt_mapping *record = &saver->mapping->record;
    if (saver->file < 0)
        return save_range(saver, start, end, CKPT_EXTENT_FILE);
    uint64_t base = record->start - record->file_offset; /* address of the file's first byte, mapped or not */
    int error = 0;
    while (error == 0 && start < end) {
        uint64_t data, hole;
        if (!find_file_data(saver->file, start - base, &data, &hole) || base + data >= end)
            break;
        uint64_t stop = base + hole < end ? base + hole : end;
        start = base + data > start ? base + data : start;
        error = saver->deferred ? defer_file_pages(saver->capture, saver->mapping, start, stop - start, saver->file)
                                : save_range(saver, start, stop, CKPT_EXTENT_FILE);
        start = stop;
    }
    return error;
}

/* The same with what lies behind the end of the file. */
static int save_file_range(struct page_saver *saver, uint64_t start, uint64_t end)
{
    uint64_t middle = end < saver->file_end ? end : saver->file_end > start ? saver->file_end : start;
    int error = middle > start ? save_file_pages(saver, start, middle) : 0;
    if (error == 0 && middle < end)
        add_extent(saver, middle, end - middle, CKPT_EXTENT_BEYOND_EOF, NULL);
    return error;
}

/* ---- mappings ---- */

/* Pages of a file that cannot change the program's memory any more are copied from it later. */
static void open_file(struct page_saver *saver)
{
    struct ckpt_mapping *record = &saver->mapping->record;
    uint64_t size;
    saver->file_end = record->end; /* not known: reading tells */
    saver->file = keep_mapped_file(saver->capture, saver->mapping, &size, &record->file_mtime_ns);
    if (saver->file < 0)
        return;
    record->file_size = size;
    record->file_birth_ns = record->kind == CKPT_MAPPING_SHARED_FILE ? birth_of_file(saver->file) : 0;
    if (record->kind == CKPT_MAPPING_SHARED_FILE && saver->capture->request->allow & ALLOW_MAPPED_COPY)
        saver->capture->allowed |= ALLOW_MAPPED_COPY;
    uint64_t pages = (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    saver->file_end = pages > record->file_offset ? record->start + (pages - record->file_offset) : record->start;
    saver->deferred = record->kind == CKPT_MAPPING_PRIVATE_FILE || !(record->flags & CKPT_VMA_MAY_WRITE);
}

static int save_listed(struct page_saver *saver, const struct page_range *range)
{
    if (range->kind == PAGES_GUARD) {
        add_extent(saver, range->start, range->end - range->start, CKPT_EXTENT_GUARD, NULL);
        return 0;
    }
    if (range->kind == PAGES_FILE && saver->own_pages)
        return 0;
    if (range->kind == PAGES_FILE && saver->mapping->record.kind == CKPT_MAPPING_PRIVATE_FILE)
        return save_file_range(saver, range->start, range->end);
    saver->capture->process.resident_bytes += range->end - range->start;
    return save_range(saver, range->start, range->end, CKPT_EXTENT_PRIVATE);
}

/* Everything of a file mapping, and what is populated of the others. */
static int save_listed_pages(struct page_saver *saver)
{
    const struct mapping *mapping = saver->mapping;
    const struct ckpt_mapping *record = &mapping->record;
    bool file = !saver->own_pages &&
                (record->kind == CKPT_MAPPING_PRIVATE_FILE || record->kind == CKPT_MAPPING_SHARED_FILE);
    AUTO_BUFFER struct buffer ranges = {0};
    int error = list_pages(saver->pagemap, record->start, record->end, mapping->resident || mapping->swapped, &ranges);
    if (error < 0)
        return describe(saver, record->start, error);
    const struct page_range *range = (void *)ranges.data;
    uint64_t at = record->start;
    for (size_t i = 0; error == 0 && i < ranges.size / sizeof(*range); i++) {
        if (record->kind == CKPT_MAPPING_SHARED_FILE && range[i].kind != PAGES_GUARD)
            continue;
        if (file && range[i].start > at)
            error = save_file_range(saver, at, range[i].start);
        if (error == 0)
            error = save_listed(saver, &range[i]);
        at = range[i].end;
    }
    if (error == 0 && file && at < record->end)
        error = save_file_range(saver, at, record->end);
    return error;
}

/* Keeps the guards of a list of ranges. Returns how many. */
static size_t keep_guards(struct buffer *listed)
{
    struct page_range *range = (void *)listed->data;
    size_t kept = 0;
    for (size_t i = 0; i < listed->size / sizeof(*range); i++)
        if (range[i].kind == PAGES_GUARD)
            range[kept++] = range[i];
    return kept;
}

/* Adds the guards that start at or before address. Returns the address behind the last one, or address. */
static uint64_t pass_guards(struct page_saver *saver, const struct page_range *guards, size_t count, size_t *next,
                            uint64_t address)
{
    uint64_t behind = *next ? guards[*next - 1].end : 0;
    for (; *next < count && guards[*next].start <= address; (*next)++) {
        add_extent(saver, guards[*next].start, guards[*next].end - guards[*next].start, CKPT_EXTENT_GUARD, NULL);
        behind = guards[*next].end;
    }
    return behind > address ? behind : address;
}

/* Shared anonymous memory: what exists of the object, and this mapping's own guards, which hide what is under them. */
static int save_shared(struct page_saver *saver)
{
    const struct ckpt_mapping *record = &saver->mapping->record;
    const struct page_range *exist = (void *)saver->mapping->shared_pages.data;
    AUTO_BUFFER struct buffer listed = {0};
    int error = list_pages(saver->pagemap, record->start, record->end, true, &listed);
    if (error < 0)
        return describe(saver, record->start, error);
    const struct page_range *guards = (void *)listed.data;
    size_t count = keep_guards(&listed), next = 0;
    for (size_t i = 0; i < saver->mapping->shared_pages.size / sizeof(*exist); i++) {
        uint64_t at = pass_guards(saver, guards, count, &next, exist[i].start);
        while (error == 0 && at < exist[i].end) {
            uint64_t stop = next < count && guards[next].start < exist[i].end ? guards[next].start : exist[i].end;
            saver->capture->process.resident_bytes += stop - at;
            error = save_range(saver, at, stop, CKPT_EXTENT_PRIVATE);
            at = pass_guards(saver, guards, count, &next, stop);
        }
        if (error < 0)
            return error;
    }
    pass_guards(saver, guards, count, &next, record->end);
    return 0;
}

/* What fork copies and nobody else can change. Pages of files that are copied later have to be found unchanged then. */
static bool is_in_snapshot(const struct page_saver *saver)
{
    const struct ckpt_mapping *record = &saver->mapping->record;
    return saver->capture->request->cow && !(record->flags & CKPT_VMA_DONTFORK) &&
           (record->kind == CKPT_MAPPING_ANONYMOUS || (record->kind == CKPT_MAPPING_PRIVATE_FILE && saver->deferred));
}

static int save_contents(struct page_saver *saver)
{
    struct ckpt_mapping *record = &saver->mapping->record;
    record->first_extent = saver->capture->extents.size / sizeof(struct ckpt_extent);
    if (record->kind == CKPT_MAPPING_VVAR || record->flags & (CKPT_VMA_DROPPABLE | CKPT_VMA_WIPEONFORK))
        return 0;
    if (record->kind == CKPT_MAPPING_VDSO)
        return save_range(saver, record->start, record->end, CKPT_EXTENT_PRIVATE);
    if (record->kind == CKPT_MAPPING_SHARED_ANONYMOUS)
        return save_shared(saver);
    return save_listed_pages(saver);
}

/* Files are opened while the program stands, also those whose mappings come from the snapshot. */
static int save_mapping(struct page_saver *saver, struct mapping *mapping)
{
    uint32_t kind = mapping->record.kind;
    bool file = kind == CKPT_MAPPING_PRIVATE_FILE || kind == CKPT_MAPPING_SHARED_FILE;
    saver->mapping = mapping;
    saver->file = -1;
    saver->deferred = false;
    saver->own_pages = file && mapping->record.share_id;
    if (file && !saver->own_pages)
        open_file(saver);
    bool reads_snapshot = saver->pid != saver->capture->pid;
    if (!reads_snapshot)
        mapping->in_snapshot = is_in_snapshot(saver);
    return mapping->in_snapshot == reads_snapshot ? save_contents(saver) : 0;
}

static int save_mappings(struct page_saver *saver)
{
    struct capture *capture = saver->capture;
    AUTO_FREE uint8_t *chunk = aligned_alloc(PAGE, CHUNK_BYTES);
    if (!chunk)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    saver->chunk = chunk;
    for (size_t i = 0; i < capture->mapping_count; i++) {
        int error = save_mapping(saver, &capture->mappings[i]);
        if (error < 0)
            return error;
    }
    return 0;
}

int save_pages(struct capture *capture)
{
    struct page_saver saver = {.capture = capture, .pid = capture->pid, .mem = capture->mem,
                               .pagemap = capture->pagemap, .sum = !capture->request->keep_running};
    return save_mappings(&saver);
}

int save_snapshot_pages(struct capture *capture)
{
    const struct snapshot *snapshot = &capture->snapshot;
    struct page_saver saver = {.capture = capture, .pid = snapshot->pid, .mem = snapshot->mem,
                               .pagemap = snapshot->pagemap, .sum = true};
    if (!snapshot->pid)
        return 0;
    int error = complete_mappings(capture);
    if (error == 0)
        error = save_mappings(&saver);
    drop_snapshot(capture);
    return error;
}
