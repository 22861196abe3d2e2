/* SPDX-License-Identifier: Apache-2.0 */
/* Images with the payload in them, and running them. */
#ifndef UNDUMP_TEST_IMAGE_LAUNCHER_H
#define UNDUMP_TEST_IMAGE_LAUNCHER_H

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "restore/text.c"
#include "restore/vdso_symbols.c"
#include "src/test/c/support/image_builder.h"
#include "src/test/c/support/work_folder.h"
#include "src/test/payload/payload.h"

#define LAUNCH_VDSO_PLACE 0x7fff00000000UL
#define LAUNCH_TID_BIT 0x80000000U

struct launch_result {
    bool exited; /* status is the exit status, else the signal */
    int status;
    char error[2048]; /* what it wrote to stderr */
};

struct launch_conditions {
    void (*prepare)(void *); /* runs in the child just before exec */
    void *argument;
    char **environment;
};

static inline const char *launch_path(void)
{
    static char path[WORK_PATH_BYTES];

    if (path[0] == '\0')
        work_path(path, "image");
    return path;
}

static inline uint64_t launch_stack_top(uint64_t thread)
{
    return PAYLOAD_STACKS + (thread + 1) * PAYLOAD_STACK_BYTES;
}

static inline struct payload_data *launch_data(struct builder *builder)
{
    return (struct payload_data *)(void *)builder->data; /* the first page data */
}

/* An image of the payload with so many threads. The payload's data is read, its code is mapped. */
static inline struct builder *launch_builder(enum payload_scenario scenario, uint32_t threads)
{
    struct builder *builder = builder_new();
    uint64_t data_bytes = builder_round(sizeof(struct payload_data));
    static struct payload_data empty;
    size_t code_bytes;
    void *code = builder_load(built_path("payload.bin"), &code_bytes);
    uint64_t offset = builder_data(builder, &empty, sizeof(empty));

    launch_data(builder)->thread_count = threads;
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, PAYLOAD_DATA, data_bytes, PROT_READ | PROT_WRITE, 0);
    builder_memory(builder, IMAGE_MEMORY_READ, PAYLOAD_DATA, data_bytes, 0, offset);
    offset = builder_data(builder, code, code_bytes);
    builder_memory(builder, IMAGE_MEMORY_IMAGE, PAYLOAD_CODE, builder_round(code_bytes), PROT_READ | PROT_EXEC, offset);
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, PAYLOAD_STACKS, threads * PAYLOAD_STACK_BYTES,
                   PROT_READ | PROT_WRITE, 0);
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, PAYLOAD_BSS, PAYLOAD_BSS_BYTES, PROT_READ | PROT_WRITE, 0);
    for (uint32_t i = 0; i < threads; i++)
        builder_thread(builder, PAYLOAD_CODE, launch_stack_top(i), scenario, i);
    free(code);
    return builder;
}

static inline void launch_read_all(int fd, char *text, size_t room)
{
    size_t used = 0;
    ssize_t count;

    while ((count = read(fd, text + used, room - 1 - used)) > 0)
        used += (size_t)count;
    text[used] = '\0';
}

static inline struct launch_result launch_file(const char *path, const struct launch_conditions *conditions)
{
    struct launch_result result = {0};
    char *arguments[] = {(char *)"hand-made", (char *)"argument", NULL};
    int ends[2], status;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
        err(1, "launching");
    if (child == 0) {
        dup2(ends[1], 2);
        for (int ignored = SIGHUP; ignored <= SIGQUIT; ignored++) /* a launch keeps what a background job ignores */
            signal(ignored, SIG_DFL);
        if (conditions != NULL && conditions->prepare != NULL)
            conditions->prepare(conditions->argument);
        execve(path, arguments, conditions != NULL && conditions->environment != NULL ? conditions->environment : environ);
        _exit(126);
    }
    close(ends[1]);
    launch_read_all(ends[0], result.error, sizeof(result.error));
    close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        err(1, "waiting");
    result.exited = WIFEXITED(status);
    result.status = result.exited ? WEXITSTATUS(status) : WTERMSIG(status);
    return result;
}

/* Writes, launches, removes and frees. */
static inline struct launch_result launch_under(struct builder *builder, const struct launch_conditions *conditions)
{
    struct launch_result result;

    image_write(builder, launch_path());
    builder_free(builder);
    result = launch_file(launch_path(), conditions);
    unlink(launch_path());
    return result;
}

static inline struct launch_result launch_once(struct builder *builder)
{
    return launch_under(builder, NULL);
}

static int launch_failures;

/* Exit status and words on stderr; NULL: nothing is written. */
static inline void expect(const char *name, struct launch_result result, int status, const char *words)
{
    bool good = result.exited && result.status == status &&
                (words == NULL ? result.error[0] == '\0' : strstr(result.error, words) != NULL);

    if (good)
        return;
    launch_failures++;
    fprintf(stderr, "%s: %s %d, expected exit %d; stderr: %s\n", name, result.exited ? "exit" : "signal", result.status,
            status, result.error);
}

/* ---- threads with all that a thread has ---- */

static inline void plan_thread_state(struct builder *builder, uint32_t index)
{
    struct image_thread *thread = &builder->threads[index];
    uint64_t data = PAYLOAD_DATA;

    thread->fs_base = 0x10000 * (index + 1UL);
    thread->gs_base = index % 2 == 0 ? 0 : 0x20000 * (index + 1UL);
    thread->clear_child_tid = data + offsetof(struct payload_data, alive) + index * 4UL;
    if (index < 2) {
        thread->rseq_address = data + offsetof(struct payload_data, rseq) + index * 32UL;
        thread->rseq_size = 32;
        thread->rseq_signature = 0x53053053;
        memset(launch_data(builder)->rseq[index] + 4, 0xff, 4); /* cpu_id: not registered */
    }
    if (index == 1)
        strcpy((char *)thread->name, "other");
    launch_data(builder)->alive[index] = 1;
    launch_data(builder)->tids[index] = LAUNCH_TID_BIT | (1000 + index);
    builder->patches[builder->plan.tid_patches.count++] = (struct image_tid_patch){
        .address = data + offsetof(struct payload_data, tids) + index * 4UL, .keep_mask = LAUNCH_TID_BIT, .thread = index,
        .width = 4};
}

static inline struct builder *threads_builder(uint32_t count)
{
    struct builder *builder = launch_builder(PAYLOAD_THREADS, count);

    for (uint32_t i = 0; i < count; i++)
        plan_thread_state(builder, i);
    return builder;
}

/* ---- the same with a vdso; its last byte is changed ---- */

static inline void plan_vdso(struct builder *builder, bool trampolines, uint8_t change)
{
    const uint8_t *running = (const void *)getauxval(AT_SYSINFO_EHDR);
    struct image_vdso_symbol symbols[2] = {{.room = 64, .system_call = SYS_clock_gettime}, {.room = 64, .system_call = SYS_time}};
    uint8_t copy[8192];
    struct vdso_symbols table;

    memcpy(copy, running, sizeof(copy));
    table = vdso_symbols_read(copy, sizeof(copy));
    symbols[0].name = builder_string(builder, "__vdso_clock_gettime");
    symbols[0].offset = vdso_symbols_find(&table, "__vdso_clock_gettime");
    symbols[1].name = builder_string(builder, change == 0 ? "__vdso_time" : "__vdso_unheard_of");
    symbols[1].offset = vdso_symbols_find(&table, "__vdso_time");
    copy[sizeof(copy) - 1] ^= change;
    builder->plan.vdso_address = LAUNCH_VDSO_PLACE;
    builder->plan.vdso_size = sizeof(copy);
    builder->plan.vdso_copy = builder_bytes(builder, copy, sizeof(copy));
    builder->plan.vdso_trampolines = trampolines;
    builder->plan.vdso_symbols = builder_table(builder, symbols, 2, sizeof(symbols[0]));
    launch_data(builder)->clock_function = LAUNCH_VDSO_PLACE + symbols[0].offset;
}

static inline struct builder *vdso_builder(bool trampolines, uint8_t change)
{
    struct builder *builder = threads_builder(2);

    plan_vdso(builder, trampolines, change);
    return builder;
}

#endif
