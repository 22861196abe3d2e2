/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for libundump.so where the tests are about what the package does with its answers, those that no program gets on demand
 * among them. The test says with fake_next() what the next checkpoint comes to. */
#include "undump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOOKS 64

static struct undump_hooks hooks[HOOKS];
static int hook_count;
static char sentence[1024], seen[1024], undone[256];
static int next_result;
static struct undump_launch launch, *launched;

void fake_next(int result, const char *error, int argc, char *const *argv, char *const *envp)
{
    next_result = result;
    snprintf(sentence, sizeof(sentence), "%s", error);
    launch = (struct undump_launch){sizeof(launch), launch.generation + 1, {0}, argc, argv, envp, "/fake"};
    memset(launch.nonce, (int)launch.generation, sizeof(launch.nonce));
}

void fake_reset(void)
{
    launched = NULL;
    launch.generation = 0;
    seen[0] = undone[0] = '\0';
}

const char *fake_seen(void)
{
    return seen;
}

static void note(const struct undump_options *options)
{
    int length = snprintf(seen, sizeof(seen), "size %zu checkpoint %s session %s flags %x allow", options->size,
                          options->checkpoint ? options->checkpoint : "-", options->session ? options->session : "-", options->flags);
    for (const char *const *word = options->allow; *word; word++)
        length += snprintf(seen + length, sizeof(seen) - (size_t)length, " %s", *word);
}

int undump_checkpoint(const struct undump_options *options)
{
    char failed[256] = "", given[sizeof(sentence)];
    note(options);
    snprintf(given, sizeof(given), "%s", sentence);
    sentence[0] = '\0';
    int result = next_result, ran = hook_count;
    while (ran > 0) {
        if (hooks[--ran].before && hooks[ran].before(hooks[ran].data)) {
            snprintf(sentence, sizeof(sentence), "hook \"%s\" said no", hooks[ran].name);
            result = -ECANCELED;
            ran++;
            break;
        }
    }
    if (result == 1)
        launched = &launch;
    for (; ran < hook_count; ran++) {
        int (*call)(void *) = result == 1 ? hooks[ran].after_launch : hooks[ran].after_resume;
        if (call && call(hooks[ran].data))
            snprintf(failed + strlen(failed), sizeof(failed) - strlen(failed), " %s", hooks[ran].name);
    }
    if (result != -ECANCELED)
        snprintf(sentence, sizeof(sentence), "%s%s%s", given, *failed ? "hooks failed:" : "", failed);
    return result;
}

const char *undump_error(void)
{
    return sentence;
}

const struct undump_launch *undump_launched(void)
{
    return launched;
}

int undump_add_hooks(const struct undump_hooks *given)
{
    hooks[hook_count] = *given;
    hooks[hook_count].name = strdup(given->name);
    return ++hook_count;
}

int undump_remove_hooks(int id)
{
    hooks[id - 1].before = hooks[id - 1].after_resume = hooks[id - 1].after_launch = NULL;
    return 0;
}

int undump_sessions(int (*visit)(const struct undump_session *session, void *data), void *data)
{
    struct undump_session first = {sizeof(first), "first", "/s/first.ckpt", "/s/first.image", 1000000000, 3 << 20};
    struct undump_session second = {sizeof(second), "sec\xff", "/s/second.ckpt", "/bin/true", 2500000000, 4096};
    int answer = visit(&first, data);
    return answer ? answer : visit(&second, data);
}

static int refuse(const char *what, const char *session)
{
    snprintf(sentence, sizeof(sentence), "%s %s: no such session", what, session);
    return -ENOENT;
}

int undump_session_image(const char *session)
{
    return strcmp(session, "first") == 0 ? 0 : refuse("image", session);
}

int undump_session_remove(const char *session)
{
    return strcmp(session, "first") == 0 ? 0 : refuse("remove", session);
}

int undump_rollback(const char *session)
{
    return refuse("go back to", session);
}
