/* SPDX-License-Identifier: Apache-2.0 */
/* Runs seccomp filters, classic BPF of linux/filter.h, as the kernel would; undump has the same in FilterProgram.java. */
#define _GNU_SOURCE
#include "filter_program.h"

#include <stdint.h>
#include <string.h>

struct machine {
    uint32_t a, x, memory[BPF_MEMWORDS];
    bool bad; /* met what no filter has */
};

static uint32_t *word(struct machine *machine, uint32_t number)
{
    machine->bad |= number >= BPF_MEMWORDS;
    return &machine->memory[number % BPF_MEMWORDS];
}

static uint32_t load(struct machine *machine, const struct sock_filter *at, const struct seccomp_data *call)
{
    uint32_t value = 0;
    switch (BPF_MODE(at->code)) {
    case BPF_IMM:
        return at->k;
    case BPF_LEN:
        return sizeof(*call);
    case BPF_MEM:
        return *word(machine, at->k);
    case BPF_ABS:
        if (at->k <= sizeof(*call) - sizeof(value)) {
            memcpy(&value, (const char *)call + at->k, sizeof(value));
            return value;
        }
        break;
    }
    machine->bad = true;
    return 0;
}

static uint32_t compute(struct machine *machine, uint16_t code, uint32_t a, uint32_t operand)
{
    switch (BPF_OP(code)) {
    case BPF_ADD: return a + operand;
    case BPF_SUB: return a - operand;
    case BPF_MUL: return a * operand;
    case BPF_DIV: return operand ? a / operand : 0;
    case BPF_OR: return a | operand;
    case BPF_AND: return a & operand;
    case BPF_LSH: return a << (operand & 31);
    case BPF_RSH: return a >> (operand & 31);
    case BPF_NEG: return -a;
    case BPF_XOR: return a ^ operand;
    }
    machine->bad = true;
    return 0;
}

/* How many instructions are left out. */
static size_t jump(struct machine *machine, const struct sock_filter *at, uint32_t operand)
{
    switch (BPF_OP(at->code)) {
    case BPF_JA: return at->k;
    case BPF_JEQ: return machine->a == operand ? at->jt : at->jf;
    case BPF_JGT: return machine->a > operand ? at->jt : at->jf;
    case BPF_JGE: return machine->a >= operand ? at->jt : at->jf;
    case BPF_JSET: return machine->a & operand ? at->jt : at->jf;
    }
    machine->bad = true;
    return 0;
}

bool filter_allows(const struct sock_filter *instructions, size_t count, const struct seccomp_data *call)
{
    struct machine machine = {0};
    for (size_t next = 0; next < count && !machine.bad; next++) {
        const struct sock_filter *at = &instructions[next];
        uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine.x : at->k, action;
        switch (BPF_CLASS(at->code)) {
        case BPF_LD: machine.a = load(&machine, at, call); break;
        case BPF_LDX: machine.x = load(&machine, at, call); break;
        case BPF_ST: *word(&machine, at->k) = machine.a; break;
        case BPF_STX: *word(&machine, at->k) = machine.x; break;
        case BPF_ALU: machine.a = compute(&machine, at->code, machine.a, operand); break;
        case BPF_JMP: next += jump(&machine, at, operand); break;
        case BPF_RET:
            action = (BPF_RVAL(at->code) == BPF_A ? machine.a : at->k) & SECCOMP_RET_ACTION_FULL;
            return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
        default: /* BPF_MISC */
            if (BPF_MISCOP(at->code) == BPF_TXA)
                machine.a = machine.x;
            else
                machine.x = machine.a;
        }
    }
    return false;
}
