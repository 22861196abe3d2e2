/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

/* mov $value, %eax; add %edi, %eax; ret */
static void emit(unsigned char *code, uint32_t value) {
    static const unsigned char tail[] = {0x01, 0xf8, 0xc3};
    code[0] = 0xb8;
    memcpy(code + 1, &value, sizeof value);
    memcpy(code + 5, tail, sizeof tail);
}

static int call(unsigned char *code, int argument) {
    int (*function)(int) = (int (*)(int))(uintptr_t)code;
    return function(argument);
}

int main(int argc, char **argv) {
    enum { PAGES = 64 };
    fixture_begin(argc, argv, "anonymous code runs again and can be written anew");
    unsigned char *wx = map_memory(PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
    unsigned char *rwx = map_memory(PAGES * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, 0);
    for (int i = 0; i < PAGES; i++) {
        emit(wx + i * PAGE, 1000u + (unsigned)i);
        emit(rwx + i * PAGE, 2000u + (unsigned)i);
    }
    MUST(mprotect(wx, PAGES * PAGE, PROT_READ | PROT_EXEC));
    CHECK_EQ(call(wx, 1), 1001);

    ready_and_wait();

    for (int i = 0; i < PAGES; i++) {
        CHECK_EQ(call(wx + i * PAGE, 5), 1005 + i);
        CHECK_EQ(call(rwx + i * PAGE, 6), 2006 + i);
    }
    emit(rwx, 77);
    CHECK_EQ(call(rwx, 0), 77);
    CHECK_EQ(try_access(wx, ACCESS_WRITE), SIGSEGV);
    MUST(mprotect(wx, PAGES * PAGE, PROT_READ | PROT_WRITE));
    CHECK_EQ(try_access(wx + 7, ACCESS_EXECUTE), SIGSEGV);
    emit(wx, 88);
    MUST(mprotect(wx, PAGES * PAGE, PROT_READ | PROT_EXEC));
    CHECK_EQ(call(wx, 0), 88);
    pass();
}
