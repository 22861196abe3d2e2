/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "proc_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FORMAT_PROC_PATH(path, format)                                                   \
    do {                                                                                 \
        va_list arguments;                                                               \
        va_start(arguments, format);                                                     \
        memcpy(path, "/proc/", 6);                                                       \
        vsnprintf(path + 6, sizeof(path) - 6, format, arguments);                        \
        va_end(arguments);                                                               \
    } while (0)

int read_proc(struct buffer *buffer, const char *path_format, ...)
{
    char path[128];
    FORMAT_PROC_PATH(path, path_format);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    buffer->size = 0;
    for (;;) {
        /* Large reads: seq files of many records are consistent only within one read. */
        size_t before = buffer->size;
        uint8_t *space = buffer_extend(buffer, before ? before : 16384);
        if (!space)
            return -ENOMEM;
        ssize_t count = read(fd, space, buffer->size - before);
        if (count < 0)
            return -errno;
        buffer->size = before + (size_t)count;
        if (count == 0)
            break;
    }
    uint8_t *end = buffer_extend(buffer, 1);
    if (!end)
        return -ENOMEM;
    buffer->size--;
    return 0;
}

ssize_t read_proc_link(char *target, size_t size, const char *path_format, ...)
{
    char path[128];
    FORMAT_PROC_PATH(path, path_format);
    ssize_t length = readlink(path, target, size - 1);
    if (length < 0)
        return -errno;
    target[length] = 0;
    return length;
}

int open_proc(int flags, const char *path_format, ...)
{
    char path[128];
    FORMAT_PROC_PATH(path, path_format);
    int fd = open(path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int compare_numbers(const void *left, const void *right)
{
    pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;
    return a < b ? -1 : a > b;
}

int list_proc_numbers(pid_t **ret_numbers, size_t *ret_count, const char *path_format, ...)
{
    char path[128];
    FORMAT_PROC_PATH(path, path_format);
    DIR *directory = opendir(path);
    if (!directory)
        return -errno;
    struct buffer numbers = {0};
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        pid_t number = (pid_t)strtol(entry->d_name, NULL, 10);
        buffer_append(&numbers, &number, sizeof(number));
    }
    int error = -errno;
    closedir(directory);
    if (error < 0 || numbers.failed) {
        buffer_free(&numbers);
        return error < 0 ? error : -ENOMEM;
    }
    size_t count = numbers.size / sizeof(pid_t);
    if (count)
        qsort(numbers.data, count, sizeof(pid_t), compare_numbers);
    *ret_numbers = (pid_t *)(void *)numbers.data;
    *ret_count = count;
    return 0;
}
