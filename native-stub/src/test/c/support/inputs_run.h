/* SPDX-License-Identifier: Apache-2.0 */
/* Runs programs under the ckpt that was built with the tests, and reads the list of inputs in their checkpoints. */
#ifndef UNDUMP_TEST_INPUTS_RUN_H
#define UNDUMP_TEST_INPUTS_RUN_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpoint_format.h"
#include "src/test/c/support/built_path.h"
#include "src/test/c/support/expect.h"
#include "src/test/c/support/work_folder.h"

/* ---- reading a checkpoint ---- */

struct checkpoint {
    uint8_t *bytes;
    size_t size;
};

static inline const struct ckpt_section *section(const struct checkpoint *checkpoint, uint32_t kind)
{
    const struct ckpt_header *header = (const void *)checkpoint->bytes;
    const struct ckpt_section *sections = (const void *)(checkpoint->bytes + header->index_offset);
    for (uint32_t i = 0; i < header->section_count; i++)
        if (sections[i].kind == kind)
            return &sections[i];
    fprintf(stderr, "failed: section %u is missing\n", kind);
    exit(1);
}

static inline const char *string(const struct checkpoint *checkpoint, struct ckpt_string string)
{
    return (const char *)checkpoint->bytes + section(checkpoint, CKPT_SECTION_STRINGS)->offset + string.offset;
}

static inline bool read_checkpoint(const char *path, struct checkpoint *ret)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    ret->size = (size_t)status.st_size;
    ret->bytes = mmap(NULL, ret->size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return ret->bytes != MAP_FAILED;
}

/* The kind of the path's record; 0: it has none. Checks that there is one at most, and the order. */
static inline uint32_t kind_of(const struct checkpoint *checkpoint, const char *path)
{
    const struct ckpt_section *inputs = section(checkpoint, CKPT_SECTION_INPUTS);
    const struct ckpt_input *records = (const void *)(checkpoint->bytes + inputs->offset);
    uint32_t kind = 0;
    for (uint64_t i = 0; i < inputs->count; i++) {
        const char *name = string(checkpoint, records[i].path);
        expect(name[0] == '/', "an absolute path");
        expect(i == 0 || strcmp(string(checkpoint, records[i - 1].path), name) < 0, "sorted, each once");
        if (strcmp(name, path) == 0)
            kind = records[i].kind;
    }
    return kind;
}

static inline void expect_kind(const struct checkpoint *checkpoint, const char *name, uint32_t kind)
{
    char path[8192], what[8448];
    snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : work_folder(), name[0] == '/' ? "" : "/", name);
    uint32_t found = kind_of(checkpoint, path);
    snprintf(what, sizeof(what), "%s is of kind %u, found %u", path, kind, found);
    expect(found == kind, what);
}

/* ---- running ckpt ---- */

struct run {
    pid_t ckpt;
    int output; /* of the program */
    char checkpoint[WORK_PATH_BYTES];
    char messages[WORK_PATH_BYTES];
};

/* Starts program with one word, in the work folder; the options of ckpt end with NULL. */
static inline struct run start(const char *self, const char *what, ...)
{
    struct run run = {0};
    const char *words[16] = {"ckpt", "-o"};
    size_t count = 2;
    int ends[2];
    va_list options;
    strcpy(run.checkpoint, "/tmp/undump-inputs-XXXXXX"); /* not in the folder, whose entries are an input */
    close(mkstemp(run.checkpoint));
    unlink(run.checkpoint);
    work_path(run.messages, "messages");
    words[count++] = run.checkpoint;
    va_start(options, what);
    for (const char *word; (word = va_arg(options, const char *)) != NULL; )
        words[count++] = word;
    va_end(options);
    words[count++] = "--";
    words[count++] = self;
    words[count++] = what;
    if (pipe2(ends, O_CLOEXEC) != 0)
        exit(1);
    const char *ckpt = built_path("ckpt");
    run.ckpt = fork();
    if (run.ckpt == 0) {
        int messages = open(run.messages, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        setpgid(0, 0);
        dup2(ends[1], STDOUT_FILENO);
        dup2(messages, STDERR_FILENO);
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* which wants to be the tracer */
        if (chdir(work_folder()) == 0)
            execv(ckpt, (char *const *)words);
        _exit(127);
    }
    close(ends[1]);
    run.output = ends[0];
    return run;
}

static inline int finish(const struct run *run)
{
    int status;
    waitpid(run->ckpt, &status, 0);
    close(run->output);
    return status;
}

static inline bool said(const struct run *run, const char *words)
{
    char text[8192] = "";
    int fd = open(run->messages, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    if (strstr(text, words))
        return true;
    fprintf(stderr, "ckpt has said: %s\n", text);
    return false;
}

static inline void expect_status(const struct run *run, int status)
{
    int found = finish(run);
    expect(WIFEXITED(found) && WEXITSTATUS(found) == status, "the status is the program's");
    if (!WIFEXITED(found) || WEXITSTATUS(found) != status)
        said(run, "something else");
}

#endif
