/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that threads execute, with what the kernel reads to do so. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "follower_steps.h"
#include "proc_files.h"

#define SCRIPT_BYTES 256 /* BINPRM_BUF_SIZE of the kernel, which reads no more of the first line */
#define INTERPRETERS 6   /* of scripts, one behind the other; kernel: 5 */

/* ---- interpreters ---- */

/* The interpreter that an ELF file asks for. */
static bool read_elf_interpreter(int fd, const Elf64_Ehdr *header, char name[PATH_MAX])
{
    Elf64_Phdr part;
    if (header->e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (pread(fd, &part, sizeof(part), (off_t)(header->e_phoff + i * sizeof(part))) != sizeof(part))
            return false;
        if (part.p_type != PT_INTERP || part.p_filesz == 0 || part.p_filesz > PATH_MAX)
            continue;
        if (pread(fd, name, part.p_filesz, (off_t)part.p_offset) != (ssize_t)part.p_filesz)
            return false;
        name[part.p_filesz - 1] = 0;
        return true;
    }
    return false;
}

/* Behind "#!", without the argument. */
static bool read_script_interpreter(const char *start, size_t size, char name[PATH_MAX])
{
    size_t at = 2, length;
    while (at < size && (start[at] == ' ' || start[at] == '\t'))
        at++;
    for (length = 0; at + length < size && !strchr(" \t\n", start[at + length]); length++)
        ;
    memcpy(name, start + at, length);
    name[length] = 0;
    return length > 0;
}

static bool read_interpreter(const char *path, char name[PATH_MAX])
{
    union {
        char text[SCRIPT_BYTES];
        Elf64_Ehdr elf;
    } start = {.text = ""};
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t size = fd < 0 ? -1 : pread(fd, &start, sizeof(start), 0);
    if (size > 2 && memcmp(start.text, "#!", 2) == 0)
        return read_script_interpreter(start.text, (size_t)size, name);
    return size >= (ssize_t)sizeof(start.elf) && memcmp(start.text, ELFMAG, SELFMAG) == 0 && read_elf_interpreter(fd, &start.elf, name);
}

void see_executed(struct inputs *inputs, pid_t tid, const char *path)
{
    char name[PATH_MAX], *at = strdup(path);
    for (unsigned depth = 0; at && depth < INTERPRETERS; depth++) {
        struct look look;
        bool more = look_at(at, false, &look) == 0 && S_ISREG(look.mode);
        see_now(inputs, at, SAW_CONTENT, false);
        more = more && read_interpreter(at, name);
        free(at);
        at = more ? absolute_path(inputs, tid, AT_FDCWD, name) : NULL;
    }
    free(at);
}

/* ---- what was executed ---- */

/* The name by which it was executed, as the kernel has told the program itself. */
static char *name_of_execution(struct inputs *inputs, pid_t tid)
{
    AUTO_BUFFER struct buffer auxv = {0};
    char text[PATH_MAX];
    if (read_proc(&auxv, "%d/auxv", tid) < 0)
        return NULL;
    for (size_t at = 0; at + 16 <= auxv.size; at += 16) {
        uint64_t entry[2];
        memcpy(entry, auxv.data + at, sizeof(entry));
        if (entry[0] == 31 /* AT_EXECFN */ && read_text(tid, entry[1], text, sizeof(text)) > 0)
            return absolute_path(inputs, tid, AT_FDCWD, text);
    }
    return NULL;
}

void note_execution(struct inputs *inputs, pid_t tid)
{
    char program[PATH_MAX];
    struct look look;
    char *path = name_of_execution(inputs, tid);
    if (path)
        see_executed(inputs, tid, path);
    free(path);
    ssize_t length = read_proc_link(program, sizeof(program), "%d/exe", tid);
    if (length < 0)
        inputs_give_up(inputs, "which program its process %d has executed cannot be read (%s)", tid, strerror((int)-length));
    else if (look_at(program, false, &look) == 0 && !saw_content(inputs, &look))
        see_look(inputs, program, SAW_CONTENT, &look);
}

void forget_search(struct inputs *inputs, pid_t tid)
{
    char *path = name_of_execution(inputs, tid);
    const char *name = path ? strrchr(path, '/') : NULL;
    for (size_t i = 0; name && i < inputs->paths.count; i++) {
        const char *seen = strrchr(inputs->paths.texts[i], '/');
        if (strcmp(seen, name) != 0)
            continue;
        free(inputs->list[i].target);
        inputs->list[i] = (struct input){0};
    }
    free(path);
}

void note_inherited_files(struct inputs *inputs, pid_t pid)
{
    AUTO_FREE pid_t *fds = NULL;
    AUTO_BUFFER struct buffer info = {0};
    size_t count = 0;
    if (list_proc_numbers(&fds, &count, "%d/fd", pid) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (read_proc(&info, "%d/fdinfo/%d", pid, fds[i]) == 0 &&
            (text_number((char *)info.data, "flags:", 8, 0) & O_ACCMODE) != O_RDONLY)
            inputs_own_descriptor(inputs, pid, fds[i]);
}
