/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static _Atomic(struct undump_launch *) launched;

/* The strings that stand one behind the other from start to end, and pointers to them: one block of memory, never freed, for
 * anybody may hold a part of it. */
static char **copy_strings(uint64_t start, uint64_t end, int *ret_count)
{
    size_t size = start < end ? (size_t)(end - start) : 0, count = 0;
    const char *from = (const char *)(uintptr_t)start;
    for (size_t i = 0; i < size; i++)
        count += from[i] == '\0';
    char **strings = malloc((count + 1) * sizeof(char *) + size + 1);
    if (!strings)
        return NULL;
    char *to = (char *)(strings + count + 1);
    if (size)
        memcpy(to, from, size);
    for (size_t i = 0; i < count; i++, to += strlen(to) + 1)
        strings[i] = to;
    strings[count] = NULL;
    *ret_count = (int)count;
    return strings;
}

int note_launch(bool take_environ)
{
    const struct image_launch_record *record = &launch_record;
    int variables;
    struct undump_launch *launch = calloc(1, sizeof(*launch));
    if (!launch)
        return fail(-ENOMEM, "reading what the launch was given: out of memory");
    launch->size = sizeof(*launch);
    launch->generation = record->generation;
    memcpy(launch->nonce, record->nonce, sizeof(launch->nonce));
    launch->argv = copy_strings(record->arg_start, record->arg_end, &launch->argc);
    launch->envp = copy_strings(record->env_start, record->env_end, &variables);
    launch->directory = strdup((const char *)record->directory);
    if (!launch->argv || !launch->envp || !launch->directory)
        return fail(-ENOMEM, "reading what the launch was given: out of memory");
    if (take_environ) {
        char **own = copy_strings(record->env_start, record->env_end, &variables); /* setenv may change it, not envp */
        if (own)
            environ = own;
    }
    atomic_store(&launched, launch);
    return 0;
}

const struct undump_launch *undump_launched(void)
{
    return atomic_load(&launched);
}
