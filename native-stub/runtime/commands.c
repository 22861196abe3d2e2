/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *chosen_ckpt, *chosen_undump;

/* ---- whom to believe ---- */

/* The second question is for launches, whose auxiliary vector is that of the capture. */
bool is_privileged(void)
{
    return getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid();
}

const char *setting(const char *name)
{
    return is_privileged() ? NULL : getenv(name);
}

/* ---- looking ---- */

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static bool join(struct command *ret, const char *directory, size_t length, const char *name)
{
    int written = snprintf(ret->path, sizeof(ret->path), "%.*s/%s", (int)length, directory, name);
    return written > 0 && (size_t)written < sizeof(ret->path) && is_program(ret->path);
}

/* The folder of the library's own file, or of the program that it is linked into. That one is known by what it was called, which is
 * no path when it was found in PATH. */
static size_t own_directory(char path[PATH_MAX])
{
    Dl_info info;
    if (!dladdr(&launch_record, &info) || !info.dli_fname || !strchr(info.dli_fname, '/') || !realpath(info.dli_fname, path))
        return 0;
    char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static bool is_beside_library(struct command *ret, const char *const *places)
{
    char path[PATH_MAX];
    size_t length = own_directory(path);
    for (; length && *places; places++)
        if (join(ret, path, length, *places))
            return true;
    return false;
}

static bool is_in_search_path(struct command *ret, const char *name)
{
    const char *at = getenv("PATH");
    for (; at && *at; at += strcspn(at, ":"), at += *at == ':') {
        size_t length = strcspn(at, ":");
        if (length && *at == '/' && join(ret, at, length, name))
            return true;
    }
    return false;
}

static int find(struct command *ret, char *const *chosen, const char *name, const char *variable, const char *const *places)
{
    const char *given = NULL;
    char copy[SESSION_PATH_BYTES] = "";
    pthread_mutex_lock(&mutex);
    if (*chosen)
        given = strncpy(copy, *chosen, sizeof(copy) - 1);
    pthread_mutex_unlock(&mutex);
    if (!given)
        given = setting(variable);
    if (given && *given) {
        snprintf(ret->path, sizeof(ret->path), "%s", given);
        return is_program(given) ? 0 : fail(-ENOENT, "%s is to be the %s command, but no program is there; see %s in undump.h",
                                            given, name, variable);
    }
    if (is_privileged())
        return fail(-ENOENT, "this program has rights that its caller may not have (set-user-ID), who could say where the %s "
                    "command is; name it by undump_set_commands", name);
    if (is_beside_library(ret, places) || is_in_search_path(ret, name))
        return 0;
    return fail(-ENOENT, "the %s command is neither beside libundump nor in PATH; set %s to its path", name, variable);
}

int find_ckpt(struct command *ret)
{
    static const char *const places[] = {"ckpt", "../bin/ckpt", NULL};
    return find(ret, &chosen_ckpt, "ckpt", "UNDUMP_CKPT", places);
}

int find_undump(struct command *ret)
{
    static const char *const places[] = {"../bin/undump", "../../bin/undump", "../../../bin/undump", NULL};
    return find(ret, &chosen_undump, "undump", "UNDUMP_COMMAND", places);
}

static int choose(char **chosen, const char *path)
{
    char *copy = path ? strdup(path) : NULL;
    if (path && !copy)
        return fail(-ENOMEM, "out of memory");
    if (path) {
        free(*chosen);
        *chosen = copy;
    }
    return 0;
}

/* ---- fork(2) in another thread ---- */

void commands_before_fork(void)
{
    pthread_mutex_lock(&mutex);
}

void commands_after_fork(void)
{
    pthread_mutex_unlock(&mutex);
}

int undump_set_commands(const char *ckpt, const char *undump)
{
    if ((ckpt && strlen(ckpt) >= SESSION_PATH_BYTES) || (undump && strlen(undump) >= SESSION_PATH_BYTES))
        return fail(-ENAMETOOLONG, "the path of a command is longer than %d bytes", SESSION_PATH_BYTES);
    pthread_mutex_lock(&mutex);
    int error = choose(&chosen_ckpt, ckpt);
    if (error == 0)
        error = choose(&chosen_undump, undump);
    pthread_mutex_unlock(&mutex);
    return error;
}
