/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lock_evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CANDIDATES (1 << 17) /* more are data, for no program holds as many locks */
#define STACK_BYTES (1 << 20)     /* what lies further away is not used at the moment, or is no stack */
#define RED_ZONE 128
#define OBJECT_BYTES 4096         /* objects that hold locks are not larger */
#define OBJECT_ALIGNMENT 16       /* of memory that malloc gives */
#define COMMON_NUMBERS 255        /* up to here being near what the owner uses proves nothing */
#define CODE_OVERLAP 8

struct evidence {
    const struct program_memory *memory;
    struct lock_candidate *candidates; /* by address */
    size_t count;
    uint64_t lowest, highest;
};

static int order_candidates(const void *left, const void *right)
{
    const struct lock_candidate *a = left, *b = right;
    return a->address < b->address ? -1 : a->address > b->address;
}

/* The first one at an address or behind it. */
static size_t first_from(const struct evidence *evidence, uint64_t address)
{
    size_t low = 0, high = evidence->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (evidence->candidates[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct lock_candidate *candidate_at(const struct evidence *evidence, uint64_t address)
{
    if (address < evidence->lowest || address > evidence->highest)
        return NULL;
    size_t index = first_from(evidence, address);
    return index < evidence->count && evidence->candidates[index].address == address ? &evidence->candidates[index] : NULL;
}

/* ---- registers and stacks ---- */

static void look_at_value(const struct evidence *evidence, uint64_t value, uint32_t tid, uint32_t number)
{
    struct lock_candidate *candidate = candidate_at(evidence, value);
    if (candidate && candidate->last_holder != number) {
        candidate->holders++;
        candidate->last_holder = number;
    }
    if (tid <= COMMON_NUMBERS || value % OBJECT_ALIGNMENT || value > evidence->highest)
        return;
    for (size_t i = first_from(evidence, value); i < evidence->count; i++) {
        if (evidence->candidates[i].address - value >= OBJECT_BYTES)
            break;
        if (evidence->candidates[i].tid == tid)
            evidence->candidates[i].used = true;
    }
}

static int look_at_stack(const struct evidence *evidence, const struct thread *thread, uint32_t number)
{
    const struct user_regs_struct *regs = &thread->regs;
    const uint64_t values[] = {regs->rax, regs->rbx, regs->rcx, regs->rdx, regs->rsi, regs->rdi, regs->rbp, regs->r8,
                               regs->r9,  regs->r10, regs->r11, regs->r12, regs->r13, regs->r14, regs->r15};
    uint32_t tid = thread->record.own_tid;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        look_at_value(evidence, values[i], tid, number);
    uint64_t start = (regs->rsp & ~UINT64_C(7)) - RED_ZONE;
    const struct place_kind *place = place_at(evidence->memory, start);
    if (!place)
        return 0;
    size_t size = place->end - start < STACK_BYTES ? place->end - start : STACK_BYTES;
    AUTO_FREE uint64_t *words = malloc(size);
    if (!words)
        return -ENOMEM;
    if (!read_memory(evidence->memory, start, words, size))
        return 0;
    for (size_t i = 0; i < size / sizeof(*words); i++)
        look_at_value(evidence, words[i], tid, number);
    return 0;
}

/* ---- code and memory; several threads may look at pieces, and each sets flags only ---- */

static bool is_code(const struct place_kind *place)
{
    return place->executable && place->readable;
}

static bool is_data(const struct place_kind *place)
{
    return place->readable;
}

static void accept_address(const struct evidence *evidence, uint64_t address)
{
    struct lock_candidate *candidate = candidate_at(evidence, address);
    if (candidate)
        __atomic_store_n(&candidate->lock, true, __ATOMIC_RELAXED);
}

/* `lea place(%rip),%reg` and, for low addresses, `mov $place,%reg`. */
static void look_at_code(void *context, uint64_t start, const uint8_t *code, size_t size)
{
    for (size_t at = 2; at + 5 <= size; at++) {
        int32_t value;
        memcpy(&value, code + at + 1, sizeof(value));
        if ((code[at] & 0xf8) == 0xb8)
            accept_address(context, (uint32_t)value);
        if ((code[at] & 0xc7) == 0x05 && code[at - 1] == 0x8d && (code[at - 2] & 0xfb) == 0x48)
            accept_address(context, start + at + 5 + (uint64_t)(int64_t)value);
    }
}

static void look_at_words(void *context, uint64_t start, const uint8_t *bytes, size_t size)
{
    const uint64_t *words = (const void *)bytes;
    (void)start;
    for (size_t i = 0; i < size / sizeof(*words); i++)
        if (words[i] % sizeof(*words) == 0)
            accept_address(context, words[i]);
}

static size_t drop_what_has_too_few_holders(struct lock_candidate *candidates, size_t count, size_t *open)
{
    size_t kept = 0;
    *open = 0;
    for (size_t i = 0; i < count; i++) {
        struct lock_candidate candidate = candidates[i];
        if (candidate.other_users > candidate.holders || (kept && candidates[kept - 1].address == candidate.address))
            continue;
        candidate.lock = candidate.holders > 0 || candidate.used;
        *open += !candidate.lock;
        candidates[kept++] = candidate;
    }
    return kept;
}

int judge_candidates(const struct program_memory *memory, const struct capture *program, struct buffer *candidates)
{
    size_t count = candidates->size / sizeof(struct lock_candidate), open;
    if (candidates->failed)
        return -ENOMEM;
    if (count == 0 || count > MOST_CANDIDATES) {
        candidates->size = 0;
        return 0;
    }
    struct evidence evidence = {memory, (void *)candidates->data, count, 0, 0};
    qsort(evidence.candidates, count, sizeof(*evidence.candidates), order_candidates);
    evidence.lowest = evidence.candidates[0].address;
    evidence.highest = evidence.candidates[count - 1].address;
    int error = 0;
    for (size_t i = 0; i < program->thread_count && error == 0; i++)
        error = look_at_stack(&evidence, &program->threads[i], (uint32_t)i + 1);
    if (error < 0)
        return error;
    evidence.count = drop_what_has_too_few_holders(evidence.candidates, count, &open);
    candidates->size = evidence.count * sizeof(*evidence.candidates);
    struct memory_search code = {.accept = is_code, .look = look_at_code, .context = &evidence, .overlap = CODE_OVERLAP};
    struct memory_search data = {.accept = is_data, .only_written = true, .look = look_at_words, .context = &evidence};
    if (open)
        error = search_memory(memory, &code);
    if (open && error == 0)
        error = search_memory(memory, &data);
    return error;
}
