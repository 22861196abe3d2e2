/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list as the checkpoint has it: one record for each path. Of a path that ends in a link whose target was read, the record is that
 * of the link; what was seen of the file behind belongs to the path that the link leads to, and so on from link to link.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "follower.h"
#include "inputs.h"
#include "mappings.h"

#define LINKS_LIMIT 40 /* MAXSYMLINKS of the kernel */

struct listing {
    struct capture *capture;
    struct inputs *inputs;
    size_t changed;            /* paths that others have changed, */
    const char *first_changed; /* and one of them */
    struct names paths;
    struct ckpt_input *records; /* as paths; their strings are not set yet */
    char **targets;            /* as paths; of the links */
    size_t capacity;
};

static int out_of_memory(struct capture *capture)
{
    return refuse(capture->report, -ENOMEM, "listing the inputs of process %d: out of memory", capture->pid);
}

/* ---- one look more ---- */

static void note_changed(struct listing *listing, const char *path)
{
    if (listing->changed++ == 0)
        listing->first_changed = path;
}

/* Returns 0 or -errno with a line. */
static int look_again(struct listing *listing, const char *path, bool at_link, struct input *input)
{
    struct look *look = at_link ? &input->link : &input->file;
    unsigned saw = at_link ? SAW_LINK : input->saw & ~SAW_LINK;
    struct look now;
    int error = look_at(path, at_link, &now);
    if (error < 0)
        return refuse(listing->capture->report, error, "listing the inputs of process %d: %s: %s; run ckpt with the rights that the "
                      "program has", listing->capture->pid, path, strerror(-error));
    if (differs(look, &now, saw) && !is_own_change(listing->inputs, path, look, &now))
        input->changed = true; /* for good: the look that could tell is overwritten */
    *look = now;
    return 0;
}

/* Returns 0 or -errno with a line. */
static int settle_link(struct listing *listing, const char *path, struct input *input)
{
    int error = look_again(listing, path, true, input);
    if (error < 0)
        return error;
    char *target = read_target(path);
    bool same = target && input->target && strcmp(target, input->target) == 0;
    if (!same && !is_own_change(listing->inputs, path, &input->link, &NOTHING_THERE))
        input->changed = true;
    free(input->target);
    input->target = target;
    if (S_ISLNK(input->link.mode))
        return 0;
    input->saw = (input->saw & ~SAW_LINK) | SAW_STATUS; /* the program has put something else there */
    if (!input->file.taken)
        input->file = input->link;
    return 0;
}

static int settle(struct listing *listing, const char *path, struct input *input)
{
    bool was_missing = input->file.taken && input->file.mode == 0;
    int error = input->saw & SAW_LINK ? settle_link(listing, path, input) : 0;
    if (error == 0 && input->file.taken)
        error = look_again(listing, path, false, input);
    if (input->changed)
        note_changed(listing, path);
    else if (was_missing && input->file.mode) /* it has made itself what it had looked for */
        input->file.taken = false;
    return error;
}

/* ---- records ---- */

static uint32_t kind_of(const struct look *look, unsigned saw)
{
    if (look->mode == 0)
        return CKPT_INPUT_MISSING;
    if (saw & SAW_LINK)
        return CKPT_INPUT_LINK;
    if ((saw & SAW_CONTENT) && S_ISREG(look->mode))
        return CKPT_INPUT_FILE;
    return (saw & SAW_ENTRIES) && S_ISDIR(look->mode) ? CKPT_INPUT_DIRECTORY : CKPT_INPUT_STATUS;
}

static bool make_room(struct listing *listing)
{
    if (listing->paths.count < listing->capacity)
        return true;
    size_t capacity = listing->capacity ? 2 * listing->capacity : 256;
    struct ckpt_input *records = realloc(listing->records, capacity * sizeof(*records));
    char **targets = records ? realloc(listing->targets, capacity * sizeof(*targets)) : NULL;
    listing->records = records ? records : listing->records;
    listing->targets = targets ? targets : listing->targets;
    listing->capacity = targets ? capacity : listing->capacity;
    return targets;
}

static void put(struct listing *listing, const char *path, const struct look *look, unsigned saw, char *target)
{
    uint32_t kind = kind_of(look, saw);
    bool new;
    long number = make_room(listing) ? names_add(&listing->paths, path, &new) : -1;
    if (number < 0) {
        listing->paths.failed = true;
        return;
    }
    /* FILE is more than STATUS, and so is DIRECTORY, of which a path is never both. */
    if (!new && (listing->records[number].kind == CKPT_INPUT_FILE || listing->records[number].kind == CKPT_INPUT_DIRECTORY))
        return;
    listing->records[number] = (struct ckpt_input){.kind = kind, .mode = look->mode, .size = look->size, .inode = look->inode,
                                                   .mtime_ns = look->mtime_ns, .ctime_ns = look->ctime_ns};
    listing->targets[number] = target;
}

/* The path to which a link leads. */
static char *path_behind(const char *path, const char *target)
{
    const char *slash = strrchr(path, '/');
    char *behind = NULL;
    if (target[0] == '/')
        return strdup(target);
    return asprintf(&behind, "%.*s/%s", (int)(slash - path), path, target) < 0 ? NULL : behind;
}

/* Puts what was seen of a file where no link that is an input of its own stands before it. */
static void put_file(struct listing *listing, const char *path, const struct input *input)
{
    char *at = strdup(path);
    for (int links = 0; at && links < LINKS_LIMIT; links++) {
        long number = names_find(&listing->inputs->paths, at);
        const struct input *there = number >= 0 ? &listing->inputs->list[number] : NULL;
        if (!there || !(there->saw & SAW_LINK) || !there->target)
            break;
        char *next = path_behind(at, there->target);
        free(at);
        at = next;
    }
    if (!at)
        listing->paths.failed = true;
    else if (!is_never_input(at))
        put(listing, at, &input->file, input->saw & ~SAW_LINK, NULL);
    free(at);
}

struct sortable {
    const char *path;
    size_t number;
};

static int order(const void *left, const void *right)
{
    return strcmp(((const struct sortable *)left)->path, ((const struct sortable *)right)->path);
}

static int append(struct listing *listing)
{
    struct capture *capture = listing->capture;
    size_t count = listing->paths.count;
    AUTO_FREE struct sortable *sorted = malloc((count + 1) * sizeof(*sorted));
    if (!sorted)
        return out_of_memory(capture);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct sortable){listing->paths.texts[i], i};
    qsort(sorted, count, sizeof(*sorted), order);
    for (size_t i = 0; i < count; i++) {
        struct ckpt_input *record = &listing->records[sorted[i].number];
        const char *target = listing->targets[sorted[i].number];
        record->path = strings_add_text(&capture->strings, sorted[i].path);
        if (target)
            record->target = strings_add_text(&capture->strings, target);
        buffer_append(&capture->inputs, record, sizeof(*record));
    }
    return capture->inputs.failed || capture->strings.failed ? out_of_memory(capture) : 0;
}

/* ---- what is mapped and open ---- */

static void add_content(struct inputs *inputs, const char *path, int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return;
    struct look look = look_from(&status);
    if (!saw_content(inputs, &look))
        inputs_see(inputs, path, SAW_CONTENT, &look);
}

/* Memory that the program writes back to its file is its own doing; a file that has lost its name cannot be looked for. */
static void add_mapped(struct listing *listing)
{
    struct capture *capture = listing->capture;
    const char *last = "";
    for (size_t i = 0; i < capture->mapping_count; i++) {
        const struct mapping *mapping = &capture->mappings[i];
        bool file = mapping->record.kind == CKPT_MAPPING_PRIVATE_FILE ||
                    (mapping->record.kind == CKPT_MAPPING_SHARED_FILE && !(mapping->record.protection & PROT_WRITE));
        if (!file || mapping->name[0] != '/' || (mapping->record.flags & CKPT_VMA_DELETED) || is_never_input(mapping->name) ||
            strcmp(mapping->name, last) == 0)
            continue;
        last = mapping->name;
        AUTO_CLOSE int fd = open_mapped_file(capture, mapping);
        if (fd >= 0)
            add_content(listing->inputs, mapping->name, fd);
        else if (access(mapping->name, F_OK) == 0)
            note_changed(listing, mapping->name);
    }
}

static void add_open(struct listing *listing)
{
    struct capture *capture = listing->capture;
    const struct ckpt_descriptor *descriptors = (const void *)capture->descriptors.data;
    const struct ckpt_description *descriptions = (const void *)capture->descriptions.data;
    for (size_t i = 0; i < capture->descriptors.size / sizeof(*descriptors); i++) {
        const struct ckpt_description *file = &descriptions[descriptors[i].description];
        char link[64];
        if (descriptors[i].fd <= STDERR_FILENO || file->kind != CKPT_FILE_REGULAR || (file->open_flags & O_ACCMODE) == O_WRONLY)
            continue;
        snprintf(link, sizeof(link), "/proc/%d/fd/%d", capture->pid, descriptors[i].fd);
        AUTO_CLOSE int fd = open(link, O_PATH | O_CLOEXEC);
        const char *path = (const char *)capture->strings.data + file->path.offset;
        if (fd >= 0 && !is_never_input(path))
            add_content(listing->inputs, path, fd);
    }
}

/* ---- all of it ---- */

static int refuse_changed(const struct listing *listing)
{
    pid_t pid = listing->capture->pid;
    if (listing->changed == 1)
        return refuse(listing->capture->report, -ENOTSUP, "capturing process %d with its inputs: %s was changed by another program "
                      "since this one has read it, so no image of it could be valid; start it again", pid, listing->first_changed);
    return refuse(listing->capture->report, -ENOTSUP, "capturing process %d with its inputs: %s and %zu other files were changed by "
                  "another program since this one has read them, so no image of it could be valid; start it again", pid,
                  listing->first_changed, listing->changed - 1);
}

/* A checkpoint in a folder whose entries are an input would change that input. */
static int check_output(const struct listing *listing)
{
    const struct inputs *inputs = listing->inputs;
    struct stat status;
    if (fstat(listing->capture->writer.directory, &status) < 0)
        return 0;
    for (size_t i = 0; i < inputs->paths.count; i++)
        if ((inputs->list[i].saw & SAW_ENTRIES) && inputs->list[i].file.device == status.st_dev &&
            inputs->list[i].file.inode == status.st_ino)
            return refuse(listing->capture->report, -ENOTSUP, "capturing process %d with its inputs: it has read the entries of %s, which "
                          "the checkpoint would change; name a file in another directory with -o", listing->capture->pid,
                          inputs->paths.texts[i]);
    return 0;
}

static int list(struct listing *listing)
{
    struct inputs *inputs = listing->inputs;
    if (check_output(listing) < 0)
        return -ENOTSUP;
    add_mapped(listing);
    add_open(listing);
    for (size_t i = 0; i < inputs->paths.count; i++) {
        int error = settle(listing, inputs->paths.texts[i], &inputs->list[i]);
        if (error < 0)
            return error;
    }
    if (listing->changed)
        return refuse_changed(listing);
    for (size_t i = 0; i < inputs->paths.count; i++) {
        const struct input *input = &inputs->list[i];
        if (input->saw & SAW_LINK)
            put(listing, inputs->paths.texts[i], &input->link, SAW_LINK, input->target);
        if (input->file.taken)
            put_file(listing, inputs->paths.texts[i], input);
    }
    if (inputs->failed || inputs->paths.failed || inputs->own.failed || inputs->contents.failed || listing->paths.failed)
        return out_of_memory(listing->capture);
    return append(listing);
}

int append_inputs(struct capture *capture)
{
    struct inputs mapped = {0};
    struct follower *follower = capture->request->follower;
    struct inputs *inputs = follower ? follower_inputs(follower) : &mapped;
    capture->process.input_mode = capture->request->input_mode;
    if (capture->request->input_mode == CKPT_INPUTS_NONE)
        return 0;
    if (follower && follower_has_ended(follower))
        return refuse(capture->report, -ENOTSUP, "capturing process %d with its inputs: it was followed until its last checkpoint, and what it has "
                      "read since is not known; start it again", capture->pid);
    if (inputs->inexact)
        return refuse(capture->report, -ENOTSUP, "capturing process %d with its inputs: %s; start it again, or go without (--inputs none)",
                      capture->pid, inputs->inexact);
    struct listing listing = {.capture = capture, .inputs = inputs};
    int error = list(&listing);
    names_free(&listing.paths);
    free(listing.records);
    free(listing.targets);
    inputs_free(&mapped);
    return error;
}
