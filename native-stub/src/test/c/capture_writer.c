/* SPDX-License-Identifier: Apache-2.0 */
/* The checkpoint file: whole under its name or not there at all. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>

#include "capture/report.c"
#undef _GNU_SOURCE
#include "capture/writer.c"

#include "src/test/c/support/expect.h"
#include "src/test/c/support/work_folder.h"

static int count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    for (struct dirent *entry; (entry = readdir(directory)); )
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void a_committed_file_has_its_bytes(const char *path)
{
    struct report report = {0};
    struct writer writer;
    char output[WORK_PATH_BYTES + 16], bytes[8] = {0};
    snprintf(output, sizeof(output), "%s/whole", path);
    expect(writer_open(&writer, AT_FDCWD, ".", output, &report) == 0, "opening");
    uint64_t first = writer_reserve(&writer, 5), second = writer_reserve(&writer, 4096);
    expect(first == CKPT_PAGE_SIZE && second == 2 * CKPT_PAGE_SIZE && writer.next == 3 * CKPT_PAGE_SIZE, "reserving");
    struct iovec pieces[2] = {{(void *)(uintptr_t)"abc", 3}, {(void *)(uintptr_t)"de", 2}};
    writer_put_pieces(&writer, first, pieces, 2);
    writer_put(&writer, second, "xyz", 3);
    expect(writer_commit(&writer, &report) == 0 && report.count == 0, "committing");
    writer_close(&writer);
    int fd = open(output, O_RDONLY);
    struct stat status;
    expect(fd >= 0 && pread(fd, bytes, 5, (off_t)first) == 5 && memcmp(bytes, "abcde", 5) == 0, "first piece");
    expect(pread(fd, bytes, 3, (off_t)second) == 3 && memcmp(bytes, "xyz", 3) == 0, "second piece");
    expect(fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0600, "only for its owner");
    close(fd);
    expect(count_entries(path) == 1, "nothing else in the directory");
    unlink(output);
}

static void an_abandoned_file_leaves_nothing(const char *path)
{
    struct report report = {0};
    struct writer writer;
    char output[WORK_PATH_BYTES + 16];
    snprintf(output, sizeof(output), "%s/abandoned", path);
    expect(writer_open(&writer, AT_FDCWD, ".", output, &report) == 0, "opening");
    writer_put(&writer, 0, "x", 1);
    writer_close(&writer);
    expect(count_entries(path) == 0, "an empty directory");
}

static void a_failed_write_is_said_and_leaves_nothing(void)
{
    struct report report = {0};
    struct writer writer = {.directory = -1, .fd = open("/dev/full", O_WRONLY)};
    snprintf(writer.directory_path, sizeof(writer.directory_path), "/somewhere");
    snprintf(writer.name, sizeof(writer.name), "full");
    writer_put(&writer, 0, "x", 1);
    writer_put(&writer, 0, "y", 1);
    expect(writer.error == -ENOSPC, "the first error sticks");
    expect(writer_commit(&writer, &report) == -ENOSPC && report.count == 1, "one line");
    expect(report.count == 1 && strstr(report.lines[0], "/somewhere/full: No space left on device; free space"), "in words");
    report_clear(&report);
    writer_close(&writer);
}

static void impossible_outputs_are_refused(const char *path)
{
    static const char *const parts[] = {"/", "", "/missing/file"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct report report = {0};
        struct writer writer;
        char output[WORK_PATH_BYTES + 16];
        snprintf(output, sizeof(output), "%s%s", path, parts[i]);
        expect(writer_open(&writer, AT_FDCWD, ".", output, &report) < 0 && report.count == 1, parts[i]);
        report_clear(&report);
        writer_close(&writer);
    }
}

int main(void)
{
    const char *path = work_folder();
    a_committed_file_has_its_bytes(path);
    an_abandoned_file_leaves_nothing(path);
    a_failed_write_is_said_and_leaves_nothing();
    impossible_outputs_are_refused(path);
    return failures ? 1 : 0;
}
