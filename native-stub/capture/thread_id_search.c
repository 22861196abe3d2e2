/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "thread_id_search.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "lock_evidence.h"
#include "lock_patterns.h"

#define MOST_USERS 65535
#define SIGTIMER 32 /* of glibc: __SIGRTMIN */
#define FUNCTION_BYTES 1024
#define TYPE_OF_OBJECT 8 /* PyTypeObject and PyRunningLoopHolder on 64-bit machines */
#define NAME_OF_TYPE 24
#define SIZE_OF_TYPE 32
#define HOLDER_PID 24
#define HOLDER_BYTES 32
#define MOST_TYPES 64

/* ---- owners of locks ---- */

struct lock_search {
    struct id_search *search;
    uint32_t lowest, span;
};

static bool may_hold_locks(const struct place_kind *place)
{
    return place->readable && place->writable && !place->shared;
}

/* Bytes of a lock, from the piece when it lies inside. */
static bool lock_bytes(const struct id_search *search, uint64_t at, uint64_t start, const uint8_t *bytes, size_t size, void *ret,
                       size_t length)
{
    if (at < start || at + length > start + size)
        return read_memory(&search->memory, at, ret, length);
    memcpy(ret, bytes + (at - start), length);
    return true;
}

static void add_candidate(struct id_search *search, struct lock_candidate candidate)
{
    pthread_mutex_lock(&search->lock);
    buffer_append(&search->candidates, &candidate, sizeof(candidate));
    pthread_mutex_unlock(&search->lock);
}

static void look_at_owner(struct id_search *search, uint64_t owner_at, uint32_t tid, uint64_t start, const uint8_t *bytes,
                          size_t size)
{
    struct glibc_mutex mutex;
    struct glibc_rwlock rwlock;
    uint64_t at = owner_at - offsetof(struct glibc_mutex, owner);
    if (lock_bytes(search, at, start, bytes, size, &mutex, sizeof(mutex)) && is_held_mutex(&mutex, tid)) {
        if (has_owner_in_lock(&mutex)) {
            add_id_word(search, owner_at, tid, 0, sizeof(uint32_t));
            add_id_word(search, at, tid, LOCK_FLAGS, sizeof(uint32_t));
        } else {
            add_candidate(search, (struct lock_candidate){.address = at, .word = owner_at, .tid = tid, .other_users = mutex.users - 1});
        }
    }
    at = owner_at - offsetof(struct glibc_rwlock, writer);
    if (lock_bytes(search, at, start, bytes, size, &rwlock, sizeof(rwlock)) && is_held_rwlock(&rwlock, tid))
        add_candidate(search, (struct lock_candidate){.address = at, .word = owner_at, .tid = tid});
}

/* The quick test on each word, "a known id below, a small number above", fits both kinds of locks. */
static void look_for_locks(void *context, uint64_t start, const uint8_t *bytes, size_t size)
{
    const struct lock_search *locks = context;
    const uint64_t *words = (const void *)bytes;
    uint32_t lowest = locks->lowest, span = locks->span;
    for (size_t i = 0; i < size / sizeof(*words); i++) {
        uint32_t low = (uint32_t)words[i];
        if (low - lowest <= span && words[i] >> 32 <= MOST_USERS && find_id(locks->search, low))
            look_at_owner(locks->search, start + i * sizeof(*words), low, start, bytes, size);
    }
}

/* From outside, where the child itself cannot. */
static int read_for_locks(struct id_search *search)
{
    struct lock_search locks = {search, search->ids[0].old, search->ids[search->count - 1].old - search->ids[0].old};
    struct memory_search wanted = {.accept = may_hold_locks, .only_written = true, .look = look_for_locks, .context = &locks};
    return search_memory(&search->memory, &wanted);
}

static void look_at_word(void *context, uint64_t address)
{
    struct id_search *search = context;
    uint32_t tid;
    if (read_int(&search->memory, address, &tid) && find_id(search, tid))
        look_at_owner(search, address, tid, 0, NULL, 0);
}

static int search_for_locks(struct id_search *search, struct injector *injector)
{
    AUTO_BUFFER struct buffer ranges = {0};
    AUTO_FREE uint32_t *ids = calloc(search->count, sizeof(*ids));
    int error = ids ? list_written(&search->memory, may_hold_locks, &ranges) : -ENOMEM;
    if (error < 0)
        return error;
    for (size_t i = 0; i < search->count; i++)
        ids[i] = search->ids[i].old;
    struct scan scan = {.injector = injector, .ids = ids, .id_count = search->count, .ranges = (void *)ranges.data,
                        .range_count = ranges.size / sizeof(struct scan_range), .found = look_at_word, .context = search};
    for (size_t i = 0; i < scan.range_count; i++)
        look_at_word(search, scan.ranges[i].end - sizeof(uint64_t));
    error = scan_for_owners(&scan);
    return error == -ENOSYS ? read_for_locks(search) : error;
}

static int find_locks(struct id_search *search, struct injector *injector)
{
    int error = search_for_locks(search, injector);
    if (error == 0)
        error = judge_candidates(&search->memory, injector->capture, &search->candidates);
    const struct lock_candidate *candidates = (const void *)search->candidates.data;
    for (size_t i = 0; error == 0 && i < search->candidates.size / sizeof(*candidates); i++)
        if (candidates[i].lock)
            add_id_word(search, candidates[i].word, candidates[i].tid, 0, sizeof(uint32_t));
    return error;
}

/* ---- glibc's thread for the functions of timers ---- */

/* It waits for its signal and for no other. */
static bool has_timer_helper(const struct id_search *search, const struct capture *child)
{
    for (size_t i = 0; i < child->thread_count; i++) {
        const struct thread *thread = &child->threads[i];
        uint64_t signals;
        if (thread->call.inside && thread->call.number == SYS_rt_sigtimedwait &&
            read_word(&search->memory, thread->regs.rdi, &signals) && signals == UINT64_C(1) << (SIGTIMER - 1))
            return true;
    }
    return false;
}

static bool is_code(const struct place_kind *place)
{
    return place->executable && place->readable && !place->anonymous;
}

static void note_loaded(struct id_search *search, uint64_t address)
{
    uint32_t value;
    if (address % sizeof(value) == 0 && read_int(&search->memory, address, &value) && find_id(search, value))
        add_id_word(search, address, value, 0, sizeof(value));
}

/* What the code in front of a call of timer_create loads relative to itself: `mov disp32(%rip),%r32`. */
static void follow_call(struct id_search *search, uint64_t call)
{
    uint8_t code[FUNCTION_BYTES];
    const struct place_kind *place = place_at(&search->memory, call);
    uint64_t start = place && call - place->start < sizeof(code) ? place->start : call - sizeof(code);
    size_t size = call - start;
    if (!read_memory(&search->memory, start, code, size))
        return;
    for (size_t at = 1; at + 6 <= size; at++) {
        int32_t displacement;
        if (code[at] != 0x8b || (code[at + 1] & 0xc7) != 0x05 || (code[at - 1] & 0xf8) == 0x48)
            continue;
        memcpy(&displacement, code + at + 2, sizeof(displacement));
        note_loaded(search, start + at + 6 + (uint64_t)(int64_t)displacement);
    }
}

static void look_for_timer_create(void *context, uint64_t start, const uint8_t *bytes, size_t size)
{
    static const uint8_t call[] = {0xb8, 222, 0, 0, 0, 0x0f, 0x05}; /* mov $SYS_timer_create,%eax; syscall */
    const uint8_t *at = bytes;
    while ((at = memmem(at, size - (size_t)(at - bytes), call, sizeof(call))) != NULL)
        follow_call(context, start + (uint64_t)(at++ - bytes));
}

static int search_for_timer_helper(struct id_search *search)
{
    struct memory_search wanted = {.accept = is_code, .look = look_for_timer_create, .context = search, .overlap = 8};
    return search_memory(&search->memory, &wanted);
}

/* ---- the loops of asyncio, CPython 3.7 to 3.11 ---- */

struct addresses {
    struct id_search *search;
    uint64_t found[MOST_TYPES];
    size_t count;
};

struct pointers {
    struct addresses *to, *ret;
    uint32_t pid;
};

static const char TYPE_NAME[] = "_RunningLoopHolder"; /* with its zero byte */

static bool is_module_text(const struct place_kind *place)
{
    return place->python && place->readable && !place->writable;
}

static bool is_module_data(const struct place_kind *place)
{
    return place->python && place->readable && !place->shared;
}

static void note_address(struct addresses *addresses, uint64_t address)
{
    pthread_mutex_lock(&addresses->search->lock);
    if (addresses->count < MOST_TYPES)
        addresses->found[addresses->count++] = address;
    pthread_mutex_unlock(&addresses->search->lock);
}

static void look_for_name(void *context, uint64_t start, const uint8_t *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while ((at = memmem(at, size - (size_t)(at - bytes), TYPE_NAME, sizeof(TYPE_NAME))) != NULL)
        note_address(context, start + (uint64_t)(at++ - bytes));
}

static bool is_among(const struct addresses *addresses, uint64_t value)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (addresses->found[i] == value)
            return true;
    return false;
}

/* A type is known by the name that it points to, and by the size of its objects. */
static void look_for_types(void *context, uint64_t start, const uint8_t *bytes, size_t size)
{
    const struct pointers *pointers = context;
    const uint64_t *words = (const void *)bytes;
    for (size_t i = 0; i < size / sizeof(*words); i++) {
        uint64_t type = start + i * sizeof(*words) - NAME_OF_TYPE, bytes_of_object;
        if (is_among(pointers->to, words[i]) &&
            read_word(&pointers->to->search->memory, type + SIZE_OF_TYPE, &bytes_of_object) && bytes_of_object == HOLDER_BYTES)
            note_address(pointers->ret, type);
    }
}

static void look_for_holders(void *context, uint64_t start, const uint8_t *bytes, size_t size)
{
    const struct pointers *pointers = context;
    struct id_search *search = pointers->to->search;
    const uint64_t *words = (const void *)bytes;
    for (size_t i = 0; i < size / sizeof(*words); i++) {
        uint64_t holder = start + i * sizeof(*words) - TYPE_OF_OBJECT, references;
        uint32_t pid;
        if (is_among(pointers->to, words[i]) && read_word(&search->memory, holder, &references) && (int64_t)references > 0 &&
            read_int(&search->memory, holder + HOLDER_PID, &pid) && pid == pointers->pid)
            add_id_word(search, holder + HOLDER_PID, pid, 0, sizeof(pid));
    }
}

static int search_for_loops(struct id_search *search, uint32_t pid)
{
    struct addresses names = {.search = search}, types = {.search = search};
    struct pointers to_names = {&names, &types, pid}, to_types = {&types, NULL, pid};
    struct memory_search texts = {.accept = is_module_text, .look = look_for_name, .context = &names,
                                  .overlap = sizeof(TYPE_NAME)};
    struct memory_search data = {.accept = is_module_data, .look = look_for_types, .context = &to_names}; /* in a launch not written */
    struct memory_search all = {.accept = may_hold_locks, .only_written = true, .look = look_for_holders, .context = &to_types};
    int error = search_memory(&search->memory, &texts);
    if (error == 0 && names.count)
        error = search_memory(&search->memory, &data);
    return error == 0 && types.count ? search_memory(&search->memory, &all) : error;
}

int search_for_ids(struct id_search *search, struct injector *injector, bool has_glibc)
{
    const struct capture *child = injector->capture;
    int error = has_glibc ? find_locks(search, injector) : 0;
    if (error == 0 && has_timer_helper(search, child))
        error = search_for_timer_helper(search);
    return error < 0 ? error : search_for_loops(search, child->threads[0].record.own_tid);
}
