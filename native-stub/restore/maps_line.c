// SPDX-License-Identifier: Apache-2.0
#include "restore/maps_line.h"

#include "restore/abi.h"

struct reader {
    const char *next, *end;
    bool good;
};

static uint32_t digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint32_t)(c - 'a') + 10;
    return UINT32_MAX;
}

/* At least one digit, no more than fit. */
static uint64_t number(struct reader *reader, uint32_t base)
{
    uint64_t value = 0;
    const char *start = reader->next;

    for (; reader->next < reader->end; reader->next++) {
        uint32_t digit = digit_of(*reader->next);

        if (digit >= base)
            break;
        if (value > (UINT64_MAX - digit) / base)
            reader->good = false;
        value = value * base + digit;
    }
    reader->good &= reader->next > start;
    return value;
}

static void expect_char(struct reader *reader, char c)
{
    reader->good &= reader->next < reader->end && *reader->next == c;
    reader->next += reader->good;
}

/* One letter of the rights: yes, no, or neither. */
static bool right(struct reader *reader, char yes, char no)
{
    char c = reader->next < reader->end ? *reader->next : '\0';

    reader->good &= c == yes || c == no;
    reader->next += reader->good;
    return c == yes;
}

bool maps_line_read(const char *text, uint64_t length, struct maps_vma *ret_vma)
{
    struct reader reader = {.next = text, .end = text + length, .good = true};

    ret_vma->start = number(&reader, 16);
    expect_char(&reader, '-');
    ret_vma->end = number(&reader, 16);
    expect_char(&reader, ' ');
    ret_vma->protection = right(&reader, 'r', '-') ? ABI_PROT_READ : 0;
    ret_vma->protection |= right(&reader, 'w', '-') ? ABI_PROT_WRITE : 0;
    ret_vma->protection |= right(&reader, 'x', '-') ? ABI_PROT_EXEC : 0;
    ret_vma->shared = right(&reader, 's', 'p');
    expect_char(&reader, ' ');
    ret_vma->offset = number(&reader, 16);
    expect_char(&reader, ' ');
    ret_vma->device_major = number(&reader, 16);
    expect_char(&reader, ':');
    ret_vma->device_minor = number(&reader, 16);
    expect_char(&reader, ' ');
    ret_vma->inode = number(&reader, 10);
    if (reader.good && reader.next < reader.end)
        expect_char(&reader, ' ');
    return reader.good && ret_vma->start < ret_vma->end;
}
