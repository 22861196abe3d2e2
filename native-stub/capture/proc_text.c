/* SPDX-License-Identifier: Apache-2.0 */
#include "proc_text.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint_format.h"

const char *text_field(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line && *line; ) {
        if (strncmp(line, name, length) == 0) {
            line += length;
            while (*line == ' ' || *line == '\t')
                line++;
            return line;
        }
        line = strchr(line, '\n');
        if (line)
            line++;
    }
    return NULL;
}

uint64_t text_number(const char *text, const char *name, int base, uint64_t fallback)
{
    const char *field = text_field(text, name);
    if (!field)
        return fallback;
    char *end;
    uint64_t number = strtoull(field, &end, base);
    return end == field ? fallback : number;
}

uint64_t text_last_number(const char *text, const char *name, uint64_t fallback)
{
    const char *field = text_field(text, name);
    uint64_t number = fallback;
    while (field && *field && *field != '\n') {
        char *end;
        uint64_t next = strtoull(field, &end, 10);
        if (end == field)
            break;
        number = next;
        for (field = end; *field == ' ' || *field == '\t'; field++)
            ;
    }
    return number;
}

void text_line(const char *start, char *copy, size_t size)
{
    size_t length = strcspn(start, "\n");
    if (length > size - 1)
        length = size - 1;
    memcpy(copy, start, length);
    copy[length] = 0;
}

static const char *stat_text(const char *stat, unsigned number)
{
    const char *field = strrchr(stat, ')');
    if (!field)
        return NULL;
    for (unsigned at = 2; at < number; at++) {
        field = strchr(field, ' ');
        if (!field)
            return NULL;
        field++;
    }
    return field;
}

uint64_t stat_field(const char *stat, unsigned number)
{
    const char *field = stat_text(stat, number);
    return field ? strtoull(field, NULL, 10) : 0;
}

char stat_state(const char *stat)
{
    const char *field = stat_text(stat, 3);
    return field ? *field : 0;
}

static const char *sched_value(const char *text, const char *name)
{
    const char *field = text_field(text, name);
    if (!field || *field != ':')
        return NULL;
    return field + 1 + strspn(field + 1, " ");
}

uint64_t sched_nanoseconds(const char *text, const char *name)
{
    const char *value = sched_value(text, name);
    if (!value)
        return 0;
    char *end;
    uint64_t milliseconds = strtoull(value, &end, 10);
    uint64_t fraction = 0;
    if (*end == '.') {
        const char *digits = end + 1;
        fraction = strtoull(digits, &end, 10);
        for (long count = end - digits; count < 6; count++)
            fraction *= 10;
    }
    return milliseconds * 1000000 + fraction;
}

uint64_t sched_count(const char *text, const char *name)
{
    const char *value = sched_value(text, name);
    return value ? strtoull(value, NULL, 10) : 0;
}

static bool take_hex(const char **text, char stop, uint64_t *ret)
{
    char *end;
    *ret = strtoull(*text, &end, 16);
    if (end == *text || *end != stop)
        return false;
    *text = end + 1;
    return true;
}

bool parse_map_line(const char *line, struct map_line *ret)
{
    struct map_line map = {0};
    uint64_t major, minor;
    if (!take_hex(&line, '-', &map.start) || !take_hex(&line, ' ', &map.end))
        return false;
    if (strnlen(line, 5) < 5 || line[4] != ' ')
        return false;
    memcpy(map.access, line, 4);
    line += 5;
    if (!take_hex(&line, ' ', &map.offset) || !take_hex(&line, ':', &major) || !take_hex(&line, ' ', &minor))
        return false;
    char *end;
    map.inode = strtoull(line, &end, 10);
    if (end == line)
        return false;
    map.dev_major = (uint32_t)major;
    map.dev_minor = (uint32_t)minor;
    map.name = end + strspn(end, " ");
    map.name_length = strcspn(map.name, "\n");
    *ret = map;
    return true;
}

size_t unescape_path(char *path, size_t length)
{
    static const char escaped_newline[4] = {'\\', '0', '1', '2'};
    size_t to = 0;
    for (size_t from = 0; from < length; from++) {
        if (length - from >= sizeof(escaped_newline) && memcmp(path + from, escaped_newline, sizeof(escaped_newline)) == 0) {
            path[to++] = '\n';
            from += sizeof(escaped_newline) - 1;
        } else {
            path[to++] = path[from];
        }
    }
    return to;
}

bool strip_deleted(const char *path, size_t *length)
{
    static const char mark[] = " (deleted)";
    size_t size = sizeof(mark) - 1;
    if (*length < size || memcmp(path + *length - size, mark, size) != 0)
        return false;
    *length -= size;
    return true;
}

static const struct {
    char name[3];
    uint32_t flag;
} VM_FLAG_NAMES[] = { /* fs/proc/task_mmu.c, show_smap_vma_flags */
    {"gd", CKPT_VMA_GROWSDOWN},  {"nr", CKPT_VMA_NORESERVE}, {"lo", CKPT_VMA_LOCKED},     {"lf", CKPT_VMA_LOCKED_ON_FAULT},
    {"dc", CKPT_VMA_DONTFORK},   {"dd", CKPT_VMA_DONTDUMP},  {"wf", CKPT_VMA_WIPEONFORK}, {"mg", CKPT_VMA_MERGEABLE},
    {"hg", CKPT_VMA_HUGEPAGE},   {"nh", CKPT_VMA_NOHUGEPAGE}, {"sr", CKPT_VMA_SEQUENTIAL}, {"rr", CKPT_VMA_RANDOM},
    {"dp", CKPT_VMA_DROPPABLE},  {"sl", CKPT_VMA_SEALED},    {"mw", CKPT_VMA_MAY_WRITE},  {"ac", CKPT_VMA_ACCOUNTED},
};

void parse_vm_flags(const char *text, struct vm_flags *ret)
{
    struct vm_flags result = {0};
    while (*text && *text != '\n') {
        for (size_t i = 0; i < sizeof(VM_FLAG_NAMES) / sizeof(VM_FLAG_NAMES[0]); i++)
            if (memcmp(text, VM_FLAG_NAMES[i].name, 2) == 0)
                result.flags |= VM_FLAG_NAMES[i].flag;
        result.huge_pages |= memcmp(text, "ht", 2) == 0;
        result.io |= memcmp(text, "io", 2) == 0 || memcmp(text, "pf", 2) == 0;
        result.userfault |= memcmp(text, "um", 2) == 0 || memcmp(text, "uw", 2) == 0 || memcmp(text, "ui", 2) == 0;
        result.shadow_stack |= memcmp(text, "ss", 2) == 0;
        text += 2;
        text += strspn(text, " ");
        if (text[0] && !text[1])
            break;
    }
    *ret = result;
}
