// SPDX-License-Identifier: Apache-2.0
#include "restore/trampoline.h"

#include "restore/bytes.h"

static const uint8_t jump_code[] = {0xff, 0x25, 0, 0, 0, 0}; /* jmp *0(%rip), the address follows */
static const uint8_t call_code[] = {
    0xb8, 0, 0, 0, 0, /* mov $number, %eax */
    0x0f, 0x05,       /* syscall */
    0xc3,             /* ret */
};
static const uint8_t state_question_code[] = {
    0x49, 0x83, 0xf8, 0xff,                   /* cmp $-1, %r8: opaque_len */
    0x75, 0x08,                               /* jne behind ret */
    0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, /* mov $-ENOSYS, %rax */
    0xc3,                                     /* ret */
};

bool trampoline_jump(uint8_t *code, uint64_t room, uint64_t target)
{
    if (room < sizeof(jump_code) + sizeof(target))
        return false;
    memcpy(code, jump_code, sizeof(jump_code));
    memcpy(code + sizeof(jump_code), &target, sizeof(target));
    return true;
}

bool trampoline_call(uint8_t *code, uint64_t room, uint32_t number)
{
    if (room < sizeof(call_code))
        return false;
    memcpy(code, call_code, sizeof(call_code));
    memcpy(code + 1, &number, sizeof(number));
    return true;
}

bool trampoline_getrandom(uint8_t *code, uint64_t room, uint32_t number)
{
    if (room < sizeof(state_question_code) + sizeof(call_code))
        return false;
    memcpy(code, state_question_code, sizeof(state_question_code));
    return trampoline_call(code + sizeof(state_question_code), room - sizeof(state_question_code), number);
}
