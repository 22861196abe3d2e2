// SPDX-License-Identifier: Apache-2.0
/* The text of /proc/PID/maps: good lines, bad ones, lines that are longer than the buffer, a text that ends anywhere. */
#include "src/test/c/support/lazy_arena.h"
#include "src/test/c/support/expect.h"

static bool reads(const char *text)
{
    char *exact = malloc(strlen(text) + 1); /* the sanitizer sees what is read behind it */
    struct maps_vma vma;
    bool good;

    memcpy(exact, text, strlen(text));
    good = maps_line_read(exact, strlen(text), &vma);
    free(exact);
    return good;
}

static void lines(void)
{
    static const char good[] = "7f0012345000-7f0012346000 rw-p 0000a000 fe:1b 18446744073709551615    /some path (deleted)";
    struct maps_vma vma;

    expect(maps_line_read(good, sizeof(good) - 1, &vma) && vma.start == 0x7f0012345000 && vma.end == 0x7f0012346000 &&
               vma.protection == 3 && !vma.shared && vma.offset == 0xa000 && vma.device_major == 0xfe &&
               vma.device_minor == 0x1b && vma.inode == UINT64_MAX, "fields");
    expect(reads("1000-2000 ---s 0 0:0 0"), "the shortest");
    expect(reads("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]"), "vsyscall");
    for (size_t length = 0; length < sizeof(good) - 1; length++) {
        char part[sizeof(good)] = {0};

        memcpy(part, good, length);
        expect(reads(part) == (length > strlen("7f0012345000-7f0012346000 rw-p 0000a000 fe:1b ")), "cut");
    }
    expect(!reads("2000-1000 rw-p 0 0:0 0") && !reads("1000-1000 rw-p 0 0:0 0"), "backwards");
    expect(!reads("10000000000000000-2 rw-p 0 0:0 0") && !reads("1-2 rw-p 0 0:0 18446744073709551616"), "too large");
    expect(!reads("1-2 rwxx 0 0:0 0") && !reads("1-2 rw-- 0 0:0 0") && !reads("1-2 wr-p 0 0:0 0"), "rights");
    expect(!reads("1-2 rw-p 0 0:0 0x") && !reads("1-2 rw-p  0 0:0 0") && !reads(" 1-2 rw-p 0 0:0 0") && !reads("A-B rw-p 0 0:0 0") &&
               !reads("-2 rw-p 0 0:0 0") && !reads("1-2 rw-p 0 0:0 f"), "letters");
}

static char text_path[WORK_PATH_BYTES];

static void write_text(const char *text)
{
    int fd = open(text_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    arena_require(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0, "text");
}

/* What is found at the address: the start of a mapping, 0 for none, 1 for an error. */
static uint64_t found_at(struct maps *maps, uint64_t address)
{
    struct maps_vma vma;
    int result = maps_find(maps, address, &vma);

    return result < 0 ? 1 : result == 0 ? 0 : vma.start;
}

static uint64_t found_in(const char *text, uint64_t address)
{
    struct maps maps;
    uint64_t found;

    write_text(text);
    arena_require(maps_open(&maps, arena_record) == 0, "maps");
    found = found_at(&maps, address);
    maps_close(&maps);
    return found;
}

static void texts(void)
{
    char *long_text = calloc(1, 40000);
    struct maps maps;

    expect(found_in("1000-2000 rw-p 0 0:0 0\n3000-4000 rw-p 0 0:0 0\n", 0x1fff) == 0x1000, "first");
    expect(found_in("1000-2000 rw-p 0 0:0 0\n3000-4000 rw-p 0 0:0 0\n", 0x2000) == 0x3000, "next");
    expect(found_in("1000-2000 rw-p 0 0:0 0\n3000-4000 rw-p 0 0:0 0\n", 0x4000) == 0, "none");
    expect(found_in("", 0) == 0, "empty");
    expect(found_in("1000-2000 rw-p 0 0:0 0\n3000-40", 0x3000) == 1, "cut");
    expect(found_in("1000-2000 rw-p 0 0:0 0\nnonsense\n", 0x3000) == 1, "nonsense");
    for (int pad = 0; pad < 5000; pad += 117) { /* the second line lies across every border of the buffer */
        strcpy(long_text, "1000-2000 rw-p 00000000 00:00 0 /");
        memset(long_text + strlen(long_text), 'x', (size_t)pad);
        sprintf(long_text + strlen(long_text), "\n3000-4000 rw-p 00000000 00:00 0 /%0*d\n5000-6000 rw-p 0 0:0 0\n", pad / 3 + 1, 0);
        expect(found_in(long_text, 0x3000) == 0x3000 && found_in(long_text, 0x4000) == 0x5000, "long lines");
        memset(long_text, 0, 40000);
    }
    write_text("1000-2000 rw-p 0 0:0 0\n3000-4000 rw-p 0 0:0 0\n");
    arena_require(maps_open(&maps, arena_record) == 0, "maps");
    expect(found_at(&maps, 0x3000) == 0x3000 && found_at(&maps, 0x3000) == 0x3000, "upwards");
    maps_rewind(&maps);
    expect(found_at(&maps, 0x1000) == 0x1000, "again from below");
    maps_close(&maps);
    free(long_text);
}

int main(void)
{
    arena_start();
    lines();
    work_path(text_path, "maps");
    arena_maps_path = text_path; /* a plain file knows no PROCMAP_QUERY */
    texts();
    return failures == 0 ? 0 : 1;
}
