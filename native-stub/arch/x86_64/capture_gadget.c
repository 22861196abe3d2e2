/* SPDX-License-Identifier: Apache-2.0 */
#include "capture_arch.h"

#include <string.h>

/* Length of an instruction that only moves the stack pointer up, and by how much; 0 for anything else. */
static size_t stack_release(const uint8_t *code, size_t size, uint32_t *ret_bytes)
{
    *ret_bytes = 8;
    if (size >= 1 && code[0] >= 0x58 && code[0] <= 0x5f && code[0] != 0x5c) /* pop; not of rsp */
        return 1;
    if (size >= 2 && code[0] == 0x41 && code[1] >= 0x58 && code[1] <= 0x5f) /* pop of r8 to r15 */
        return 2;
    if (size >= 4 && memcmp(code, "\x48\x83\xc4", 3) == 0 && code[3] < 0x80) { /* add $imm8,%rsp */
        *ret_bytes = code[3];
        return 4;
    }
    return 0;
}

/* Whether only stack releases stand between code and a ret. */
static bool returns(const uint8_t *code, size_t size, uint32_t *ret_displacement)
{
    uint32_t displacement = 0;
    for (int instructions = 0; instructions < 8 && size; instructions++) {
        if (code[0] == 0xc3) {
            *ret_displacement = displacement;
            return true;
        }
        uint32_t bytes;
        size_t length = stack_release(code, size, &bytes);
        if (!length || displacement + bytes > 128)
            return false;
        displacement += bytes;
        code += length;
        size -= length;
    }
    return false;
}

/* Length of an instruction in front of code that loads the number of rt_sigreturn; 0 when there is none. */
static size_t sigreturn_load(const uint8_t *code, size_t before)
{
    static const uint8_t by_rax[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0}; /* mov $15,%rax: glibc, musl, Go */
    static const uint8_t by_eax[] = {0xb8, 15, 0, 0, 0};             /* mov $15,%eax */
    if (before >= sizeof(by_rax) && memcmp(code - sizeof(by_rax), by_rax, sizeof(by_rax)) == 0)
        return sizeof(by_rax);
    if (before >= sizeof(by_eax) && memcmp(code - sizeof(by_eax), by_eax, sizeof(by_eax)) == 0)
        return sizeof(by_eax);
    return 0;
}

void find_gadgets(const uint8_t *code, size_t size, uint64_t address, struct gadgets *gadgets)
{
    for (size_t at = 0; at + 2 <= size; at++) {
        const uint8_t *next = memchr(code + at, 0x0f, size - at - 1);
        if (!next)
            return;
        at = (size_t)(next - code);
        if (next[1] != 0x05)
            continue;
        uint32_t displacement;
        if (!gadgets->returning.address && returns(next + 2, size - at - 2, &displacement)) {
            gadgets->returning.address = address + at;
            gadgets->returning.displacement = displacement;
        }
        if (!gadgets->bare)
            gadgets->bare = address + at;
        size_t load = gadgets->restorer ? 0 : sigreturn_load(next, at);
        if (load)
            gadgets->restorer = address + at - load;
        if (gadgets->returning.address && gadgets->restorer)
            return;
    }
}

void provide_gadgets(uint8_t code[CODE_BYTES], uint64_t address, struct gadgets *ret)
{
    static const uint8_t bytes[CODE_BYTES] = {
        0x0f, 0x05, 0xc3, 0xcc,                                                 /* syscall; ret */
        0x48, 0xc7, 0xc0, 15,   0,    0,    0,    0x0f, 0x05, 0xcc, 0xcc, 0xcc, /* mov $15,%rax; syscall */
    };
    memcpy(code, bytes, sizeof(bytes));
    *ret = (struct gadgets){.returning.address = address, .bare = address, .restorer = address + 4};
}
