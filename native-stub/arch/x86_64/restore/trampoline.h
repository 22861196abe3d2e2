/* SPDX-License-Identifier: Apache-2.0 */
/* Machine code that takes the place of a vdso function. Pure: also compiled into host tests. */
#ifndef UNDUMP_STUB_TRAMPOLINE_H
#define UNDUMP_STUB_TRAMPOLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Each writes at most room bytes at code and returns false, with nothing written, when that is too little. */

/* jmp to target, wherever that is. */
bool trampoline_jump(uint8_t *code, uint64_t room, uint64_t target);

/* The system call itself: arguments are in the same registers, apart from the fourth, which no vdso call has. */
bool trampoline_call(uint8_t *code, uint64_t room, uint32_t number);

/* getrandom: its question for the size of the state (opaque_len ~0) is answered with -ENOSYS. */
bool trampoline_getrandom(uint8_t *code, uint64_t room, uint32_t number);

#endif
