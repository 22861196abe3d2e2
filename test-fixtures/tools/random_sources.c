/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command that draws from every source of random numbers that it finds, asks for its checkpoint, and draws again;
 * with an argument, it asks twice. Then it prints one line "SOURCE NUMBER" for each of the last draws, after "pid PID". Libraries are loaded by name, so that none
 * of them has to be there.
 */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#define BYTES 16

static bool telling;

static void tell(const char *source, const void *bytes, size_t length) {
    if (!telling)
        return;
    printf("%s ", source);
    for (size_t i = 0; i < length; i++)
        printf("%02x", ((const unsigned char *)bytes)[i]);
    printf("\n");
}

/* ---- libraries ---- */

static void draw_by(const char *source, void *library, const char *name) {
    unsigned char bytes[BYTES];
    int (*draw)(unsigned char *, int) = library ? (int (*)(unsigned char *, int))dlsym(library, name) : NULL;
    if (draw && draw(bytes, BYTES) == 1)
        tell(source, bytes, BYTES);
}

static void draw_gnutls(void *library) {
    static const char *const levels[] = {"gnutls-nonce", "gnutls-random", "gnutls-key"};
    unsigned char bytes[BYTES];
    int (*draw)(int, void *, size_t) = library ? (int (*)(int, void *, size_t))dlsym(library, "gnutls_rnd") : NULL;
    for (int level = 0; draw && level < 3; level++)
        if (draw(level, bytes, BYTES) == 0)
            tell(levels[level], bytes, BYTES);
}

static void draw_uuid(void *library) {
    unsigned char bytes[BYTES];
    void (*draw)(unsigned char *) = library ? (void (*)(unsigned char *))dlsym(library, "uuid_generate_random") : NULL;
    if (!draw)
        return;
    draw(bytes);
    tell("uuid", bytes, BYTES);
}

/* ---- the vdso's getrandom: its state is memory that the kernel may drop ---- */

typedef ssize_t (*vdso_getrandom)(void *, size_t, unsigned, void *, size_t);

static vdso_getrandom find_getrandom(void) {
    const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
    if (!base)
        return NULL;
    const ElfW(Ehdr) *header = (const void *)base;
    const ElfW(Phdr) *segments = (const void *)(base + header->e_phoff);
    const ElfW(Dyn) *dynamic = NULL;
    const ElfW(Sym) *symbols = NULL;
    const char *names = NULL;
    const char *load = base;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)(base + segments[i].p_offset);
        if (segments[i].p_type == PT_LOAD)
            load = base + segments[i].p_offset - segments[i].p_vaddr;
    }
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = (const void *)(load + dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_STRTAB)
            names = load + dynamic->d_un.d_ptr;
    }
    if (!symbols || !names)
        return NULL;
    for (const ElfW(Sym) *symbol = symbols + 1; (const char *)symbol < names; symbol++) /* the names follow the symbols */
        if (strcmp(names + symbol->st_name, "__vdso_getrandom") == 0)
            return (vdso_getrandom)(uintptr_t)(load + symbol->st_value);
    return NULL;
}

static void draw_vdso(void) {
    static void *state;
    static struct { uint32_t size, protection, flags, reserved[13]; } wanted; /* struct vgetrandom_opaque_params */
    unsigned char bytes[BYTES];
    vdso_getrandom draw = find_getrandom();
    if (!draw)
        return;
    if (!state && draw(NULL, 0, 0, &wanted, ~0UL) == 0)
        state = mmap(NULL, 4096, (int)wanted.protection, (int)wanted.flags, -1, 0);
    if (state && state != MAP_FAILED && draw(bytes, BYTES, 0, state, wanted.size) == BYTES)
        tell("vdso-getrandom", bytes, BYTES);
}

static void draw_all(void) {
    static void *crypto, *gnutls, *uuid;
    if (!telling) {
        crypto = dlopen("libcrypto.so.3", RTLD_NOW);
        gnutls = dlopen("libgnutls.so.30", RTLD_NOW);
        uuid = dlopen("libuuid.so.1", RTLD_NOW);
    }
    /* Before the libraries: libuuid advances random() by the clock. */
    int number = rand();
    tell("rand", &number, sizeof(number));
    long longer = random();
    tell("random", &longer, sizeof(longer));
    longer = lrand48();
    tell("lrand48", &longer, sizeof(longer));
    tell("AT_RANDOM", (const void *)getauxval(AT_RANDOM), BYTES);
    draw_by("openssl", crypto, "RAND_bytes");
    draw_by("openssl-private", crypto, "RAND_priv_bytes");
    draw_gnutls(gnutls);
    draw_uuid(uuid);
    draw_vdso();
    unsigned char bytes[BYTES];
    if (getrandom(bytes, BYTES, 0) == BYTES)
        tell("getrandom", bytes, BYTES);
    void (*fill)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "arc4random_buf"); /* glibc 2.36 */
    if (fill) {
        fill(bytes, BYTES);
        tell("arc4random", bytes, BYTES);
    }
}

int main(int argc, char **argv) {
    (void)argv;
    signal(SIGUSR2, SIG_IGN);
    for (int i = 0; i < argc; i++) {
        draw_all();
        kill(getpid(), SIGUSR2);
    }
    telling = true;
    printf("pid %d\n", (int)getpid());
    draw_all();
    return 0;
}
