/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_NAME "myckpt.dat"
#define WORDS_LIMIT 48
#define KNOWN_FLAGS (UNDUMP_END | UNDUMP_COW | UNDUMP_KEEP_ENVIRON | UNDUMP_RESUME)

/* The caller's structure may be that of an older or newer header. */
static int read_options(struct undump_options *ret, const struct undump_options *given)
{
    *ret = (struct undump_options)UNDUMP_OPTIONS_INIT;
    if (!given)
        return 0;
    if (given->size < offsetof(struct undump_options, checkpoint) + sizeof(given->checkpoint))
        return fail(-EINVAL, "taking a checkpoint: size of the options is %zu; set it to sizeof(struct undump_options)",
                    given->size);
    memcpy(ret, given, given->size < sizeof(*ret) ? given->size : sizeof(*ret));
    for (size_t i = sizeof(*ret); i < given->size; i++)
        if (((const char *)given)[i])
            return fail(-E2BIG, "taking a checkpoint: this libundump is older than the program's undump.h, and does not know what is "
                        "set in its options");
    if (ret->flags & ~KNOWN_FLAGS)
        return fail(-EINVAL, "taking a checkpoint: this libundump does not know the flags 0x%x", ret->flags & ~KNOWN_FLAGS);
    if ((ret->flags & UNDUMP_END) && (ret->flags & UNDUMP_COW))
        return fail(-EINVAL, "taking a checkpoint: UNDUMP_COW is for programs that go on, not for UNDUMP_END");
    return 0;
}

/* The engine takes % for its own signs, and runs in a directory that is ours. */
static int spell_path(char *ret, size_t size, const char *name)
{
    size_t length = 0;
    for (; *name && length + 2 < size; name++) {
        if (*name == '%')
            ret[length++] = '%';
        ret[length++] = *name;
    }
    ret[length] = '\0';
    return *name ? fail(-ENAMETOOLONG, "taking a checkpoint: the file's name is too long") : 0;
}

static int choose_file(char path[PATH_MAX], const struct undump_options *options)
{
    char session[SESSION_PATH_BYTES];
    const char *name = options->checkpoint ? options->checkpoint : DEFAULT_NAME;
    if (options->session) {
        int error = check_session_name(options->session);
        if (error == 0 && options->checkpoint)
            error = fail(-EINVAL, "taking a checkpoint: give either a file or a session, not both");
        if (error == 0)
            error = make_session_directory();
        if (error == 0)
            error = session_checkpoint(options->session, session);
        if (error < 0)
            return error;
        name = session;
    }
    return *name ? spell_path(path, PATH_MAX, name) : fail(-EINVAL, "taking a checkpoint: the file's name is empty");
}

static int ask(const struct undump_options *options, const char *path)
{
    const char *words[WORDS_LIMIT] = {"-o", path};
    size_t count = 2;
    if (!(options->flags & UNDUMP_END))
        words[count++] = options->flags & UNDUMP_COW ? "--cow" : "--continue";
    if (options->flags & UNDUMP_RESUME)
        words[count++] = "--resume";
    for (const char *const *word = options->allow; word && *word; word++) {
        if (count + 2 > WORDS_LIMIT)
            return fail(-E2BIG, "taking a checkpoint: too many words of allow");
        words[count++] = "--allow";
        words[count++] = *word;
    }
    return engine_ask(words, count);
}

static int take(const struct undump_options *options)
{
    char path[PATH_MAX];
    struct hook_run run = {0};
    int error = choose_file(path, options);
    if (error == 0)
        error = hooks_before(&run);
    if (error == 0)
        error = ask(options, path);
    bool launched = error == IMAGE_LAUNCH_LAUNCHED;
    if (launched)
        note_launch(!(options->flags & (UNDUMP_KEEP_ENVIRON | UNDUMP_RESUME)));
    hooks_after(&run, launched);
    if (error < 0)
        return error;
    return launched ? 1 : 0;
}

int undump_checkpoint(const struct undump_options *given)
{
    struct undump_options options;
    forget_failure();
    int error = read_options(&options, given);
    if (error == 0)
        error = engine_take();
    if (error < 0)
        return error;
    error = take(&options);
    engine_leave();
    return error;
}
