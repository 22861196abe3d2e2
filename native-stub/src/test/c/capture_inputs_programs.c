/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ckpt --inputs traced with a real interpreter, and with a program that asks for its own checkpoint (undump.h). The module that
 * Python imports is there as source and, the second time, as what was compiled from it; so are the directories that it searched
 * and the names that it did not find.
 *
 * Runs the ckpt and the libundump.so that were built with it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

#include "runtime/undump.h"
#include "src/test/c/support/inputs_run.h"

#define PYTHON "/usr/bin/python3"

static void put(const char *name, const char *text)
{
    char path[WORK_PATH_BYTES];
    work_path(path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    expect(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "a file is written");
    close(fd);
}

/* The kind of a path that begins and ends like this. */
static uint32_t kind_like(const struct checkpoint *checkpoint, const char *start_of_path, const char *end_of_path)
{
    const struct ckpt_section *inputs = section(checkpoint, CKPT_SECTION_INPUTS);
    const struct ckpt_input *records = (const void *)(checkpoint->bytes + inputs->offset);
    char path[2 * WORK_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", work_folder(), start_of_path);
    for (uint64_t i = 0; i < inputs->count; i++) {
        const char *name = string(checkpoint, records[i].path);
        size_t length = strlen(name), end = strlen(end_of_path);
        if (strncmp(name, path, strlen(path)) == 0 && length >= end && strcmp(name + length - end, end_of_path) == 0)
            return records[i].kind;
    }
    return 0;
}

static void import_once(bool compiled)
{
    struct checkpoint checkpoint;
    struct run run = start(PYTHON, "script.py", "--inputs", "traced", NULL);
    expect_status(&run, 0);
    if (!read_checkpoint(run.checkpoint, &checkpoint)) {
        expect(said(&run, "wrote"), "there is a checkpoint");
        return;
    }
    expect_kind(&checkpoint, "script.py", CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "modules", CKPT_INPUT_DIRECTORY);
    expect_kind(&checkpoint, "none", CKPT_INPUT_MISSING);
    expect_kind(&checkpoint, "modules/warmed.py", compiled ? CKPT_INPUT_STATUS : CKPT_INPUT_FILE);
    expect(kind_like(&checkpoint, "modules/__pycache__/warmed.", ".pyc") == (compiled ? CKPT_INPUT_FILE : 0u), "what was compiled");
    munmap(checkpoint.bytes, checkpoint.size);
    unlink(run.checkpoint);
}

static void python_lists_its_modules(void)
{
    char path[WORK_PATH_BYTES];
    if (access(PYTHON, X_OK) != 0) {
        fprintf(stderr, "skipped: there is no " PYTHON "\n");
        return;
    }
    setenv("PYTHONDONTWRITEBYTECODE", "", 1);
    work_path(path, "modules");
    expect(mkdir(path, 0700) == 0, "the folder");
    put("modules/warmed.py", "value = 1\n");
    put("script.py", "import os, signal, sys\nsys.path[:0] = [os.getcwd() + '/none', os.getcwd() + '/modules']\nimport warmed\n"
                     "os.kill(os.getpid(), signal.SIGUSR2)\n");
    import_once(false);
    import_once(true);
    expect(system("rm -rf modules") == 0, "cleaning up"); /* in the work folder */
}

static int ask_for_itself(const char *file)
{
    struct undump_options options = UNDUMP_OPTIONS_INIT;
    struct stat status;
    options.checkpoint = file;
    if (stat("asked", &status) != 0)
        return 1;
    void *library = dlopen(built_path("libundump.so"), RTLD_NOW);
    int (*checkpoint)(const struct undump_options *) = library ? dlsym(library, "undump_checkpoint") : NULL;
    const char *(*error)(void) = library ? dlsym(library, "undump_error") : NULL;
    int result = checkpoint && error ? checkpoint(&options) : -1;
    if (result < 0)
        fprintf(stderr, "%s\n", error ? error() : dlerror());
    return result == 0 ? 5 : 1;
}

static void a_program_asks_for_itself(const char *self)
{
    static const char *const modes[] = {"none", "traced"};
    char file[WORK_PATH_BYTES];
    put("asked", "text");
    work_path(file, "own.ckpt");
    setenv("UNDUMP_CKPT", built_path("ckpt"), 1);
    for (int traced = 0; traced < 2; traced++) {
        struct checkpoint checkpoint;
        struct run run = start(self, file, "--inputs", modes[traced], NULL);
        expect_status(&run, 5);
        if (!read_checkpoint(file, &checkpoint)) {
            expect(said(&run, "wrote"), "the program has its checkpoint");
            continue;
        }
        const struct ckpt_process *process = (const void *)(checkpoint.bytes + section(&checkpoint, CKPT_SECTION_PROCESS)->offset);
        expect(process->trigger == CKPT_TRIGGER_API && process->launch_record != 0, "it asked itself");
        if (traced) {
            expect_kind(&checkpoint, self, CKPT_INPUT_FILE);
            expect_kind(&checkpoint, "asked", CKPT_INPUT_STATUS);
            expect_kind(&checkpoint, built_path("ckpt"), 0);
        }
        munmap(checkpoint.bytes, checkpoint.size);
        unlink(file);
    }
}

int main(int argc, char **argv)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (argc > 1)
        return ask_for_itself(argv[1]);
    self[length > 0 ? length : 0] = 0;
    alarm(100); /* to hang is to fail */
    if (chdir(work_folder()) != 0)
        return 1;
    a_program_asks_for_itself(self);
    python_lists_its_modules();
    return failures != 0;
}
