/* SPDX-License-Identifier: Apache-2.0 */
/* Images with the payload in them, and running them. */
#ifndef UNDUMP_TEST_IMAGE_LAUNCHER_H
#define UNDUMP_TEST_IMAGE_LAUNCHER_H

#include <sys/mman.h>
#include <sys/wait.h>

#include "src/test/c/support/image_builder.h"
#include "src/test/payload/payload.h"

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
    static char path[64];

    if (path[0] == '\0')
        snprintf(path, sizeof(path), "/tmp/stub-launch-%d", (int)getpid());
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
    void *code = builder_load(builder_path("payload.bin"), &code_bytes);
    uint64_t offset = builder_data(builder, &empty, sizeof(empty));

    launch_data(builder)->thread_count = threads;
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, PAYLOAD_DATA, data_bytes, PROT_READ | PROT_WRITE, 0);
    builder_memory(builder, IMAGE_MEMORY_READ, PAYLOAD_DATA, data_bytes, 0, offset);
    offset = builder_data(builder, code, code_bytes);
    builder_memory(builder, IMAGE_MEMORY_IMAGE, PAYLOAD_CODE, builder_round(code_bytes), PROT_READ | PROT_EXEC, offset);
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, PAYLOAD_STACKS, threads * PAYLOAD_STACK_BYTES,
                   PROT_READ | PROT_WRITE, 0);
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

#endif
