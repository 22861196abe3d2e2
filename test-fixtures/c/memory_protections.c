/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

struct zone {
    const char *name;
    int protection;
    bool readable, writable, executable;
    unsigned char *memory;
};

/* x86 has no write without read, and reading execute-only memory depends on protection keys. */
static struct zone zones[] = {
    {"none", PROT_NONE, false, false, false, NULL},
    {"read", PROT_READ, true, false, false, NULL},
    {"write", PROT_WRITE, true, true, false, NULL},
    {"read-write", PROT_READ | PROT_WRITE, true, true, false, NULL},
    {"execute", PROT_EXEC, false, false, true, NULL},
    {"read-execute", PROT_READ | PROT_EXEC, true, false, true, NULL},
    {"all", PROT_READ | PROT_WRITE | PROT_EXEC, true, true, true, NULL},
};
enum { ZONES = sizeof zones / sizeof zones[0], ZONE_PAGES = 4 };

static void expect(struct zone *zone, enum access_kind kind, bool allowed, const char *verb) {
    int met = try_access(zone->memory + PAGE, kind);
    CHECK(met == (allowed ? 0 : SIGSEGV), "%s of %s memory: expected signal %d, found %d", verb,
          zone->name, allowed ? 0 : SIGSEGV, met);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "page protections are exact, and hidden contents survive");
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *zone = &zones[i];
        zone->memory = map_memory(ZONE_PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
        fill_pattern(zone->memory, ZONE_PAGES * PAGE, i);
        zone->memory[PAGE] = 0xc3; /* ret */
        MUST(mprotect(zone->memory, ZONE_PAGES * PAGE, zone->protection));
    }

    ready_and_wait();

    for (size_t i = 0; i < ZONES; i++) {
        struct zone *zone = &zones[i];
        if (zone->protection != PROT_EXEC)
            expect(zone, ACCESS_READ, zone->readable, "read");
        expect(zone, ACCESS_WRITE, zone->writable, "write");
        expect(zone, ACCESS_EXECUTE, zone->executable, "execution");
    }
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *zone = &zones[i];
        MUST(mprotect(zone->memory, ZONE_PAGES * PAGE, PROT_READ | PROT_WRITE));
        CHECK_EQ(zone->memory[PAGE], 0xc3);
        zone->memory[PAGE] = (unsigned char)pattern_word(i, PAGE / 8);
        check_pattern(zone->memory, ZONE_PAGES * PAGE, i, zone->name);
    }
    pass();
}
