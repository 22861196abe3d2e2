// SPDX-License-Identifier: Apache-2.0
/*
 * What happens between exec and the first instruction, done by a tracer. A kernel that seals its vdso
 * (CONFIG_MSEAL_SYSTEM_MAPPINGS) is imitated: the new process is made to seal vdso and vvar itself; the stub must leave
 * them where they are and use trampolines. And the image's name is made to lead to another file, or to none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "src/test/c/support/image_launcher.h"

#define NR_MSEAL 462
#define SYSCALL_CODE 0x050fUL

static void check_trace(long result, const char *what)
{
    if (result < 0)
        err(1, "%s", what);
}

static void wait_for_stop(pid_t child)
{
    int status;

    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        errx(1, "the image did not stop at its first instruction");
}

/* One system call in the child, at its instruction pointer. Returns its result. */
static long call_in(pid_t child, long number, uint64_t a, uint64_t b, uint64_t c)
{
    struct user_regs_struct saved, regs;
    long code;

    check_trace(ptrace(PTRACE_GETREGS, child, NULL, &saved), "registers");
    regs = saved;
    regs.rax = (uint64_t)number;
    regs.rdi = a;
    regs.rsi = b;
    regs.rdx = c;
    errno = 0;
    code = ptrace(PTRACE_PEEKTEXT, child, saved.rip, NULL);
    check_trace(ptrace(PTRACE_POKETEXT, child, saved.rip, (code & ~0xffffL) | SYSCALL_CODE), "code");
    check_trace(ptrace(PTRACE_SETREGS, child, NULL, &regs), "registers");
    check_trace(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), "step");
    wait_for_stop(child);
    check_trace(ptrace(PTRACE_GETREGS, child, NULL, &regs), "registers");
    check_trace(ptrace(PTRACE_POKETEXT, child, saved.rip, code), "code");
    check_trace(ptrace(PTRACE_SETREGS, child, NULL, &saved), "registers");
    return (long)regs.rax;
}

/* Seals every mapping with such a name. Returns how many, or -1 when the kernel has no mseal. */
static int seal_named(pid_t child, const char *name)
{
    char path[32], line[256];
    int count = 0;
    FILE *maps;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)child);
    maps = fopen(path, "r");
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long start, end;
        long result;

        if (strstr(line, name) == NULL || sscanf(line, "%lx-%lx", &start, &end) != 2)
            continue;
        result = call_in(child, NR_MSEAL, start, end - start, 0);
        if (result == -ENOSYS) {
            count = -1;
            break;
        }
        if (result != 0)
            errx(1, "mseal of %s: %ld", line, result);
        count++;
    }
    fclose(maps);
    return count;
}

/* Returns false when this kernel cannot. */
static bool seal_everything(pid_t child)
{
    int sealed = seal_named(child, "[vvar"); /* and [vvar_vclock] */

    return sealed >= 0 && sealed + seal_named(child, "[vdso]") > 0;
}

/* Launches, and lets `meddle` do its work at the first instruction. Returns what that returns. */
static bool launch_traced(const char *path, bool (*meddle)(pid_t child), struct launch_result *ret_result)
{
    int ends[2], status;
    bool done;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
        err(1, "launching");
    if (child == 0) {
        dup2(ends[1], 2);
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execl(path, "traced", (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    wait_for_stop(child);
    done = meddle(child);
    check_trace(ptrace(PTRACE_DETACH, child, NULL, NULL), "detach");
    launch_read_all(ends[0], ret_result->error, sizeof(ret_result->error));
    close(ends[0]);
    waitpid(child, &status, 0);
    ret_result->exited = WIFEXITED(status);
    ret_result->status = ret_result->exited ? WEXITSTATUS(status) : WTERMSIG(status);
    return done;
}

static void a_sealed_vdso_stays(void)
{
    struct launch_result result = {0};
    struct builder *builder = vdso_builder(false, 0);

    image_write(builder, launch_path());
    builder_free(builder);
    if (!launch_traced(launch_path(), seal_everything, &result)) {
        fprintf(stderr, "skipped: sealed vdso (this kernel has no mseal)\n");
        unlink(launch_path());
        return;
    }
    expect("sealed vdso", result, PAYLOAD_GOOD, NULL);
    unlink(launch_path());

    builder = vdso_builder(false, 0); /* the program has all the space where the kernel places it */
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, 0x600000000000, 0x1ffefffff000, PROT_NONE, 0)->flags = MAP_NORESERVE;
    image_write(builder, launch_path());
    builder_free(builder);
    launch_traced(launch_path(), seal_everything, &result);
    expect("sealed vdso in the way", result, IMAGE_EXIT_STATUS, "has sealed its vdso");
    unlink(launch_path());
}

static bool remove_name(pid_t child)
{
    (void)child;
    return unlink(launch_path()) == 0;
}

static bool replace_by_other_image(pid_t child)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    (void)child;
    image_write(builder, launch_path());
    builder_free(builder);
    return true;
}

static bool replace_by_text(pid_t child)
{
    int fd;

    (void)child;
    unlink(launch_path());
    fd = open(launch_path(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    builder_write_at(fd, "#!/bin/false\n", 13, 0);
    close(fd);
    return true;
}

static bool replace_by_fifo(pid_t child)
{
    (void)child;
    unlink(launch_path());
    return mkfifo(launch_path(), 0700) == 0;
}

static void the_image_is_found_when_its_name_is_lost(void)
{
    bool (*meddlers[])(pid_t) = {remove_name, replace_by_other_image, replace_by_text, replace_by_fifo};

    for (int i = 0; i < 4; i++) {
        struct launch_result result = {0};
        struct builder *builder = vdso_builder(false, 0);

        image_write(builder, launch_path());
        builder_free(builder);
        launch_traced(launch_path(), meddlers[i], &result);
        expect("lost name", result, PAYLOAD_GOOD, NULL);
        unlink(launch_path());
    }
}

int main(void)
{
    a_sealed_vdso_stays();
    the_image_is_found_when_its_name_is_lost();
    return launch_failures != 0;
}
