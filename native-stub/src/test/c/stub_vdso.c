// SPDX-License-Identifier: Apache-2.0
/* Symbols of this machine's vdso, found by each of the three ways, held against what libc's loader finds; trampolines run. */
#define _GNU_SOURCE
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "restore/text.c"
#include "restore/trampoline.c"
#include "restore/vdso_symbols.c"

#include "src/test/c/support/expect.h"

#define VDSO_BYTES 8192

/* Removes a tag from the dynamic section of a copy. */
static void hide_tag(uint8_t *vdso, uint64_t tag)
{
    Elf64_Ehdr *elf = (void *)vdso;
    Elf64_Phdr *segments = (void *)(vdso + elf->e_phoff);

    for (int i = 0; i < elf->e_phnum; i++) {
        Elf64_Dyn *entry = (void *)(vdso + segments[i].p_offset);

        if (segments[i].p_type != PT_DYNAMIC)
            continue;
        for (; entry->d_tag != DT_NULL; entry++) {
            if ((uint64_t)entry->d_tag == tag)
                entry->d_tag = 0x60001234;
        }
    }
}

static uint64_t count_with(uint8_t *vdso, const char *way)
{
    struct vdso_symbols table = vdso_symbols_read(vdso, VDSO_BYTES);
    uint64_t offset = vdso_symbols_find(&table, "__vdso_clock_gettime");
    struct timespec now = {0};

    expect(offset != 0, way);
    expect(vdso_symbols_find(&table, "__vdso_nothing") == 0, "no such function");
    if (offset == 0)
        return 0;
    /* the running one, not the copy: it is at the same offset */
    expect(((int (*)(clockid_t, struct timespec *))(getauxval(AT_SYSINFO_EHDR) + offset))(CLOCK_MONOTONIC, &now) == 0 &&
               now.tv_sec > 0, "the function found tells the time");
    return table.count;
}

static void symbols_are_found(uint8_t *vdso)
{
    uint64_t by_hash, by_gnu_hash;

    by_hash = count_with(vdso, "any hash");
    hide_tag(vdso, DT_HASH);
    by_gnu_hash = count_with(vdso, "DT_GNU_HASH");
    hide_tag(vdso, DT_GNU_HASH);
    count_with(vdso, "no hash");
    expect(by_hash == by_gnu_hash, "both tables count the same");
}

/* No byte of it may lead outside: run under the address sanitizer. */
static void damaged_vdsos_are_survived(const uint8_t *vdso)
{
    for (size_t i = 0; i < 1200; i++) {
        for (int flip = 1; flip < 256; flip = flip * 4 + 3) {
            uint8_t *copy = malloc(VDSO_BYTES);
            struct vdso_symbols table;

            memcpy(copy, vdso, VDSO_BYTES);
            copy[i] ^= (uint8_t)flip;
            table = vdso_symbols_read(copy, VDSO_BYTES);
            vdso_symbols_find(&table, "__vdso_getcpu");
            free(copy);
        }
    }
}

static void trampolines_run(void)
{
    uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long (*call)(void) = (void *)code;
    long (*random)(void *, size_t, unsigned, void *, size_t) = (void *)(code + 64);
    uint8_t byte[2];

    expect(code != MAP_FAILED, "executable memory");
    expect(trampoline_call(code, 8, SYS_getpid) && call() == getpid(), "system call");
    expect(!trampoline_call(code, 7, SYS_getpid), "system call without room");
    expect(trampoline_jump(code + 32, 14, (uint64_t)code) && ((long (*)(void))(code + 32))() == getpid(), "jump");
    expect(!trampoline_jump(code, 13, (uint64_t)code), "jump without room");
    expect(trampoline_getrandom(code + 64, 22, SYS_getrandom), "getrandom");
    expect(random(byte, 2, GRND_NONBLOCK, NULL, 144) == 2, "getrandom gives bytes");
    expect(random(NULL, 0, 0, byte, ~0UL) == -38, "getrandom tells no state size");
    expect(!trampoline_getrandom(code, 21, SYS_getrandom), "getrandom without room");
    munmap(code, 4096);
}

int main(void)
{
    const uint8_t *running = (const void *)getauxval(AT_SYSINFO_EHDR);
    uint8_t *copy = aligned_alloc(4096, VDSO_BYTES);

    trampolines_run();
    if (running == NULL) {
        fprintf(stderr, "skipped: symbols (this kernel has no vdso)\n");
        return failures != 0;
    }
    memcpy(copy, running, VDSO_BYTES);
    damaged_vdsos_are_survived(copy);
    symbols_are_found(copy);
    free(copy);
    return failures != 0;
}
