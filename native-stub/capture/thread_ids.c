/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "thread_ids.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fork_memory.h"
#include "lock_patterns.h"
#include "proc_files.h"
#include "thread_id_search.h"

#define MUSL_TID 0x30 /* src/internal/pthread_impl.h struct pthread, from the thread pointer */
#define MUSL_ROBUST_HEAD 0x88
#define MUSL_ROBUST_OFFSET (-28)
#define GLIBC_ROBUST_OFFSET (-32)
#define GLIBC_OWNER 8
#define LONGEST_LIST (1 << 16)
#define FRAMES_BYTES 0x100 /* of the lock function and of the two that may wait for it */
#define GO_G_M 0x30
#define GO_LAST_SLOT 0x100
#define GO_FIRST_PROCID 0x40
#define GO_M_BYTES 0x100
#define LOWEST_POINTER 4096

static int order_ids(const void *left, const void *right)
{
    const struct known_id *a = left, *b = right;
    return a->old < b->old ? -1 : a->old > b->old;
}

const struct known_id *find_id(const struct id_search *search, uint32_t id)
{
    size_t low = 0, high = search->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (search->ids[middle].old < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < search->count && search->ids[low].old == id ? &search->ids[low] : NULL;
}

void add_id_word(struct id_search *search, uint64_t address, uint32_t old, uint32_t keep, uint32_t width)
{
    const struct place_kind *place = place_at(&search->memory, address);
    const struct known_id *id = find_id(search, old);
    if (!id || !place || !place->writable || place->shared || address + width > place->end)
        return;
    struct id_word word = {address, keep, id->now, width};
    pthread_mutex_lock(&search->lock);
    buffer_append(&search->words, &word, sizeof(word));
    pthread_mutex_unlock(&search->lock);
}

static bool holds(const struct id_search *search, uint64_t address, uint32_t id)
{
    uint32_t found;
    return read_int(&search->memory, address, &found) && found == id;
}

/* ---- what the runtimes keep ---- */

/* Whether the thread pointer is musl's struct pthread of this thread. */
static bool is_musl(const struct id_search *search, const struct thread *thread)
{
    uint64_t pointer = thread->regs.fs_base, self;
    return read_word(&search->memory, pointer, &self) && self == pointer &&
           holds(search, pointer + MUSL_TID, thread->record.own_tid) &&
           !holds(search, thread->record.clear_child_tid, thread->record.own_tid);
}

static bool read_pointer(const struct id_search *search, uint64_t base, uint64_t field, uint64_t *ret)
{
    return base >= LOWEST_POINTER && base % sizeof(uint64_t) == 0 && read_word(&search->memory, base + field, ret) && *ret;
}

static void add_procid(struct id_search *search, uint64_t m, uint32_t tid)
{
    for (uint64_t field = GO_FIRST_PROCID; field < GO_M_BYTES; field += sizeof(uint64_t)) {
        uint64_t value;
        if (!read_word(&search->memory, m + field, &value) || value != tid)
            continue;
        add_id_word(search, m + field, tid, 0, sizeof(uint64_t));
        return;
    }
}

/* Programs without cgo keep g at -8; with cgo it is a variable in the thread's static TLS block, a bit lower. */
static void find_go(struct id_search *search, const struct thread *thread)
{
    for (uint64_t slot = sizeof(uint64_t); slot <= GO_LAST_SLOT; slot += sizeof(uint64_t)) {
        uint64_t g, m, g0, back;
        if (!read_word(&search->memory, thread->regs.fs_base - slot, &g))
            return;
        if (read_pointer(search, g, GO_G_M, &m) && read_pointer(search, m, 0, &g0) && read_pointer(search, g0, GO_G_M, &back) &&
            back == m) {
            add_procid(search, m, thread->record.own_tid);
            return;
        }
    }
}

static void find_own_word(struct id_search *search, const struct thread *thread)
{
    uint32_t tid = thread->record.own_tid;
    if (holds(search, thread->record.clear_child_tid, tid))
        add_id_word(search, thread->record.clear_child_tid, tid, 0, sizeof(uint32_t));
    else if (is_musl(search, thread))
        add_id_word(search, thread->regs.fs_base + MUSL_TID, tid, 0, sizeof(uint32_t));
    find_go(search, thread);
}

/* ---- robust lists ---- */

static int note_listed(struct id_search *search, const struct thread *thread, uint64_t lock, int64_t offset)
{
    const struct place_kind *place = place_at(&search->memory, lock);
    uint32_t tid = thread->record.own_tid, word;
    if (!read_int(&search->memory, lock, &word) || (word & LOCK_ID_MASK) != tid)
        return 0;
    if (place && place->shared)
        return refuse(search->memory.capture->report, -ENOTSUP,
                      "forking process %d: its thread %d holds a robust mutex in memory that the child would share (0x%llx), "
                      "and only one of the two can hold it; unlock it first", search->parent, thread->tid,
                      (unsigned long long)lock);
    add_id_word(search, lock, tid, LOCK_FLAGS, sizeof(uint32_t));
    if (offset == GLIBC_ROBUST_OFFSET && holds(search, lock + GLIBC_OWNER, tid))
        add_id_word(search, lock + GLIBC_OWNER, tid, 0, sizeof(uint32_t));
    return 0;
}

static int walk_list(struct id_search *search, const struct thread *thread, uint64_t head, int64_t offset)
{
    uint64_t next;
    bool there = read_word(&search->memory, head, &next);
    for (int i = 0; i < LONGEST_LIST && there; i++) {
        uint64_t entry = next & ~UINT64_C(1); /* the lowest bit marks a PI futex */
        if (entry == head || entry == 0)
            return 0;
        int error = note_listed(search, thread, entry + (uint64_t)offset, offset);
        if (error < 0)
            return error;
        there = read_word(&search->memory, entry, &next);
    }
    return 0;
}

static int find_listed(struct id_search *search, const struct thread *thread)
{
    struct {
        uint64_t next;
        int64_t offset;
        uint64_t pending;
    } head;
    int error = 0;
    if (is_musl(search, thread))
        error = walk_list(search, thread, thread->regs.fs_base + MUSL_ROBUST_HEAD, MUSL_ROBUST_OFFSET);
    if (error < 0 || !read_memory(&search->memory, thread->record.robust_list, &head, sizeof(head)))
        return error;
    error = walk_list(search, thread, thread->record.robust_list, head.offset);
    if (error == 0 && (head.pending & ~UINT64_C(1)))
        error = note_listed(search, thread, (head.pending & ~UINT64_C(1)) + (uint64_t)head.offset, head.offset);
    return error;
}

/* ---- threads that wait for a lock ---- */

/* In the call, or in front of it: a call that is made again after a stop or a launch has not begun yet. */
static bool is_at_futex(const struct id_search *search, const struct thread *thread)
{
    uint8_t code[2];
    if (thread->call.inside)
        return thread->call.number == SYS_futex;
    return thread->regs.rax == SYS_futex && read_memory(&search->memory, thread->regs.rip, code, sizeof(code)) && code[0] == 0x0f &&
           code[1] == 0x05;
}

static bool waits_for_lock(const struct id_search *search, const struct thread *thread)
{
    struct glibc_mutex mutex;
    if (!is_at_futex(search, thread))
        return false;
    switch ((uint32_t)thread->regs.rsi & (uint32_t)FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return read_memory(&search->memory, thread->regs.rdi, &mutex, sizeof(mutex)) && find_id(search, mutex.owner) &&
               takes_id_before_waiting(&mutex);
    default:
        return false;
    }
}

/* The id is in the frame of the function that waits, or in a register that calls preserve. */
static void find_at_hand(struct id_search *search, struct thread *thread, uint32_t now)
{
    struct user_regs_struct *resume = &thread->resume;
    unsigned long long *preserved[] = {&resume->rbx, &resume->rbp, &resume->r12, &resume->r13, &resume->r14, &resume->r15};
    uint32_t frames[FRAMES_BYTES / sizeof(uint32_t)], tid = thread->record.own_tid;
    uint64_t stack = thread->regs.rsp & ~UINT64_C(3);
    if (!waits_for_lock(search, thread))
        return;
    for (size_t i = 0; i < sizeof(preserved) / sizeof(preserved[0]); i++)
        if (*preserved[i] == tid)
            *preserved[i] = now;
    if (!read_memory(&search->memory, stack, frames, sizeof(frames)))
        return;
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        if (frames[i] == tid)
            add_id_word(search, stack + i * sizeof(uint32_t), tid, 0, sizeof(uint32_t));
}

/* ---- all of them ---- */

static int find_all(struct id_search *search, struct injector *injector, const uint32_t *new_ids)
{
    struct capture *child = injector->capture;
    int error = read_places(&search->memory, child);
    bool glibc = false;
    if (error < 0)
        return error;
    for (size_t i = 0; i < child->thread_count; i++) {
        find_own_word(search, &child->threads[i]);
        glibc |= child->threads[i].record.robust_list && !is_musl(search, &child->threads[i]);
        find_at_hand(search, &child->threads[i], new_ids[i]);
        error = find_listed(search, &child->threads[i]);
        if (error < 0)
            return error;
    }
    error = search_for_ids(search, injector, glibc);
    return error < 0 ? error : search->words.failed || search->candidates.failed ? -ENOMEM : 0;
}

/* A word may be found twice, and has the new id the second time: that is no old one, for the parent's threads live. */
static int write_words(struct id_search *search)
{
    const struct id_word *words = (void *)search->words.data;
    int mem = search->memory.capture->mem;
    for (size_t i = 0; i < search->words.size / sizeof(*words); i++) {
        uint64_t value = 0;
        if (pread(mem, &value, words[i].width, (off_t)words[i].address) != (ssize_t)words[i].width)
            return -EIO;
        value = (value & words[i].keep) | words[i].id;
        if (pwrite(mem, &value, words[i].width, (off_t)words[i].address) != (ssize_t)words[i].width)
            return -EIO;
    }
    return 0;
}

int replace_thread_ids(struct injector *injector, const uint32_t *new_ids)
{
    struct capture *child = injector->capture;
    AUTO_FREE struct known_id *ids = calloc(child->thread_count, sizeof(*ids));
    struct id_search search = {.ids = ids, .count = child->thread_count, .lock = PTHREAD_MUTEX_INITIALIZER,
                               .parent = child->request->pid};
    size_t said = child->report->count;
    int error = ids ? 0 : -ENOMEM;
    for (size_t i = 0; ids && i < child->thread_count; i++)
        ids[i] = (struct known_id){child->threads[i].record.own_tid, new_ids[i]};
    if (error == 0) {
        qsort(ids, child->thread_count, sizeof(*ids), order_ids);
        error = find_all(&search, injector, new_ids);
    }
    if (error == 0)
        error = write_words(&search);
    buffer_free(&search.words);
    buffer_free(&search.candidates);
    buffer_free(&search.memory.places);
    if (error < 0 && child->report->count == said)
        refuse(child->report, error, "forking process %d: looking for thread ids in the child's memory: %s", child->request->pid,
               strerror(-error));
    return error;
}
