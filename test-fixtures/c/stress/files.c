/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/*
 * Files with and without names. A named file is the system's: another copy of the image may have written to it, so a worker
 * believes what it reads only when it has lived since it wrote. Nameless ones are the program's own, and believed always.
 */
enum { RECORD = 512, SLOTS = 16, AT_OFFSETS = 24, TWINS = 12, NAMELESS = 18, FOLDERS = 12, DEVICES = 28 };

struct record {
    uint64_t number;
    uint64_t body[RECORD / 8 - 1];
};

static int named, twin, appended, deleted, nameless, folder;
static int at_offsets[AT_OFFSETS], twins[TWINS], resting[NAMELESS], folders[FOLDERS], devices[DEVICES];

static void make(struct record *record, uint64_t number) {
    record->number = number;
    fill_pattern(record->body, sizeof record->body, number);
}

static void check(const struct record *record, uint64_t number, const char *what) {
    CHECK(record->number == number, "%s: record %llu instead of %llu", what, (unsigned long long)record->number, (unsigned long long)number);
    check_pattern(record->body, sizeof record->body, number, what);
}

static int without_name(int flags) {
    int fd = flags & O_TMPFILE ? open(".", O_TMPFILE | O_RDWR, 0600) : -1;
    if (fd >= 0)
        return hold(fd);
    fd = (int)MUST(open("nameless", O_RDWR | O_CREAT | O_EXCL | (flags & O_APPEND), 0600));
    MUST(unlink("nameless"));
    return hold(fd);
}

/* Two descriptors with one offset. */
static void write_in_place(struct worker *self) {
    struct record record, found;
    for (uint64_t number = 0; !stopping(); number++, step(self)) {
        pid_t begin = life();
        off_t place = (off_t)(random_below(self, SLOTS) * RECORD);
        make(&record, number);
        CHECK_EQ(lseek(named, place, SEEK_SET), place);
        CHECK_EQ(write(twin, &record, RECORD), RECORD);
        CHECK_EQ(lseek(named, 0, SEEK_CUR), place + RECORD);
        CHECK_EQ(pread(named, &found, RECORD, place), RECORD);
        if (life() == begin)
            check(&found, number, "named file");
    }
}

static void append_to_named(struct worker *self) {
    struct record record, found;
    for (uint64_t number = 0; !stopping(); number++, step(self)) {
        pid_t begin = life();
        make(&record, number);
        CHECK_EQ(write(appended, &record, RECORD), RECORD);
        off_t end = lseek(appended, 0, SEEK_CUR);
        CHECK_EQ(pread(appended, &found, RECORD, end - RECORD), RECORD);
        if (life() == begin)
            check(&found, number, "appended file");
        if (number % 64 == 63)
            MUST(ftruncate(appended, 0));
    }
}

/* A ring of records, each read again before it is overwritten. */
static void write_to_deleted(struct worker *self) {
    struct record record, found;
    for (uint64_t number = 0; !stopping(); number++, step(self)) {
        off_t place = (off_t)(number % SLOTS * RECORD);
        struct iovec parts[2] = {{&record, 100}, {(char *)&record + 100, RECORD - 100}};
        if (number >= SLOTS) {
            CHECK_EQ(pread(deleted, &found, RECORD, place), RECORD);
            check(&found, number - SLOTS, "deleted file");
        }
        make(&record, number);
        CHECK_EQ(pwritev(deleted, parts, 2, place), RECORD);
    }
}

/* Grows by appending, is read from its begin to its end, and cut. */
static void append_to_nameless(struct worker *self) {
    struct record record;
    while (!stopping()) {
        uint64_t count = 1 + random_below(self, 12);
        for (uint64_t number = 0; number < count; number++, step(self)) {
            make(&record, number);
            CHECK_EQ(write(nameless, &record, RECORD), RECORD);
        }
        struct stat status;
        MUST(fstat(nameless, &status));
        CHECK_EQ(status.st_size, (long)count * RECORD);
        MUST(lseek(nameless, 0, SEEK_SET));
        for (uint64_t number = 0; number < count; number++, step(self)) {
            CHECK_EQ(read(nameless, &record, RECORD), RECORD);
            check(&record, number, "nameless file");
        }
        CHECK_EQ(read(nameless, &record, RECORD), 0);
        MUST(ftruncate(nameless, 0));
        MUST(lseek(nameless, 0, SEEK_SET));
    }
}

/* Names n0 to n19 of a directory, which nobody changes: each once in a turn. */
static void read_folder(struct worker *self) {
    _Alignas(8) char bytes[256]; /* a few names at a time */
    while (!stopping()) {
        unsigned seen = 0, calls = 0;
        pid_t begin = life();
        CHECK_EQ(lseek(folder, 0, SEEK_SET), 0);
        for (ssize_t size; (size = MUST(syscall(SYS_getdents64, folder, bytes, sizeof bytes))) > 0; step(self), calls++)
            for (ssize_t at = 0; at < size;) {
                unsigned short length;
                const char *name = bytes + at + 19; /* struct linux_dirent64: ino, off, reclen, type, name */
                memcpy(&length, bytes + at + 16, sizeof length);
                at += length;
                if (*name != 'n')
                    continue;
                unsigned bit = 1u << atoi(name + 1);
                CHECK(!(seen & bit), "name %s came twice", name);
                seen |= bit;
            }
        CHECK(seen == 0xfffff, "names %x came, in %u calls, with %d launches", seen, calls, life() != begin);
    }
}

static void use_devices(struct worker *self) {
    for (; !stopping(); step(self)) {
        char bytes[256];
        int number = (int)random_below(self, 4), fd = devices[number];
        memset(bytes, 'x', sizeof bytes);
        ssize_t size = read(fd, bytes, sizeof bytes);
        CHECK_EQ(size, number == 0 ? 0 : (long)sizeof bytes);
        for (size_t i = 0; i < sizeof bytes && (number == 1 || number == 2); i++) /* zero and full */
            CHECK_EQ(bytes[i], 0);
        CHECK_EQ(write(fd, bytes, sizeof bytes), number == 2 ? -1 : (long)sizeof bytes);
    }
}

static int open_file(const char *name, int flags) {
    return hold(open(name, O_RDWR | O_CREAT | flags, 0600));
}

static void set_up_resting(void) {
    static const char *const paths[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"};
    static char text[8192];
    for (int i = 0; i < AT_OFFSETS; i++) {
        char name[32];
        snprintf(name, sizeof name, "offset-%d", i % 8);
        at_offsets[i] = open_file(name, i % 4 == 1 ? O_APPEND : i % 4 == 2 ? O_NOATIME : 0);
        CHECK_EQ(pwrite(at_offsets[i], text, sizeof text, 0), sizeof text);
        MUST(lseek(at_offsets[i], 100 * i, SEEK_SET));
    }
    for (int i = 0; i < TWINS; i++)
        twins[i] = hold_twin(at_offsets[i]);
    for (int i = 0; i < NAMELESS; i++) {
        struct record record;
        make(&record, (uint64_t)i);
        resting[i] = without_name(i % 3 == 0 ? O_TMPFILE : 0);
        MUST(pwrite(resting[i], &record, RECORD, i * 5000));
        MUST(lseek(resting[i], i, SEEK_SET));
    }
    for (int i = 0; i < FOLDERS; i++) {
        folders[i] = hold(open(i % 2 ? "folder" : "/", O_RDONLY | O_DIRECTORY | (i % 4 == 2 ? O_PATH : 0)));
        if (i % 4 != 2)
            MUST(syscall(SYS_getdents64, folders[i], text, 128));
    }
    for (int i = 0; i < DEVICES; i++)
        devices[i] = hold(open(paths[i % 4], O_RDWR));
}

static void set_up(void) {
    named = open_file("named", 0);
    twin = hold_twin(named);
    appended = open_file("appended", O_APPEND);
    MUST(ftruncate(appended, 0));
    deleted = without_name(0);
    nameless = without_name(O_TMPFILE);
    mkdir("folder", 0700);
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "folder/n%d", i);
        close((int)MUST(open(name, O_RDWR | O_CREAT, 0600)));
    }
    folder = hold(open("folder", O_RDONLY | O_DIRECTORY));
    set_up_resting();
    start_worker("write in place", write_in_place, NULL);
    start_worker("append", append_to_named, NULL);
    start_worker("write to a deleted file", write_to_deleted, NULL);
    start_worker("append to a nameless file", append_to_nameless, NULL);
    start_worker("read a directory", read_folder, NULL);
    start_worker("use devices", use_devices, NULL);
}

static void verify(void) {
    for (int i = 0; i < AT_OFFSETS; i++)
        CHECK_EQ(lseek(at_offsets[i], 0, SEEK_CUR), 100 * i);
    for (int i = 0; i < TWINS; i++) {
        MUST(lseek(twins[i], 7, SEEK_SET));
        CHECK_EQ(lseek(at_offsets[i], 0, SEEK_CUR), 7);
    }
    for (int i = 0; i < NAMELESS; i++) {
        struct record record;
        CHECK_EQ(lseek(resting[i], 0, SEEK_CUR), i);
        CHECK_EQ(lseek(resting[i], 0, SEEK_END), i * 5000 + RECORD);
        CHECK_EQ(pread(resting[i], &record, RECORD, i * 5000), RECORD);
        check(&record, (uint64_t)i, "resting nameless file");
    }
}

const struct stress_kind stress_files = {.name = "files", .set_up = set_up, .verify = verify};
