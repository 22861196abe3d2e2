/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "proc_files.h"
#include "watches.h"

#define SEARCH_ENTRIES 300000
#define SEARCH_NS UINT64_C(1000000000) /* under ckpt PROGRAM nobody hands signals on meanwhile */

union handle {
    struct file_handle head;
    uint8_t bytes[sizeof(struct file_handle) + HANDLE_BYTES];
};

struct search {
    struct capture *capture;
    struct watch_place *places;
    size_t count, missing;
    size_t entries; /* looked at */
    uint64_t until;
};

static bool has_handle(const char *path, const struct watch_line *watch)
{
    union handle found = {.head = {.handle_bytes = HANDLE_BYTES}};
    int mount;
    return watch->handle_size && name_to_handle_at(AT_FDCWD, path, &found.head, &mount, 0) == 0 &&
           found.head.handle_type == watch->handle_type && found.head.handle_bytes == watch->handle_size &&
           memcmp(found.head.f_handle, watch->handle, watch->handle_size) == 0;
}

/* Some file systems tell programs other devices than the kernel. */
static bool is_same(const char *path, const struct stat *status, const struct watch_line *watch)
{
    return status->st_ino == watch->inode &&
           ((major(status->st_dev) << 20 | minor(status->st_dev)) == watch->device || has_handle(path, watch));
}

bool is_watched(const char *path, const struct watch_line *watch)
{
    struct stat status;
    return lstat(path, &status) == 0 && is_same(path, &status, watch);
}

/* Places are sorted by inode, for there may be many. Returns the first with that inode or a greater one. */
static size_t first_place(const struct search *search, uint64_t inode)
{
    size_t low = 0, high = search->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (search->places[middle].watch.inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void try_path(struct search *search, const char *path)
{
    struct stat status;
    if (lstat(path, &status) < 0)
        return;
    for (size_t i = first_place(search, status.st_ino); i < search->count; i++) {
        struct watch_place *place = &search->places[i];
        if (place->watch.inode != status.st_ino)
            return;
        if (place->path || !is_same(path, &status, &place->watch))
            continue;
        place->path = strdup(path);
        search->missing -= place->path != NULL;
    }
}

/* ---- by handle ---- */

static bool misses_on(const struct search *search, uint32_t device)
{
    for (size_t i = 0; i < search->count; i++)
        if (!search->places[i].path && search->places[i].watch.device == device)
            return true;
    return false;
}

static void try_handle(struct search *search, int mount, const struct watch_line *watch)
{
    union handle wanted = {.head = {.handle_bytes = watch->handle_size, .handle_type = watch->handle_type}};
    char path[PATH_MAX];
    memcpy(wanted.head.f_handle, watch->handle, watch->handle_size);
    AUTO_CLOSE int fd = open_by_handle_at(mount, &wanted.head, O_PATH | O_CLOEXEC);
    if (fd >= 0 && read_proc_link(path, sizeof(path), "self/fd/%d", fd) > 0)
        try_path(search, path);
}

/* Calls visit for each place where a file system is mounted on which something is missing. */
static void visit_mounts(struct search *search, void (*visit)(struct search *search, const char *mount, uint32_t device))
{
    AUTO_BUFFER struct buffer text = {0};
    if (!search->missing || read_proc(&text, "%d/mountinfo", search->capture->pid) < 0)
        return;
    for (const char *line = (char *)text.data; *line && search->missing; ) {
        unsigned device_major, device_minor;
        char mount[PATH_MAX];
        if (sscanf(line, "%*d %*d %u:%u %*s %4095s", &device_major, &device_minor, mount) == 3 &&
            misses_on(search, device_major << 20 | device_minor))
            visit(search, mount, device_major << 20 | device_minor);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
}

static void open_on_mount(struct search *search, const char *mount, uint32_t device)
{
    AUTO_CLOSE int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    for (size_t i = 0; fd >= 0 && i < search->count; i++) {
        const struct watch_place *place = &search->places[i];
        if (!place->path && place->watch.device == device && place->watch.handle_size)
            try_handle(search, fd, &place->watch);
    }
}

/* ---- by plausible paths ---- */

/* A path and all directories above it. */
static void try_upwards(struct search *search, const char *path)
{
    char part[PATH_MAX];
    if (path[0] != '/' || strlen(path) >= sizeof(part))
        return;
    strcpy(part, path);
    for (char *slash; search->missing; *slash = 0) {
        try_path(search, part[0] ? part : "/");
        slash = strrchr(part, '/');
        if (!slash)
            return;
    }
}

static void try_links(struct search *search)
{
    static const char *const names[] = {"cwd", "exe"};
    AUTO_FREE pid_t *fds = NULL;
    size_t count = 0;
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (read_proc_link(path, sizeof(path), "%d/%s", search->capture->pid, names[i]) > 0)
            try_upwards(search, path);
    if (list_proc_numbers(&fds, &count, "%d/fd", search->capture->pid) < 0)
        return;
    for (size_t i = 0; i < count && search->missing; i++)
        if (read_proc_link(path, sizeof(path), "%d/fd/%d", search->capture->pid, fds[i]) > 0)
            try_upwards(search, path);
}

/* Arguments and values of variables, as they stand and below the working directory. */
static void try_words(struct search *search, const char *file)
{
    AUTO_BUFFER struct buffer text = {0};
    char cwd[PATH_MAX], path[2 * PATH_MAX], *resolved;
    if (read_proc(&text, "%d/%s", search->capture->pid, file) < 0 ||
        read_proc_link(cwd, sizeof(cwd), "%d/cwd", search->capture->pid) < 0)
        return;
    for (size_t at = 0; at < text.size && search->missing; at += strlen((char *)text.data + at) + 1) {
        const char *word = (char *)text.data + at;
        const char *value = strcmp(file, "environ") == 0 && strchr(word, '=') ? strchr(word, '=') + 1 : word;
        if (strlen(value) >= PATH_MAX)
            continue;
        snprintf(path, sizeof(path), value[0] == '/' ? "%.0s%s" : "%s/%s", cwd, value);
        resolved = realpath(path, NULL);
        if (resolved)
            try_upwards(search, resolved);
        free(resolved);
    }
}

static void try_mapped(struct search *search)
{
    AUTO_BUFFER struct buffer text = {0};
    struct map_line map;
    char path[PATH_MAX];
    if (read_proc(&text, "%d/maps", search->capture->pid) < 0)
        return;
    for (const char *line = (char *)text.data; *line && search->missing; ) {
        if (parse_map_line(line, &map) && map.name_length < sizeof(path) && map.name[0] == '/') {
            snprintf(path, sizeof(path), "%.*s", (int)map.name_length, map.name);
            try_upwards(search, path);
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
}

/* ---- by looking into directories, the nearest first ---- */

struct queue {
    char **paths;
    size_t first, count, capacity;
};

static void put(struct queue *queue, char *path)
{
    if (path && queue->count == queue->capacity) {
        size_t capacity = queue->capacity ? 2 * queue->capacity : 256;
        char **paths = realloc(queue->paths, capacity * sizeof(*paths));
        if (!paths) {
            free(path);
            return;
        }
        queue->paths = paths;
        queue->capacity = capacity;
    }
    if (path)
        queue->paths[queue->count++] = path;
}

static bool has_wanted_number(const struct search *search, uint64_t inode)
{
    size_t place = first_place(search, inode);
    return place < search->count && search->places[place].watch.inode == inode;
}

static void look_into(struct search *search, struct queue *queue, const char *path, dev_t device)
{
    struct stat status;
    DIR *directory = opendir(path);
    struct dirent *entry;
    if (directory && (fstat(dirfd(directory), &status) < 0 || status.st_dev != device)) {
        closedir(directory);
        return;
    }
    while (directory && search->missing && (entry = readdir(directory))) {
        char *name = NULL;
        bool up = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (up || search->entries++ > SEARCH_ENTRIES ||
            asprintf(&name, "%s/%s", strcmp(path, "/") == 0 ? "" : path, entry->d_name) < 0)
            continue;
        if (has_wanted_number(search, entry->d_ino))
            try_path(search, name);
        if (entry->d_type == DT_DIR)
            put(queue, name);
        else
            free(name);
    }
    if (directory)
        closedir(directory);
}

static void search_below(struct search *search, const char *start)
{
    struct queue queue = {0};
    struct stat status;
    try_path(search, start);
    if (stat(start, &status) == 0)
        put(&queue, strdup(start));
    for (; queue.first < queue.count; free(queue.paths[queue.first++]))
        if (search->missing && search->entries <= SEARCH_ENTRIES && now_ns(CLOCK_MONOTONIC) < search->until)
            look_into(search, &queue, queue.paths[queue.first], status.st_dev);
    free(queue.paths);
}

static void search_mount(struct search *search, const char *mount, uint32_t device)
{
    (void)device;
    search_below(search, mount);
}

void search_watched(struct capture *capture, struct watch_place *places, size_t count)
{
    struct search search = {.capture = capture, .places = places, .count = count,
                            .until = now_ns(CLOCK_MONOTONIC) + SEARCH_NS};
    char path[PATH_MAX];
    for (size_t i = 0; i < count; i++)
        search.missing += places[i].path == NULL;
    if (search.missing)
        try_links(&search);
    try_words(&search, "cmdline");
    try_words(&search, "environ");
    try_mapped(&search);
    visit_mounts(&search, open_on_mount);
    if (search.missing && read_proc_link(path, sizeof(path), "%d/cwd", capture->pid) > 0)
        search_below(&search, path);
    visit_mounts(&search, search_mount);
}
