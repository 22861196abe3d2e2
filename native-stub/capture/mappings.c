/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "mappings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "outside.h"
#include "proc_files.h"
#include "shared.h"
#include "smaps.h"

#define NAMES_LIMIT 100000 /* of a folder, that are looked at */
#define HIGHEST_ADDRESS (UINT64_C(1) << 47)

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static int refuse_mapping(struct capture *capture, const struct mapping *mapping, const char *what, const char *advice)
{
    return refuse(capture->report, -ENOTSUP, "capturing process %d: %s at %llx-%llx%s%s cannot be captured; %s",
                  capture->pid, what, (unsigned long long)mapping->record.start,
                  (unsigned long long)mapping->record.end, mapping->name[0] ? " " : "", mapping->name, advice);
}

/* HotSpot's performance counters, /tmp/hsperfdata_USER/PID: only watched from outside, under the old process id. */
bool is_performance_data(const char *name)
{
    const char *folder = strstr(name, "/hsperfdata_");
    const char *number = folder ? strchr(folder + 1, '/') : NULL;
    return number && number[1] && number[1 + strspn(number + 1, "0123456789")] == 0;
}

static uint32_t mapping_kind(const struct map_line *map, const char *name, bool deleted)
{
    bool shared = map->access[3] == 's';
    if (strcmp(name, "[vdso]") == 0)
        return CKPT_MAPPING_VDSO;
    if (strcmp(name, "[vvar]") == 0 || strcmp(name, "[vvar_vclock]") == 0)
        return CKPT_MAPPING_VVAR;
    if (shared && ((deleted && strcmp(name, "/dev/zero") == 0) || starts_with(name, "[anon_shmem:")))
        return CKPT_MAPPING_SHARED_ANONYMOUS;
    if (map->inode == 0 || name[0] == '[' || (!shared && strcmp(name, "/dev/zero") == 0))
        return CKPT_MAPPING_ANONYMOUS;
    return shared ? CKPT_MAPPING_SHARED_FILE : CKPT_MAPPING_PRIVATE_FILE;
}

static uint32_t mapping_protection(const char *access)
{
    return (access[0] == 'r' ? PROT_READ : 0u) | (access[1] == 'w' ? PROT_WRITE : 0u) |
           (access[2] == 'x' ? PROT_EXEC : 0u);
}

/* Says what cannot be captured. */
static void check_mapping(struct capture *capture, const struct mapping *mapping, const struct vm_flags *flags,
                          uint64_t protection_key)
{
    const struct ckpt_mapping *record = &mapping->record;
    const char *name = mapping->name;
    if (record->kind == CKPT_MAPPING_VVAR || record->kind == CKPT_MAPPING_VDSO)
        return;
    if (record->end > HIGHEST_ADDRESS)
        refuse_mapping(capture, mapping, "memory beyond 47 address bits", "start the program without 5-level addresses");
    else if (flags->huge_pages)
        refuse_mapping(capture, mapping, "hugetlb memory", "start the program without huge page files");
    else if (flags->shadow_stack)
        refuse_mapping(capture, mapping, "a shadow stack", "start it with GLIBC_TUNABLES=glibc.cpu.hwcaps=-SHSTK");
    else if (flags->userfault)
        refuse_mapping(capture, mapping, "memory that userfaultfd watches", "capture when it is no longer registered");
    else if (starts_with(name, "/[aio]"))
        refuse_mapping(capture, mapping, "an asynchronous I/O ring (io_setup)", "capture when it is destroyed");
    else if (starts_with(name, "anon_inode:"))
        refuse_mapping(capture, mapping, "a mapped kernel object", "capture when it is closed");
    else if (flags->io)
        refuse_mapping(capture, mapping, "device memory", "capture when the device is closed");
    else if (protection_key)
        refuse_mapping(capture, mapping, "memory with a protection key", "capture when the key is freed");
}

/* Gives a mapping of shared anonymous memory its id: that of the object, or the next one. */
static void join_shared(struct capture *capture, size_t count, struct mapping *mapping)
{
    struct ckpt_mapping *record = &mapping->record;
    char place[64];
    uint32_t highest = 0;
    for (size_t i = 0; i < count; i++) {
        const struct ckpt_mapping *other = &capture->mappings[i].record;
        if (other->kind != CKPT_MAPPING_SHARED_ANONYMOUS)
            continue;
        if (other->inode == record->inode && other->dev_major == record->dev_major &&
            other->dev_minor == record->dev_minor) {
            record->share_id = other->share_id;
            return;
        }
        if (other->share_id > highest)
            highest = other->share_id;
    }
    record->share_id = highest + 1;
    snprintf(place, sizeof(place), "at %llx-%llx", (unsigned long long)record->start, (unsigned long long)record->end);
    struct shared_object object = {record->inode, record->dev_major, record->dev_minor, 0};
    check_memory_elsewhere(capture, &object, "shared memory", place);
}

static int open_same_file(const char *path, const struct mapping *mapping)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    /* Inode alone: btrfs shows another device number in stat than in maps. */
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_ino == mapping->record.inode)
        return fd;
    close(fd);
    return -ESTALE;
}

int open_mapped_file(struct capture *capture, const struct mapping *mapping)
{
    char path[PATH_MAX + 32];
    if (mapping->name[0] != '/' || (mapping->record.flags & CKPT_VMA_DELETED))
        return -ENOENT;
    snprintf(path, sizeof(path), "/proc/%d/root%s", capture->pid, mapping->name);
    int fd = open_same_file(path, mapping);
    return fd >= 0 ? fd : open_same_file(mapping->name, mapping);
}

/* As the program sees it; the name without a last part ends with a slash. */
static int open_folder(const struct capture *capture, const char *name, size_t length)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "/proc/%d/root%.*s", capture->pid, (int)length, name);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : open(strndupa(name, length), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_entry_of(int folder, const char *entry, const struct ckpt_mapping *record)
{
    struct stat status;
    return fstatat(folder, entry, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
           status.st_ino == record->inode && major(status.st_dev) == record->dev_major &&
           minor(status.st_dev) == record->dev_minor;
}

bool find_other_name(struct capture *capture, struct mapping *mapping)
{
    const char *last = strrchr(mapping->name, '/');
    char found[PATH_MAX] = "";
    size_t length = last ? (size_t)(last + 1 - mapping->name) : 0;
    int fd = last ? open_folder(capture, mapping->name, length) : -1;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !folder)
        close(fd);
    for (unsigned looks = 0; folder && looks < NAMES_LIMIT && !found[0]; looks++) {
        const struct dirent *entry = readdir(folder);
        if (!entry)
            break;
        if (entry->d_ino == mapping->record.inode && is_entry_of(fd, entry->d_name, &mapping->record))
            snprintf(found, sizeof(found), "%.*s%s", (int)length, mapping->name, entry->d_name);
    }
    if (folder)
        closedir(folder);
    char *name = found[0] ? strdup(found) : NULL;
    if (!name)
        return false;
    free(mapping->name);
    mapping->name = name;
    mapping->record.name = strings_add_text(&capture->strings, name);
    mapping->record.flags &= ~CKPT_VMA_DELETED;
    return true;
}

void set_details(struct capture *capture, struct mapping *mapping, const char *details)
{
    struct vm_flags flags = {0};
    const char *text = text_field(details, "VmFlags:");
    if (text)
        parse_vm_flags(text, &flags);
    mapping->resident = text_number(details, "Rss:", 10, 0) * 1024;
    mapping->swapped = text_number(details, "Swap:", 10, 0) * 1024;
    mapping->record.flags =
        (mapping->record.flags & (CKPT_VMA_DELETED | CKPT_VMA_HEAP | CKPT_VMA_STACK)) | flags.flags;
    check_mapping(capture, mapping, &flags, text_number(details, "ProtectionKey:", 10, 0));
}

int add_mapping(struct capture *capture, const struct map_line *map, const char *details)
{
    size_t index = capture->mapping_count;
    struct mapping *mappings = capture->mappings;
    if ((index & (index + 1)) == 0) /* grows at powers of two */
        mappings = realloc(mappings, (index + 1) * 2 * sizeof(*mappings));
    char *name = malloc(map->name_length + 1);
    if (!mappings || !name) {
        free(name);
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    }
    capture->mappings = mappings;
    memcpy(name, map->name, map->name_length);
    size_t length = unescape_path(name, map->name_length);
    bool deleted = name[0] == '/' && strip_deleted(name, &length);
    name[length] = 0;

    struct mapping *mapping = &mappings[index];
    *mapping = (struct mapping){.name = name};
    mapping->record = (struct ckpt_mapping){
        .start = map->start, .end = map->end, .kind = mapping_kind(map, name, deleted),
        .protection = mapping_protection(map->access),
        .flags = (deleted ? CKPT_VMA_DELETED : 0u) | (strcmp(name, "[heap]") == 0 ? CKPT_VMA_HEAP : 0u) |
                 (strcmp(name, "[stack]") == 0 ? CKPT_VMA_STACK : 0u),
        .file_offset = map->offset, .inode = map->inode, .dev_major = map->dev_major, .dev_minor = map->dev_minor,
        .name = strings_add(&capture->strings, name, length),
    };
    if (mapping->record.kind == CKPT_MAPPING_SHARED_ANONYMOUS) {
        mapping->ask_pages = !list_shared_by_seeking(capture, mapping);
        join_shared(capture, index, mapping);
    }
    capture->mapping_count++;
    set_details(capture, mapping, details);
    return 0;
}

int add_mappings(struct capture *capture, const struct buffer *entries)
{
    const struct smaps_entry *entry = (const void *)entries->data;
    size_t said = capture->report->count;
    for (size_t i = 0; i < entries->size / sizeof(*entry); i++) {
        int error = add_mapping(capture, &entry[i].map, entry[i].details);
        if (error < 0)
            return error;
    }
    return capture->report->count > said ? -ENOTSUP : 0;
}

int read_mappings(struct capture *capture)
{
    AUTO_BUFFER struct buffer smaps = {0}, entries = {0};
    int error = read_smaps(&smaps, &entries, capture->pid);
    if (error < 0)
        return refuse(capture->report, error, "reading the mappings of process %d: %s", capture->pid, strerror(-error));
    return add_mappings(capture, &entries);
}

void release_mappings(struct capture *capture)
{
    for (size_t i = 0; i < capture->mapping_count; i++) {
        free(capture->mappings[i].name);
        buffer_free(&capture->mappings[i].shared_pages);
    }
    free(capture->mappings);
    capture->mappings = NULL;
    capture->mapping_count = 0;
}

void append_mappings(struct capture *capture)
{
    for (size_t i = 0; i < capture->mapping_count; i++)
        buffer_append(&capture->mappings_section, &capture->mappings[i].record, sizeof(struct ckpt_mapping));
}
