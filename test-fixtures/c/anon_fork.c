/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

#include <fcntl.h>
#include <sys/wait.h>

/* AREA_STACK comes last: with it the program has a second thread. */
static int kind_count;
static struct area *kinds[AREA_KINDS], *wiped, *hidden, *plain, *partly;
static char *program;

static void set(struct area *area, int advice) {
    CHECK(call_madvise(area->start, area->pages * PAGE, advice) == 0, "advice %d: errno %d", advice, errno);
}

/* Everything at once, in a child: the parent keeps its contents. */
static void use_everything(void) {
    for (int kind = 0; kind < kind_count; kind++) {
        struct area *area = kinds[kind];
        area_check(area);
        area_discard(area, 10, 100);
        area_check(area);
        if (area->protection & PROT_WRITE)
            area_write(area, 50, 200);
        area_check(area);
        if (kind == AREA_STACK || kind == AREA_BREAK || kind == AREA_MALLOC)
            continue;
        void *there = call_mremap(area->start, area->pages * PAGE, (area->pages + 64) * PAGE, MREMAP_MAYMOVE, NULL);
        CHECK(there != MAP_FAILED, "mremap of %s in a child: errno %d", area->name, errno);
        area_moved(area, there);
        area_check(area);
    }
}

static void use_in_grandchild(void) {
    area_discard(plain, 0, 100);
    in_child(use_everything);
    check_all_areas();
}

static void expect_wiped(void) {
    check_zero(wiped->start, wiped->pages * PAGE, "WIPEONFORK memory in a child");
    area_expect(wiped, 0, wiped->pages, PAGE_ZERO);
    area_write(wiped, 0, 100);
    area_check(wiped);
    check_zero(area_page(partly, 100), 50 * PAGE, "a WIPEONFORK part in a child");
    area_check_part(partly, 0, 100);
    area_check_part(partly, 150, partly->pages - 150);
    CHECK_EQ(try_access(hidden->start, ACCESS_READ), SIGSEGV);
    area_check(plain);
}

static void expect_all(void) {
    check_all_areas();
}

static void suite(void) {
    in_child(use_everything);
    check_all_areas();
    in_child(use_in_grandchild);
    check_all_areas();

    set(wiped, MADV_WIPEONFORK);
    CHECK(call_madvise(area_page(partly, 100), 50 * PAGE, MADV_WIPEONFORK) == 0, "WIPEONFORK: errno %d", errno);
    set(hidden, MADV_DONTFORK);
    check_all_areas(); /* nothing is lost here */
    in_child(expect_wiped);
    check_all_areas();
    area_write(wiped, 5, 10);
    in_child(expect_wiped);
    check_all_areas();
    area_discard(wiped, 40, 50);
    set(wiped, MADV_KEEPONFORK);
    set(partly, MADV_KEEPONFORK);
    set(hidden, MADV_DOFORK);
    in_child(expect_all);
    check_all_areas();
    area_discard(hidden, 0, 20);
    in_child(expect_all);

    /* The parent discards while a child lives: the child keeps its own. */
    int gate[2];
    MUST(pipe(gate));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        char byte;
        MUST(close(gate[1])); /* or it would wait for a parent that has failed, for good */
        CHECK_EQ(read(gate[0], &byte, 1), 1);
        check_all_areas();
        _exit(0);
    }
    for (int kind = 0; kind < kind_count; kind++)
        area_discard(kinds[kind], 0, kinds[kind]->pages);
    area_discard(plain, 100, 200);
    check_all_areas();
    CHECK_EQ(write(gate[1], "x", 1), 1);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

static void execute(void) {
    char *arguments[] = {program, "--describe", NULL};
    MUST(dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO));
    execv(program, arguments);
    fail("execv %s: errno %d", program, errno);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "children have the memory of their parent, or zeros, or none, as it asked for");
    program = argv[0];
    kind_count = place_is("threads") ? AREA_KINDS : AREA_STACK;
    for (int kind = 0; kind < kind_count; kind++)
        kinds[kind] = make_area((enum area_kind)kind, AREA_PAGES);
    struct area **own[] = {&wiped, &hidden, &plain, &partly};
    for (size_t i = 0; i < 4; i++) {
        *own[i] = make_area(AREA_MMAP, AREA_PAGES);
        map_memory(4 * PAGE, PROT_NONE, 0);
    }

    ready_and_wait();

    in_place(suite);
    in_child(execute);
    in_sharing_child(execute);
    check_all_areas();
    pass();
}
