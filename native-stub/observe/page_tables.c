/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "capture/proc_files.h"
#include "capture/proc_text.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define OF_FILE (UINT64_C(1) << 61)

#define ENTRIES 4096

struct looking {
    const struct observation *observation;
    struct stat image;
    int pagemap;
    struct run written, mapped;
};

static int look_at_mapping(struct looking *looking, const struct map_line *line)
{
    uint64_t entries[ENTRIES];

    for (uint64_t done = line->start; done < line->end;) {
        uint64_t left = (line->end - done) / OBSERVE_PAGE, count = left < ENTRIES ? left : ENTRIES;
        off_t at = (off_t)(done / OBSERVE_PAGE * sizeof(entries[0]));
        ssize_t got = pread(looking->pagemap, entries, count * sizeof(entries[0]), at);

        if (got < (ssize_t)sizeof(entries[0]))
            return got < 0 ? -errno : 0; /* 0: the process has ended */
        count = (uint64_t)got / sizeof(entries[0]);
        for (uint64_t i = 0; i < count; i++) {
            uint64_t offset = line->offset + (done - line->start) + i * OBSERVE_PAGE;

            if ((entries[i] & SWAPPED) != 0 || (entries[i] & (PRESENT | OF_FILE)) == PRESENT)
                run_add(&looking->written, offset);
            else if ((entries[i] & PRESENT) != 0)
                run_add(&looking->mapped, offset);
        }
        done += count * OBSERVE_PAGE;
    }
    run_end(&looking->written);
    run_end(&looking->mapped);
    return 0;
}

/* Some file systems tell another device here than fstat() does; then the name decides. */
static bool is_image(const struct looking *looking, const struct map_line *line)
{
    const char *image = looking->observation->image;

    if (line->inode != looking->image.st_ino)
        return false;
    if (line->dev_major == major(looking->image.st_dev) && line->dev_minor == minor(looking->image.st_dev))
        return true;
    return line->name_length == strlen(image) && memcmp(line->name, image, line->name_length) == 0;
}

/* A main thread that has ended has no address space any more; others have. */
static int read_maps(struct buffer *maps, pid_t pid, pid_t *ret_tid)
{
    AUTO_FREE pid_t *tids = NULL;
    size_t count = 0;
    int error = list_proc_numbers(&tids, &count, "%d/task", pid);

    for (size_t i = 0; error == 0 && i < count; i++) {
        *ret_tid = tids[i];
        error = read_proc(maps, "%d/task/%d/maps", pid, tids[i]);
        if (error == 0 && maps->size > 0)
            return 0;
    }
    return error < 0 ? error : -ESRCH;
}

int page_tables_look(pid_t pid, const struct observation *observation)
{
    AUTO_BUFFER struct buffer maps = {0};
    struct looking looking = {.observation = observation, .written = {.report = observation->report, .name = "written"},
                              .mapped = {.report = observation->report, .name = "mapped"}};
    pid_t tid;
    int error = read_maps(&maps, pid, &tid);

    if (error < 0)
        return error;
    if (fstat(observation->image_fd, &looking.image) < 0)
        return -errno;
    AUTO_CLOSE int pagemap = open_proc(O_RDONLY, "%d/task/%d/pagemap", pid, tid);
    if (pagemap < 0)
        return pagemap;
    looking.pagemap = pagemap;
    for (char *text = (char *)maps.data; text != NULL && *text != '\0' && error == 0;) {
        char *end = strchr(text, '\n');
        struct map_line line;

        if (end != NULL)
            *end++ = '\0';
        if (parse_map_line(text, &line) && is_image(&looking, &line))
            error = look_at_mapping(&looking, &line);
        text = end;
    }
    return error;
}
