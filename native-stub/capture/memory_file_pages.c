/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "memory_files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "extents.h"
#include "pagemap.h"
#include "pages.h"

#define PAGE ((uint64_t)CKPT_PAGE_SIZE)
#define SHORT_HOLE (16 * PAGE) /* zeros up to this length are stored: fewer extents, and most of them are no holes */

static int out_of_memory(struct capture *capture)
{
    return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
}

static uint64_t end_of_pages(uint64_t size)
{
    return (size + PAGE - 1) & ~(PAGE - 1);
}

struct file_saver {
    struct capture *capture;
    struct memory_file *file;
    size_t index;
    uint8_t *chunk;
};

static void add_extent(struct file_saver *saver, uint64_t offset, const uint8_t *bytes, uint64_t length)
{
    struct capture *capture = saver->capture;
    struct ckpt_memory_file *record = &saver->file->record;
    struct buffer *extents = &capture->file_extents;
    uint64_t stored = writer_reserve(&capture->writer, length);
    bool sum = !capture->request->keep_running;
    writer_put(&capture->writer, stored, bytes, length);
    capture->process.resident_bytes += length;
    struct ckpt_file_extent *last = (void *)(extents->data + extents->size);
    if (record->extent_count && last[-1].offset + last[-1].length == offset &&
        last[-1].file_offset + last[-1].length == stored) {
        last[-1].length += length;
        last[-1].crc = sum ? crc32c(last[-1].crc, bytes, length) : 0;
        return;
    }
    struct ckpt_file_extent *extent = buffer_extend(extents, sizeof(*extent));
    if (!extent)
        return;
    *extent = (struct ckpt_file_extent){.offset = offset, .length = length, .file_offset = stored,
                                        .crc = sum ? crc32c(0, bytes, length) : 0};
    record->extent_count++;
}

static uint64_t zeros_at(const uint8_t *chunk, uint64_t at, uint64_t length)
{
    uint64_t end = at;
    while (end < length && is_zero_page(chunk + end))
        end += PAGE;
    return end - at;
}

/* Stores what the chunk holds of length bytes of the file, without long runs of zeros. */
static int store_chunk(struct file_saver *saver, uint64_t offset, uint64_t length)
{
    struct capture *capture = saver->capture;
    uint64_t start = zeros_at(saver->chunk, 0, length);
    for (uint64_t at = start; at < length; ) {
        uint64_t zeros = zeros_at(saver->chunk, at, length);
        if (zeros > SHORT_HOLE || at + zeros == length) {
            if (at > start)
                add_extent(saver, offset + start, saver->chunk + start, at - start);
            start = at + zeros;
        }
        at += zeros ? zeros : PAGE;
    }
    if (start < length)
        add_extent(saver, offset + start, saver->chunk + start, length - start);
    if (capture->file_extents.failed)
        return out_of_memory(capture);
    if (capture->writer.error)
        return writer_check(&capture->writer, capture->report);
    return capture_given_up(capture) ? -ECANCELED : 0;
}

static int describe_reading(struct file_saver *saver, int error)
{
    struct capture *capture = saver->capture;
    return refuse(capture->report, error, "reading the memfd %s of process %d: %s",
                  saver->file->name, capture->pid,
                  error == 0 ? "it ends too early" : strerror(-error));
}

/* Behind its end a file's last page may hold bytes, too, which only mappings show. */
static void read_last_page(struct file_saver *saver, uint64_t page, uint8_t *bytes)
{
    const struct capture *capture = saver->capture;
    for (size_t i = 0; i < capture->mapping_count; i++) {
        const struct ckpt_mapping *record = &capture->mappings[i].record;
        if (is_view_of(&capture->mappings[i], saver->index) && page >= record->file_offset &&
            page - record->file_offset < record->end - record->start &&
            pread(capture->mem, bytes, PAGE, (off_t)(record->start + (page - record->file_offset))) == (ssize_t)PAGE)
            return;
    }
}

static int save_data(struct file_saver *saver, uint64_t start, uint64_t end)
{
    uint64_t size = saver->file->record.size;
    for (int error = 0; start < end; ) {
        uint64_t length = end - start < CHUNK_BYTES ? end - start : CHUNK_BYTES;
        uint64_t inside = start + length > size ? size - start : length;
        ssize_t count = pread(saver->file->file, saver->chunk, inside, (off_t)start);
        if (count != (ssize_t)inside)
            return describe_reading(saver, count < 0 ? -errno : 0);
        if (inside < length) {
            memset(saver->chunk + inside, 0, length - inside);
            read_last_page(saver, start + length - PAGE, saver->chunk + length - PAGE);
        }
        error = store_chunk(saver, start, length);
        if (error < 0)
            return error;
        start += length;
    }
    return 0;
}

/* Holes are found by asking, unless the descriptor is the program's: that would move its position. */
static int save_by_file(struct file_saver *saver)
{
    const struct memory_file *file = saver->file;
    uint64_t end = end_of_pages(file->record.size);
    for (uint64_t at = 0; at < end; ) {
        off_t data = file->borrowed ? (off_t)at : lseek(file->file, (off_t)at, SEEK_DATA);
        if (data < 0)
            return errno == ENXIO ? 0 : describe_reading(saver, -errno);
        off_t hole = file->borrowed ? (off_t)end : lseek(file->file, data, SEEK_HOLE);
        if (hole < 0)
            return describe_reading(saver, -errno);
        uint64_t stop = end_of_pages((uint64_t)hole);
        int error = save_data(saver, (uint64_t)data & ~(PAGE - 1), stop);
        if (error < 0)
            return error;
        at = stop;
    }
    return 0;
}

/* ---- without a file, through the mappings ---- */

/* A piece of the file that a mapping shows. */
struct shown_piece {
    uint64_t start, end; /* bytes into the file */
    uint64_t address;
};

static int compare_pieces(const void *left, const void *right)
{
    uint64_t a = ((const struct shown_piece *)left)->start, b = ((const struct shown_piece *)right)->start;
    return a < b ? -1 : a > b;
}

static bool is_readable(const struct capture *capture, uint64_t address)
{
    uint8_t byte;
    return pread(capture->mem, &byte, 1, (off_t)address) == 1;
}

/* Bytes of the mapping that are within the file: pages behind its end cannot be read. */
static uint64_t measure_view(const struct capture *capture, const struct ckpt_mapping *record)
{
    uint64_t inside = 0, outside = (record->end - record->start) / PAGE + 1; /* in pages */
    while (outside - inside > 1) {
        uint64_t middle = inside + (outside - inside) / 2;
        if (is_readable(capture, record->start + (middle - 1) * PAGE))
            inside = middle;
        else
            outside = middle;
    }
    return inside * PAGE;
}

static void list_pieces(struct file_saver *saver, struct buffer *pieces)
{
    struct capture *capture = saver->capture;
    for (size_t i = 0; i < capture->mapping_count; i++) {
        const struct mapping *mapping = &capture->mappings[i];
        const struct ckpt_mapping *record = &mapping->record;
        if (!is_view_of(mapping, saver->index))
            continue;
        uint64_t end = measure_view(capture, record);
        if (end && record->file_offset + end > saver->file->record.size)
            saver->file->record.size = record->file_offset + end;
        const struct page_range *range = (const void *)mapping->shared_pages.data;
        for (size_t n = mapping->shared_pages.size / sizeof(*range); n-- > 0; range++) {
            struct shown_piece piece = {record->file_offset + (range->start - record->start),
                                        record->file_offset + (range->end - record->start), range->start};
            buffer_append(pieces, &piece, sizeof(piece));
        }
    }
}

static int save_by_mappings(struct file_saver *saver)
{
    AUTO_BUFFER struct buffer listed = {0};
    uint64_t done = 0;
    list_pieces(saver, &listed);
    if (listed.failed)
        return out_of_memory(saver->capture);
    struct shown_piece *pieces = (void *)listed.data;
    size_t count = listed.size / sizeof(*pieces);
    if (count)
        qsort(pieces, count, sizeof(*pieces), compare_pieces);
    for (size_t i = 0; i < count; i++) {
        while (pieces[i].end > done) {
            uint64_t start = pieces[i].start > done ? pieces[i].start : done;
            uint64_t length = pieces[i].end - start < CHUNK_BYTES ? pieces[i].end - start : CHUNK_BYTES;
            off_t address = (off_t)(pieces[i].address + (start - pieces[i].start));
            ssize_t read = pread(saver->capture->mem, saver->chunk, length, address);
            if (read != (ssize_t)length)
                return describe_reading(saver, read < 0 ? -errno : 0);
            int error = store_chunk(saver, start, length);
            if (error < 0)
                return error;
            done = start + length;
        }
    }
    return 0;
}

int save_memory_files(struct capture *capture)
{
    AUTO_FREE uint8_t *chunk = aligned_alloc(PAGE, CHUNK_BYTES);
    int error = chunk ? 0 : out_of_memory(capture);
    for (size_t i = 0; error == 0 && i < capture->memory_file_count; i++) {
        struct memory_file *file = &capture->memory_files[i];
        struct file_saver saver = {capture, file, i, chunk};
        file->record.first_extent = capture->file_extents.size / sizeof(struct ckpt_file_extent);
        error = file->file >= 0 ? save_by_file(&saver) : save_by_mappings(&saver);
    }
    return error;
}

int sum_memory_files(struct capture *capture, uint8_t *chunk)
{
    struct ckpt_file_extent *extents = (void *)capture->file_extents.data;
    size_t count = capture->file_extents.size / sizeof(*extents);
    int error = 0;
    for (size_t i = 0; error == 0 && capture->request->keep_running && i < count; i++)
        error = sum_stored(capture, extents[i].file_offset, extents[i].length, chunk, &extents[i].crc);
    return error;
}
