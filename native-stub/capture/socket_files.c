/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a UNIX socket that was bound to a path. The kernel tells the path that was given to bind(2), also when the file was
 * renamed since: servers do that to show a name that is ready (HotSpot's attach socket). It tells the file's inode as well, which
 * stays its own as long as the socket lives, so the file is sought in its directory.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc_files.h"
#include "sockets.h"

static bool is_its_file(int directory, const char *name, int flags, const struct unix_facts *facts, uint32_t *ret_mode)
{
    struct stat status;
    if (fstatat(directory, name, &status, flags) < 0 || !S_ISSOCK(status.st_mode) ||
        (facts->known && (uint32_t)status.st_ino != facts->file)) /* the kernel tells 32 bits (net/unix/diag.c) */
        return false;
    *ret_mode = status.st_mode;
    return true;
}

/* Fills name, NAME_MAX + 1 bytes. */
static bool find_file(int directory, const struct unix_facts *facts, char *name, uint32_t *ret_mode)
{
    bool found = false;
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* its end is the stream's */
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (!stream) {
        close_descriptor(&own);
        return false;
    }
    for (struct dirent *entry; !found && (entry = readdir(stream)); ) {
        if (entry->d_type != DT_SOCK && entry->d_type != DT_UNKNOWN)
            continue;
        found = is_its_file(dirfd(stream), entry->d_name, AT_SYMLINK_NOFOLLOW, facts, ret_mode);
        if (found)
            snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
    }
    closedir(stream);
    return found;
}

/* The directory of the path as the program sees it, which need not be one that we may list. Returns a descriptor or -errno. */
static int open_directory(const struct capture *capture, const char *working_directory, const char *path)
{
    char full[2 * PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path + 1) : 0;
    snprintf(full, sizeof(full), "%d/root%s%s%.*s", capture->pid, working_directory, path[0] == '/' ? "" : "/", length, path);
    return open_proc(O_PATH | O_DIRECTORY, "%s", full);
}

void note_socket_file(struct capture *capture, struct sockaddr_un *address, socklen_t *size, const struct unix_facts *facts,
                      struct ckpt_socket *record)
{
    char working_directory[PATH_MAX] = "", path[sizeof(address->sun_path) + 1] = "", name[NAME_MAX + 1];
    size_t head = offsetof(struct sockaddr_un, sun_path);
    memcpy(path, address->sun_path, *size - head);
    char *last = strrchr(path, '/');
    last = last ? last + 1 : path;
    if (path[0] != '/' && read_proc_link(working_directory, sizeof(working_directory), "%d/cwd", capture->pid) > 0)
        record->directory = strings_add_text(&capture->strings, working_directory);
    uint32_t mode;
    size_t before = (size_t)(last - path);
    AUTO_CLOSE int directory = open_directory(capture, working_directory, path);
    if (directory < 0)
        return;
    if (is_its_file(directory, last, 0, facts, &record->file_mode) || !facts->file)
        return;
    if (facts->has_peer && record->type != SOCK_DGRAM) /* an accepted one has the name of the listening one; nobody binds it */
        return;
    if (!find_file(directory, facts, name, &mode) || before + strlen(name) >= sizeof(address->sun_path))
        return;
    memset(address->sun_path + before, 0, sizeof(address->sun_path) - before);
    memcpy(address->sun_path + before, name, strlen(name));
    *size = (socklen_t)(head + before + strlen(name) + 1);
    record->file_mode = mode;
}
