/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "keeper.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

/*
 * System V shared memory: the segment with its id and key is attached where it was, for writing and for reading only, whole and
 * in parts; the calls that take its id or an address work on it. One that is marked to be destroyed is the program's own.
 */
enum { PAGES = 24, SIZE = PAGES * 4096 - 100, SPARE = 7 };

static key_t key;
static int id;
static unsigned char *first, *second, *reader, *part;

static void remove_segment(void) {
    shmctl(id, IPC_RMID, NULL);
}

static unsigned char *attach(int flags) {
    unsigned char *at = shmat(id, NULL, flags);
    CHECK(at != (void *)-1, "shmat: errno %d", errno);
    return at;
}

static void make(key_t with_key) {
    id = (int)MUST(shmget(with_key, SIZE, IPC_CREAT | IPC_EXCL | 0600));
    if (with_key != IPC_PRIVATE)
        start_keeper(remove_segment); /* which has it not attached */
    first = attach(0);
    fill_pattern(first, 5 * PAGE, 1);
    fill_pattern(first + (PAGES - 1) * PAGE, PAGE, 2);
}

static void check_contents(const unsigned char *at) {
    check_pattern(at, 5 * PAGE, 1, "the start");
    check_zero(at + 5 * PAGE, (PAGES - 6) * PAGE, "what was never written");
    check_pattern(at + (PAGES - 1) * PAGE, PAGE, 2, "the last page");
}

static struct shmid_ds status_of(void) {
    struct shmid_ds status;
    MUST(shmctl(id, IPC_STAT, &status));
    return status;
}

static void check_shared(unsigned char *from, const unsigned char *to) {
    unsigned char before = *from;
    *from = (unsigned char)(before + 1);
    CHECK_EQ(*to, (unsigned char)(before + 1));
    *from = before;
}

/* ---- a segment that has a key and outlives the program ---- */

static void set_attached(void) {
    key = 0x55000000 | getpid();
    make(key);
    second = attach(0);
    reader = attach(SHM_RDONLY);
    part = attach(0);
    MUST(munmap(part, SPARE * PAGE)); /* the other part stays, and something else takes the place of the first */
    CHECK(mmap(part, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == part, "mmap");
    part[3] = 77;
    MUST(mprotect(second, PAGE, PROT_READ));
}

static void check_attached(void) {
    struct shmid_ds status = status_of();
    CHECK_EQ(status.shm_perm.__key, key);
    CHECK_EQ(status.shm_segsz, SIZE);
    CHECK_EQ(status.shm_nattch, 5); /* the page that is only read is an attachment of its own */
    CHECK_EQ(shmget(key, 0, 0), id);
    check_contents(first);
    check_contents(second);
    check_contents(reader);
    check_shared(first, second);
    check_shared(second + 2 * PAGE, reader + 2 * PAGE);
    check_shared(part + 8 * PAGE, first + 8 * PAGE);
    CHECK_EQ(part[3], 77);
    CHECK_EQ(try_access(reader, ACCESS_WRITE), SIGSEGV);
    CHECK_EQ(mprotect(reader, PAGE, PROT_READ | PROT_WRITE), -1);
    CHECK_EQ(errno, EACCES);
    CHECK_EQ(try_access(second, ACCESS_WRITE), SIGSEGV);
    MUST(shmdt(first));
    CHECK_EQ(try_access(first, ACCESS_READ), SIGSEGV);
    MUST(shmdt(second));
    CHECK_EQ(try_access(second + 3 * PAGE, ACCESS_READ), SIGSEGV);
    MUST(shmdt(part));
    CHECK_EQ(status_of().shm_nattch, 1);
    check_contents(attach(0));
}

/* ---- one that nobody else can reach any more ---- */

static void set_destroyed(void) {
    make(IPC_PRIVATE);
    second = attach(0);
    reader = attach(SHM_RDONLY);
    MUST(shmctl(id, IPC_RMID, NULL));
}

static void check_destroyed(void) {
    check_contents(first);
    check_contents(second);
    check_contents(reader);
    check_shared(first, reader);
    check_shared(second + 3 * PAGE, first + 3 * PAGE);
    CHECK_EQ(try_access(reader, ACCESS_WRITE), SIGSEGV);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        first[9 * PAGE] = 9;
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(second[9 * PAGE], 9);
    MUST(shmdt(first));
    CHECK_EQ(try_access(first, ACCESS_READ), SIGSEGV);
    CHECK_EQ(second[9 * PAGE], 9);
    MUST(shmdt(second));
    MUST(shmdt(reader));
    CHECK_EQ(shmdt(reader), -1);
}

static void set_read_only(void) {
    make(IPC_PRIVATE);
    reader = attach(SHM_RDONLY);
    MUST(shmdt(first));
    MUST(shmctl(id, IPC_RMID, NULL));
}

static void check_read_only(void) {
    check_contents(reader);
    CHECK_EQ(try_access(reader, ACCESS_WRITE), SIGSEGV);
    MUST(shmdt(reader));
}

/* ---- one that is gone by the time of a launch: SegmentsIT removes it; its key stands in a file ---- */

static void set_plain(void) {
    key = 0x56000000 | getpid();
    make(key);
    FILE *note = fopen("segment", "w");
    CHECK(note, "fopen: errno %d", errno);
    fprintf(note, "%d\n", id);
    fclose(note);
}

static void check_plain(void) {
    check_contents(first);
    if (shmget(key, 0, 0) == id)
        say("the segment has its key and id\n");
    MUST(shmdt(first));
}

/* ---- and one that another process has attached ---- */

static void set_shared(void) {
    set_destroyed();
    if (fork() == 0) {
        if (fork() == 0) {
            for (int i = 0; i < 600 && getppid() != 1 && folder_is_there(); i++)
                usleep(100000);
            for (int i = 0; i < 6000 && folder_is_there(); i++)
                usleep(100000);
            _exit(0);
        }
        _exit(0);
    }
    MUST(wait(NULL));
}

static const struct variant {
    const char *name, *description;
    void (*set)(void), (*check)(void);
} VARIANTS[] = {
    {"attached", "System V shared memory is attached again as it was", set_attached, check_attached},
    {"destroyed", "System V shared memory that is marked to be destroyed", set_destroyed, check_destroyed},
    {"read-only", "System V shared memory that the program may only read", set_read_only, check_read_only},
    {"plain", "System V shared memory that may be gone", set_plain, check_plain},
    {"shared", "System V shared memory of two processes that has no id any more", set_shared, check_destroyed},
};

int main(int argc, char **argv) {
    const struct variant *variant = &VARIANTS[0];
    while (argc > 1 && strcmp(variant->name, argv[1]) != 0)
        variant++;
    fixture_begin(argc, argv, variant->description);
    variant->set();
    ready_and_wait();
    variant->check();
    pass();
}
