/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: NAME.ckpt in one directory, and beside it NAME.ID.image, an executable made of the checkpoint whose id (32 hexadecimal
 * digits) its name has. So an image can never be taken for that of a newer checkpoint.
 */
#define _GNU_SOURCE
#include "runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint_format.h"

#define CHECKPOINT_SUFFIX ".ckpt"
#define IMAGE_SUFFIX ".image"
#define ID_DIGITS (2 * sizeof(((struct ckpt_header *)0)->id))
#define NAME_LIMIT 180 /* bytes: with id and suffix it has to be a file's name */

int check_session_name(const char *session)
{
    size_t length = strlen(session);
    if (length == 0 || length > NAME_LIMIT || session[0] == '.' || strchr(session, '/'))
        return fail(-EINVAL, "a session's name has 1 to %d bytes, no slash, and does not begin with a dot: \"%.200s\"", NAME_LIMIT,
                    session);
    return 0;
}

static int join(char path[SESSION_PATH_BYTES], const char *directory, const char *below)
{
    int length = snprintf(path, SESSION_PATH_BYTES, "%s%s", directory, below);
    return length < SESSION_PATH_BYTES ? 0 : fail(-ENAMETOOLONG, "the path of the sessions' directory is too long");
}

static int session_directory(char path[SESSION_PATH_BYTES])
{
    const char *own = setting("UNDUMP_SESSIONS"), *state = setting("XDG_STATE_HOME"), *home = setting("HOME");
    if (own && *own == '/')
        return join(path, own, "");
    if (own && *own)
        return fail(-EINVAL, "UNDUMP_SESSIONS is %s: it has to be an absolute path", own);
    if (state && *state == '/')
        return join(path, state, "/undump/sessions");
    if (home && *home == '/')
        return join(path, home, "/.local/state/undump/sessions");
    return fail(-ENOENT, "there is no place for sessions: %s",
                is_privileged() ? "this program has rights that its caller may not have (set-user-ID)" : "set UNDUMP_SESSIONS or HOME");
}

/* Images hold the program's memory: nobody else looks in. */
int make_session_directory(void)
{
    char path[SESSION_PATH_BYTES];
    int error = session_directory(path);
    if (error < 0)
        return error;
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0777);
        *at = '/';
    }
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    return fail(-errno, "making the sessions' directory %s: %s", path, strerror(errno));
}

int session_checkpoint(const char *session, char path[SESSION_PATH_BYTES])
{
    char directory[SESSION_PATH_BYTES];
    int error = session_directory(directory);
    if (error < 0)
        return error;
    if (snprintf(path, SESSION_PATH_BYTES, "%s/%s" CHECKPOINT_SUFFIX, directory, session) >= SESSION_PATH_BYTES)
        return fail(-ENAMETOOLONG, "the path of the sessions' directory is too long");
    return 0;
}

/* Where the image of a session's checkpoint belongs, be it there or not. */
static int place_of_image(const char *session, const char *checkpoint, char path[SESSION_PATH_BYTES])
{
    struct ckpt_header header;
    size_t used = strlen(checkpoint) - strlen(CHECKPOINT_SUFFIX);
    int fd = open(checkpoint, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(-errno, "going back to session %s: %s: %s", session, checkpoint, strerror(errno));
    ssize_t got = pread(fd, &header, sizeof(header), 0);
    close(fd);
    if (got != (ssize_t)sizeof(header) || memcmp(header.magic, CKPT_MAGIC, sizeof(header.magic)) != 0)
        return fail(-EINVAL, "going back to session %s: %s is no checkpoint", session, checkpoint);
    if (used + 2 * sizeof(header.id) + sizeof(IMAGE_SUFFIX) + 1 > SESSION_PATH_BYTES)
        return fail(-ENAMETOOLONG, "the path of the sessions' directory is too long");
    memcpy(path, checkpoint, used);
    path[used++] = '.';
    for (size_t i = 0; i < sizeof(header.id); i++)
        used += (size_t)sprintf(path + used, "%02x", header.id[i]);
    strcpy(path + used, IMAGE_SUFFIX);
    return 0;
}

/* Whether that is the name of an image of the session, of any checkpoint. */
static bool is_image_of(const char *name, const char *session)
{
    size_t length = strlen(session), digits;
    if (strncmp(name, session, length) != 0 || name[length] != '.')
        return false;
    digits = strspn(name + length + 1, "0123456789abcdef");
    return digits == ID_DIGITS && strcmp(name + length + 1 + digits, IMAGE_SUFFIX) == 0;
}

/* Removes the images of a session, but for the one that is kept (NULL: none). A process that runs one goes on. */
static void remove_images(const char *session, const char *kept)
{
    char path[SESSION_PATH_BYTES];
    DIR *directory = session_directory(path) == 0 ? opendir(path) : NULL;
    const char *kept_name = kept && strrchr(kept, '/') ? strrchr(kept, '/') + 1 : "";
    for (const struct dirent *entry; directory && (entry = readdir(directory)); )
        if (is_image_of(entry->d_name, session) && strcmp(entry->d_name, kept_name) != 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory)
        closedir(directory);
}

/* ---- making images ---- */

/* What the command says until it ends goes to text. */
static void read_words(int fd, char *text, size_t size)
{
    size_t length = 0;
    char rest[512];
    for (;;) {
        bool room = length < size - 1;
        ssize_t got = read(fd, room ? text + length : rest, room ? size - 1 - length : sizeof(rest));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += room ? (size_t)got : 0;
    }
    while (length && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
}

static int make_image(const char *session, const char *checkpoint, const char *image)
{
    struct command undump;
    int ends[2];
    char text[1024] = "";
    const char *arguments[] = {"undump", "--out", image, checkpoint, NULL};
    int error = find_undump(&undump);
    if (error < 0)
        return error;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(-errno, "making the image of session %s: %s", session, strerror(errno));
    pid_t pid = spawn_detached(undump.path, (char *const *)arguments, -1, ends[1]);
    close(ends[1]);
    if (pid > 0) {
        read_words(ends[0], text, sizeof(text));
        reap_detached(pid);
    }
    close(ends[0]);
    if (pid < 0)
        return fail(pid, "starting %s: %s", undump.path, strerror(-pid));
    if (access(image, X_OK) < 0)
        return fail(-EIO, "making the image of session %s: %s", session, *text ? text : "undump failed");
    remove_images(session, image);
    return 0;
}

int session_image(const char *session, char path[SESSION_PATH_BYTES])
{
    char checkpoint[SESSION_PATH_BYTES];
    int error = check_session_name(session);
    if (error == 0)
        error = session_checkpoint(session, checkpoint);
    if (error == 0)
        error = place_of_image(session, checkpoint, path);
    if (error < 0 || access(path, X_OK) == 0)
        return error;
    return make_image(session, checkpoint, path);
}

int undump_session_image(const char *session)
{
    char path[SESSION_PATH_BYTES];
    forget_failure();
    return session_image(session, path);
}

/* ---- listing and removing ---- */

struct found {
    char *name;
    int64_t realtime_ns;
    uint64_t bytes;
};

static int by_time(const void *first, const void *second)
{
    const struct found *a = first, *b = second;
    if (a->realtime_ns != b->realtime_ns)
        return a->realtime_ns < b->realtime_ns ? -1 : 1;
    return strcmp(a->name, b->name);
}

static bool is_checkpoint(const char *name)
{
    size_t length = strlen(name), suffix = strlen(CHECKPOINT_SUFFIX);
    return length > suffix && name[0] != '.' && strcmp(name + length - suffix, CHECKPOINT_SUFFIX) == 0;
}

static int add_found(struct found **list, size_t *count, int directory, const char *name)
{
    struct stat status;
    if (!is_checkpoint(name) || fstatat(directory, name, &status, 0) < 0)
        return 0; /* gone meanwhile */
    struct found *grown = realloc(*list, (*count + 1) * sizeof(**list));
    char *copy = strndup(name, strlen(name) - strlen(CHECKPOINT_SUFFIX));
    if (grown)
        *list = grown;
    if (!grown || !copy) {
        free(copy);
        return fail(-ENOMEM, "listing the sessions: out of memory");
    }
    grown[(*count)++] = (struct found){copy, (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec,
                                       (uint64_t)status.st_blocks * 512};
    return 0;
}

static int find_sessions(struct found **list, size_t *count)
{
    char path[SESSION_PATH_BYTES];
    int error = session_directory(path);
    if (error < 0)
        return error;
    DIR *directory = opendir(path);
    if (!directory)
        return errno == ENOENT ? 0 : fail(-errno, "listing the sessions in %s: %s", path, strerror(errno));
    const struct dirent *entry;
    while (error == 0 && (entry = readdir(directory)))
        error = add_found(list, count, dirfd(directory), entry->d_name);
    closedir(directory);
    if (*count)
        qsort(*list, *count, sizeof(**list), by_time);
    return error;
}

static int visit_one(const struct found *found, int (*visit)(const struct undump_session *session, void *data), void *data)
{
    char checkpoint[SESSION_PATH_BYTES], image[SESSION_PATH_BYTES];
    struct undump_session session = {.size = sizeof(session), .name = found->name, .checkpoint = checkpoint, .image = image,
                                     .realtime_ns = found->realtime_ns, .bytes = found->bytes};
    int error = session_checkpoint(found->name, checkpoint);
    if (error == 0)
        error = place_of_image(found->name, checkpoint, image);
    return error < 0 ? 0 : visit(&session, data); /* what is no checkpoint, or gone by now, is no session */
}

int undump_sessions(int (*visit)(const struct undump_session *session, void *data), void *data)
{
    struct found *list = NULL;
    size_t count = 0;
    forget_failure();
    int answer = find_sessions(&list, &count);
    for (size_t i = 0; answer == 0 && i < count; i++)
        answer = visit_one(&list[i], visit, data);
    for (size_t i = 0; i < count; i++)
        free(list[i].name);
    free(list);
    return answer;
}

int undump_session_remove(const char *session)
{
    char checkpoint[SESSION_PATH_BYTES];
    forget_failure();
    int error = check_session_name(session);
    if (error == 0)
        error = session_checkpoint(session, checkpoint);
    if (error < 0)
        return error;
    if (unlink(checkpoint) < 0)
        return fail(-errno, "removing session %s: %s: %s", session, checkpoint, strerror(errno));
    remove_images(session, NULL);
    return 0;
}
