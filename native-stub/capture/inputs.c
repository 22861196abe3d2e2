/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "inputs.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mappings.h"

#define PERMISSIONS 07777u
#define CONTENT_BYTES 48

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* /tmp/hsperfdata_USER: each JVM shows its counters there to tools and clears away those of dead ones. No JVM reads a file of
 * another, and the folder is never the same twice. */
static bool is_performance_folder(const char *path)
{
    const char *name = strstr(path, "/hsperfdata_");
    return name && (strchr(name + 1, '/') == NULL || is_performance_data(path));
}

bool is_never_input(const char *path)
{
    while (path[0] == '/' && path[1] == '/')
        path++;
    return is_below(path, "/proc") || is_below(path, "/dev") || is_below(path, "/sys") || is_performance_folder(path);
}

static bool is_same_file(const struct look *a, const struct look *b)
{
    return a->device == b->device && a->inode == b->inode;
}

bool differs(const struct look *a, const struct look *b, unsigned saw)
{
    if (a->mode != b->mode && ((a->mode ^ b->mode) & (S_IFMT | PERMISSIONS)))
        return true;
    if (a->mode == 0)
        return false;
    if (saw & (SAW_CONTENT | SAW_LINK))
        return !is_same_file(a, b) || a->size != b->size || a->mtime_ns != b->mtime_ns || a->ctime_ns != b->ctime_ns;
    if (saw & SAW_ENTRIES)
        return !is_same_file(a, b) || a->mtime_ns != b->mtime_ns;
    return S_ISREG(a->mode) && (a->size != b->size || a->mtime_ns != b->mtime_ns);
}

char *read_target(const char *path)
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof(target));
    return length > 0 && length < (ssize_t)sizeof(target) ? strndup(target, (size_t)length) : NULL;
}

static struct input *find_input(struct inputs *inputs, const char *path, const struct look *look)
{
    long number = names_find(&inputs->paths, path);
    if (number >= 0)
        return &inputs->list[number];
    if (is_never_input(path) || is_own_making(inputs, path, look))
        return NULL;
    if (inputs->paths.count == inputs->capacity) {
        size_t capacity = inputs->capacity ? 2 * inputs->capacity : 256;
        struct input *list = realloc(inputs->list, capacity * sizeof(*list));
        if (!list) {
            inputs->failed = true;
            return NULL;
        }
        inputs->list = list;
        inputs->capacity = capacity;
    }
    number = names_add(&inputs->paths, path, NULL);
    if (number < 0) {
        inputs->failed = true;
        return NULL;
    }
    inputs->list[number] = (struct input){0};
    return &inputs->list[number];
}

static void see_link(struct inputs *inputs, const char *path, struct input *input, const struct look *look)
{
    if (!input->link.taken) {
        input->link = *look;
        input->target = read_target(path);
        if (!input->target) /* it is gone or another one by now */
            input->changed = !is_own_change(inputs, path, look, &NOTHING_THERE);
    } else if (differs(&input->link, look, SAW_LINK) && !is_own_change(inputs, path, &input->link, look)) {
        input->changed = true;
    }
    input->saw |= SAW_LINK;
}

static void key_of_content(char key[CONTENT_BYTES], const struct look *look)
{
    snprintf(key, CONTENT_BYTES, "%llx:%llx", (unsigned long long)look->device, (unsigned long long)look->inode);
}

void inputs_see(struct inputs *inputs, const char *path, unsigned saw, const struct look *look)
{
    struct input *input = find_input(inputs, path, look);
    if (!input)
        return;
    if (saw & SAW_LINK) {
        see_link(inputs, path, input, look);
        return;
    }
    if (!input->file.taken)
        input->file = *look;
    else if (differs(&input->file, look, input->saw & ~SAW_LINK) && !is_own_change(inputs, path, &input->file, look))
        input->changed = true;
    else if ((saw & ~input->saw) > SAW_STATUS && input->file.mode)
        input->file = *look; /* it has only now seen what this tells */
    input->saw |= saw;
    if (saw & SAW_CONTENT) {
        char key[CONTENT_BYTES];
        key_of_content(key, look);
        names_add(&inputs->contents, key, NULL);
    }
}

bool saw_content(const struct inputs *inputs, const struct look *look)
{
    char key[CONTENT_BYTES];
    key_of_content(key, look);
    return names_find(&inputs->contents, key) >= 0;
}

void inputs_see_entries(struct inputs *inputs, const struct look *directory, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < inputs->paths.count; i++) {
        const struct input *input = &inputs->list[i];
        if (!input->file.taken || !S_ISDIR(input->file.mode) || !is_same_file(&input->file, directory))
            continue;
        found = true;
        if (!(input->saw & SAW_ENTRIES))
            inputs_see(inputs, inputs->paths.texts[i], SAW_ENTRIES, directory);
    }
    if (!found && name)
        inputs_see(inputs, name, SAW_ENTRIES, directory);
}

void inputs_give_up(struct inputs *inputs, const char *format, ...)
{
    va_list arguments;
    if (inputs->inexact)
        return;
    va_start(arguments, format);
    if (vasprintf(&inputs->inexact, format, arguments) < 0) {
        inputs->inexact = NULL;
        inputs->failed = true;
    }
    va_end(arguments);
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->paths.count; i++)
        free(inputs->list[i].target);
    free(inputs->list);
    free(inputs->inexact);
    names_free(&inputs->paths);
    names_free(&inputs->own);
    names_free(&inputs->contents);
    *inputs = (struct inputs){0};
}
