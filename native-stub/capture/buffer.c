/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include <string.h>

void *buffer_extend(struct buffer *buffer, size_t size)
{
    if (buffer->failed)
        return NULL;
    if (buffer->capacity - buffer->size < size) {
        size_t capacity = buffer->capacity ? buffer->capacity : 4096;
        while (capacity - buffer->size < size)
            capacity *= 2;
        uint8_t *data = realloc(buffer->data, capacity);
        if (!data) {
            buffer->failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    if (!buffer->data) /* nothing was asked for, and nothing is there */
        return NULL;
    void *start = buffer->data + buffer->size;
    memset(start, 0, size);
    buffer->size += size;
    return start;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    void *start = buffer_extend(buffer, size);
    if (start && size)
        memcpy(start, bytes, size);
}

void buffer_align(struct buffer *buffer, size_t alignment)
{
    buffer_extend(buffer, -buffer->size & (alignment - 1));
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

struct ckpt_string strings_add(struct buffer *strings, const char *text, size_t length)
{
    if (length == 0)
        return (struct ckpt_string){0, 0};
    if (strings->size == 0)
        buffer_extend(strings, 1);
    struct ckpt_string string = {(uint32_t)strings->size, (uint32_t)length};
    buffer_append(strings, text, length);
    buffer_extend(strings, 1);
    return string;
}

struct ckpt_string strings_add_text(struct buffer *strings, const char *text)
{
    return strings_add(strings, text, strlen(text));
}
