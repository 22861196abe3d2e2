/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hook {
    struct undump_hooks calls; /* name is our own copy */
    int id;
    bool removed;              /* by itself or another while they run */
};

static pthread_mutex_t hooks_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hook **hooks; /* in the order of registration */
static size_t hook_count;
static int last_id;

static struct hook *new_hook(const struct undump_hooks *given)
{
    struct hook *hook = calloc(1, sizeof(*hook));
    if (!hook)
        return NULL;
    memcpy(&hook->calls, given, given->size < sizeof(hook->calls) ? given->size : sizeof(hook->calls));
    hook->calls.name = strdup(given->name ? given->name : "unnamed");
    if (hook->calls.name)
        return hook;
    free(hook);
    return NULL;
}

static void free_hook(struct hook *hook)
{
    free((char *)hook->calls.name);
    free(hook);
}

int undump_add_hooks(const struct undump_hooks *given)
{
    if (!given || given->size < offsetof(struct undump_hooks, before))
        return fail(-EINVAL, "adding hooks: set their size to sizeof(struct undump_hooks)");
    struct hook *hook = new_hook(given);
    pthread_mutex_lock(&hooks_mutex);
    struct hook **grown = hook ? realloc(hooks, (hook_count + 1) * sizeof(struct hook *)) : NULL;
    if (grown) {
        hooks = grown;
        hooks[hook_count++] = hook;
        hook->id = ++last_id;
    }
    int id = grown ? hook->id : 0;
    pthread_mutex_unlock(&hooks_mutex);
    if (id)
        return id;
    if (hook)
        free_hook(hook);
    return fail(-ENOMEM, "adding hooks: out of memory");
}

static size_t find_hook(int id)
{
    size_t at = 0;
    while (at < hook_count && (hooks[at]->id != id || hooks[at]->removed))
        at++;
    return at;
}

static void forget_removed(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < hook_count; i++) {
        if (hooks[i]->removed)
            free_hook(hooks[i]);
        else
            hooks[kept++] = hooks[i];
    }
    hook_count = kept;
}

static bool running; /* hooks are, so none may be freed */

void hooks_before_fork(void)
{
    pthread_mutex_lock(&hooks_mutex);
}

void hooks_after_fork(void)
{
    pthread_mutex_unlock(&hooks_mutex);
}

int undump_remove_hooks(int id)
{
    pthread_mutex_lock(&hooks_mutex);
    size_t at = find_hook(id);
    bool found = at < hook_count;
    if (found)
        hooks[at]->removed = true;
    if (found && !running)
        forget_removed();
    pthread_mutex_unlock(&hooks_mutex);
    return found ? 0 : fail(-ENOENT, "removing hooks: there are none of id %d", id);
}

/* ---- running them ---- */

static int begin(struct hook_run *run)
{
    pthread_mutex_lock(&hooks_mutex);
    run->hooks = malloc(hook_count * sizeof(struct hook *) + 1);
    if (run->hooks && hook_count)
        memcpy(run->hooks, hooks, hook_count * sizeof(struct hook *));
    run->count = run->hooks ? hook_count : 0;
    running = run->hooks != NULL;
    pthread_mutex_unlock(&hooks_mutex);
    return run->hooks ? 0 : fail(-ENOMEM, "taking a checkpoint: out of memory");
}

static void end(struct hook_run *run)
{
    pthread_mutex_lock(&hooks_mutex);
    running = false;
    forget_removed();
    pthread_mutex_unlock(&hooks_mutex);
    free(run->hooks);
    run->hooks = NULL;
}

int hooks_before(struct hook_run *run)
{
    int error = begin(run);
    while (error == 0 && run->ran < run->count) {
        const struct hook *hook = run->hooks[run->count - 1 - run->ran];
        int answer = hook->calls.before && !hook->removed ? hook->calls.before(hook->calls.data) : 0;
        if (answer)
            error = fail(-ECANCELED, "taking a checkpoint: the hook \"%s\" said no (%d)", hook->calls.name, answer);
        else
            run->ran++;
    }
    return error;
}

int hooks_after(struct hook_run *run, bool launched)
{
    char failed[1024] = "", before[SENTENCE_BYTES];
    size_t length = 0;
    if (!run->hooks)
        return 0;
    snprintf(before, sizeof(before), "%s", undump_error()); /* a hook may call functions that forget it */
    for (size_t i = run->count - run->ran; i < run->count; i++) {
        const struct hook *hook = run->hooks[i];
        int (*call)(void *) = launched ? hook->calls.after_launch : hook->calls.after_resume;
        int answer = call && !hook->removed ? call(hook->calls.data) : 0;
        if (answer && length < sizeof(failed))
            length += (size_t)snprintf(failed + length, sizeof(failed) - length, "%s\"%s\" (%d)", length ? ", " : "",
                                       hook->calls.name, answer);
    }
    end(run);
    if (!length)
        return fail(0, "%s", before);
    return fail(-EIO, "%s%safter the checkpoint these hooks failed: %s", before, *before ? "; " : "", failed);
}
