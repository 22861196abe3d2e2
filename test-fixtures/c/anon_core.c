/* SPDX-License-Identifier: Apache-2.0 */
/* A core dump of a process that has not touched its memory since READY contains that memory. */
#include "areas.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct area *kinds[AREA_KINDS], *hidden;
static int core;

static void read_core(void *buffer, size_t size, off_t offset) {
    CHECK(pread(core, buffer, size, offset) == (ssize_t)size, "reading the core at 0x%llx: errno %d",
          (unsigned long long)offset, errno);
}

/* Offset in the core of an address, or -1 where it is not stored. */
static off_t offset_of(uintptr_t address) {
    Elf64_Ehdr header;
    read_core(&header, sizeof header, 0);
    CHECK(memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_type == ET_CORE, "no core file");
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        read_core(&segment, sizeof segment, (off_t)(header.e_phoff + i * header.e_phentsize));
        if (segment.p_type == PT_LOAD && segment.p_vaddr <= address && address - segment.p_vaddr < segment.p_filesz)
            return (off_t)(segment.p_offset + (address - segment.p_vaddr));
    }
    return -1;
}

static void expect_stored(struct area *area) {
    static unsigned char stored[PAGE], zeros[PAGE];
    struct area *twin = make_twin(area);
    area_expect(twin, 0, twin->pages, PAGE_SKIPPED); /* only for its contents */
    MUST(mprotect(twin->start, twin->pages * PAGE, PROT_READ));
    for (size_t page = 0; page < area->pages; page++) {
        off_t offset = offset_of((uintptr_t)area_page(area, page));
        if (offset < 0 && area->state[page] == PAGE_ZERO)
            continue; /* as the kernel leaves out memory that was never written */
        CHECK(offset >= 0, "page %zu of %s is not in the core", page, area->name);
        read_core(stored, PAGE, offset);
        const void *expected = area->state[page] == PAGE_ZERO ? zeros : area_page(twin, page);
        CHECK(memcmp(stored, expected, PAGE) == 0, "page %zu of %s is stored as something else", page, area->name);
    }
    MUST(munmap(twin->start, twin->pages * PAGE));
    twin->protection = PROT_READ;
}

static int open_core(const char *folder) {
    char path[600] = "";
    DIR *directory = opendir(folder);
    CHECK(directory, "opendir: errno %d", errno);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strncmp(entry->d_name, "core", 4) == 0)
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    closedir(directory);
    if (!path[0])
        return -1;
    int file = (int)MUST(open(path, O_RDONLY));
    MUST(unlink(path));
    return file;
}

/* The kernel's core of a child that aborts, or what gdb makes of one that waits. */
static int dump_child(const char *folder, bool with_gdb) {
    int gate[2], status;
    MUST(pipe(gate));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        char byte;
        struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        if (setrlimit(RLIMIT_CORE, &limit) < 0 || chdir(folder) < 0)
            _exit(9);
        if (with_gdb) {
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 9);
        }
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    close(gate[0]);
    if (with_gdb) {
        char command[800];
        snprintf(command, sizeof command, "gcore -o %s/core %d >/dev/null 2>&1", folder, (int)child);
        status = system(command);
        close(gate[1]);
        CHECK_EQ(waitpid(child, NULL, 0), child);
        return status == 0 ? open_core(folder) : -1;
    }
    close(gate[1]);
    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? open_core(folder) : -1;
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "a core dump contains the memory that a launch has not touched yet");
    bool with_gdb = place_is("gcore");
    char folder[] = "core-XXXXXX";
    for (int kind = 0; kind < AREA_KINDS; kind++) {
        kinds[kind] = make_area((enum area_kind)kind, AREA_PAGES);
        map_memory(4 * PAGE, PROT_NONE, 0);
    }
    hidden = make_area(AREA_MMAP, AREA_PAGES);
    MUST(madvise(hidden->start, hidden->pages * PAGE, MADV_DONTDUMP));

    ready_and_wait();

    if (with_gdb && system("command -v gcore >/dev/null 2>&1") != 0)
        skip("gdb's gcore is not installed");
    CHECK(mkdtemp(folder), "mkdtemp: errno %d", errno);
    area_discard(kinds[AREA_MMAP], 100, 50);
    area_write(kinds[AREA_MALLOC], 1, 1); /* one page is written, the others are as they came */
    area_discard(kinds[AREA_MALLOC], 1, 1);
    core = dump_child(folder, with_gdb);
    rmdir(folder);
    if (core < 0)
        skip(with_gdb ? "gdb may not look at a child here" : "the kernel writes no core file here (core_pattern)");
    for (int kind = 0; kind < AREA_KINDS; kind++)
        expect_stored(kinds[kind]);
    CHECK_EQ(offset_of((uintptr_t)area_page(hidden, 30)), -1);
    check_all_areas();
    pass();
}
