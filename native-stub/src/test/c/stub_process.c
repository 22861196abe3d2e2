// SPDX-License-Identifier: Apache-2.0
/* Launches hand-made images with every kind of memory, and with all that belongs to the process as a whole. */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include <sys/resource.h>

#include "src/test/c/support/image_launcher.h"

#define PLACE_BYTES 16384UL
#define RW (PROT_READ | PROT_WRITE)
#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL */

static char file_path[WORK_PATH_BYTES];

static struct image_memory_op *plan_place(struct builder *builder, uint32_t kind, uint32_t n, uint32_t protection, uint64_t offset)
{
    return builder_memory(builder, kind, PAYLOAD_PLACE(n), PLACE_BYTES, protection, offset);
}

static void plan_read(struct builder *builder, uint64_t address, const char *text)
{
    builder_memory(builder, IMAGE_MEMORY_READ, address, 4096, 0, builder_data(builder, text, strlen(text)));
}

static void plan_private(struct builder *builder)
{
    plan_place(builder, IMAGE_MEMORY_ANONYMOUS, 0, RW, 0);
    plan_read(builder, PAYLOAD_PLACE(0), "read");
    plan_place(builder, IMAGE_MEMORY_PROTECT, 0, PROT_READ, 0);
    builder_memory(builder, IMAGE_MEMORY_IMAGE, PAYLOAD_PLACE(1), 4096, RW, builder_data(builder, "mapped", 6));
    plan_place(builder, IMAGE_MEMORY_ANONYMOUS, 6, PROT_NONE, 0)->flags = MAP_NORESERVE;
    plan_place(builder, IMAGE_MEMORY_ANONYMOUS, 7, RW, 0);
    builder_memory(builder, IMAGE_MEMORY_ADVISE, PAYLOAD_PLACE(7), 4096, 0, 0)->argument = GUARD_INSTALL;
    plan_place(builder, IMAGE_MEMORY_DROPPABLE, 8, RW, 0);
    plan_place(builder, IMAGE_MEMORY_ANONYMOUS, 9, RW, 0);
    plan_place(builder, IMAGE_MEMORY_UNMAP, 9, 0, 0);
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, PAYLOAD_GROWING, 4096, RW, 0)->flags = MAP_GROWSDOWN;
    plan_place(builder, IMAGE_MEMORY_NAME, 7, 0, builder_string(builder, "named"))->optional = 1;
    builder_memory(builder, IMAGE_MEMORY_LOCK, PAYLOAD_PLACE(1), 4096, 0, 0);
    builder_memory(builder, IMAGE_MEMORY_SEAL, PAYLOAD_PLACE(6), 4096, 0, 0)->optional = 1;
}

/* Instead of the file: the same bytes from the image. */
static void plan_copy(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_MEMFD, IMAGE_ASIDE_FIRST);
    char page[4096] = "file";

    op->values[0] = sizeof(page);
    op->values[3] = 1;
    op = builder_file(builder, IMAGE_FILE_MEMFD_DATA, IMAGE_ASIDE_FIRST);
    op->values[1] = builder_data(builder, page, sizeof(page));
    op->values[2] = sizeof(page);
}

static void plan_shared(struct builder *builder, struct image_mapped_file file)
{
    FILE *stream;

    plan_place(builder, IMAGE_MEMORY_SHARED, 2, RW, 0);
    plan_read(builder, PAYLOAD_PLACE(2), "shared");
    builder_memory(builder, IMAGE_MEMORY_OBJECT, 0, PLACE_BYTES, 0, 0);
    builder_memory(builder, IMAGE_MEMORY_OBJECT_MAP, PAYLOAD_PLACE(3), 8192, RW, 0);
    builder_memory(builder, IMAGE_MEMORY_OBJECT_MAP, PAYLOAD_PLACE(4), 4096, RW, 4096);
    plan_read(builder, PAYLOAD_PLACE(4), "object");
    work_path(file_path, "mapped");
    stream = fopen(file_path, "w");
    fprintf(stream, "file%4092s", "");
    fclose(stream);
    file.path = builder_string(builder, file_path);
    builder->plan.mapped_files = builder_table(builder, &file, 1, sizeof(file));
    builder_memory(builder, IMAGE_MEMORY_FILE, PAYLOAD_PLACE(5), 4096, PROT_READ, 0);
}

static struct builder *mapping_builder(struct image_mapped_file file)
{
    struct builder *builder = launch_builder(PAYLOAD_MEMORY, 1);

    file.size = 4096;
    plan_private(builder);
    plan_shared(builder, file);
    if (file.instead < 0)
        plan_copy(builder);
    return builder;
}

static struct builder *memory_builder(void)
{
    return mapping_builder((struct image_mapped_file){.inode = 0});
}

static void memory_comes_back(void)
{
    struct builder *builder;

    expect("memory", launch_once(memory_builder()), PAYLOAD_GOOD, NULL);
    builder = memory_builder();
    if (truncate(file_path, 100) < 0)
        err(1, "%s", file_path);
    expect("shrunk file", launch_once(builder), IMAGE_EXIT_STATUS, "has 100 bytes, fewer than the 4096 that are needed; the program has it mapped");
    builder = memory_builder();
    unlink(file_path);
    expect("missing mapped file", launch_once(builder), IMAGE_EXIT_STATUS,
           "No such file or directory (ENOENT); the program has it mapped");
    builder = mapping_builder((struct image_mapped_file){.inode = 1});
    expect("another file", launch_once(builder), IMAGE_EXIT_STATUS, "is another file by now (inode ");
    builder = mapping_builder((struct image_mapped_file){.birth_ns = 1});
    expect("a file made since", launch_once(builder), IMAGE_EXIT_STATUS, "is another file by now (made at second ");
    builder = mapping_builder((struct image_mapped_file){.instead = IMAGE_ASIDE_FIRST});
    expect("a file that need not be copied", launch_once(builder), PAYLOAD_GOOD, NULL);
    builder = mapping_builder((struct image_mapped_file){.instead = IMAGE_ASIDE_FIRST});
    unlink(file_path);
    expect("a copy of a missing file", launch_once(builder), PAYLOAD_GOOD, "goes on with a copy of that memory");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder_memory(builder, IMAGE_MEMORY_PROTECT, PAYLOAD_PLACE(0), 4096, PROT_READ, 0);
    expect("nothing mapped there", launch_once(builder), IMAGE_EXIT_STATUS, "protecting 4096 bytes of the program's memory");
}

static void plan_process(struct builder *builder)
{
    static const uint64_t auxv[4] = {6 /* AT_PAGESZ */, 4096, 0, 0};
    struct image_signal_action ignored = {.signal = SIGPIPE, .handler = 1};
    struct image_plan *plan = &builder->plan;

    plan->auxv = builder_table(builder, auxv, 2, 16);
    plan->actions = builder_table(builder, &ignored, 1, sizeof(ignored));
    plan->start_code = PAYLOAD_CODE;
    plan->end_code = PAYLOAD_CODE + 4096;
    plan->start_data = PAYLOAD_DATA;
    plan->end_data = PAYLOAD_DATA + 4096;
    plan->start_brk = PAYLOAD_BRK;
    plan->brk = PAYLOAD_BRK_END;
    plan->start_stack = PAYLOAD_STACKS + 64;
    plan->umask = 027;
    plan->personality = 0x0400000; /* READ_IMPLIES_EXEC */
    plan->dumpable = 0;
    plan->no_new_privs = 1;
    plan->child_subreaper = 1;
    plan->thp_disable = 1;
    plan->membarrier = 16; /* MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED */
    plan->working_directory = builder_string(builder, "/usr");
    plan->rlimits[2 * RLIMIT_NOFILE] = 77;
    plan->rlimits[2 * RLIMIT_NOFILE + 1] = 88;
    plan->set_rlimits = 1U << RLIMIT_NOFILE;
    builder->threads[0].timer_slack_ns = 12345;
    builder->threads[0].parent_death_signal = 12;
}

static struct builder *process_builder(void)
{
    struct builder *builder = launch_builder(PAYLOAD_PROCESS, 1);

    plan_process(builder);
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, PAYLOAD_BRK, PAYLOAD_BRK_END - PAYLOAD_BRK, RW, 0);
    return builder;
}

/* What exec hands on. The program keeps what nohup would have said (SIGHUP), and has the rest as it was. */
static void leave_traces(void *argument)
{
    sigset_t blocked;

    (void)argument;
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static void the_process_comes_back(void)
{
    static char first[] = "FIRST=1", second[] = "SECOND=2";
    static char *environment[] = {first, second, NULL};
    struct launch_conditions conditions = {.prepare = leave_traces, .environment = environment};
    struct builder *builder;

    expect("process", launch_under(process_builder(), &conditions), PAYLOAD_GOOD, NULL);
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.working_directory = builder_string(builder, "/nowhere/any more");
    expect("working directory gone", launch_once(builder), PAYLOAD_GOOD,
           "undump: the program's working directory /nowhere/any more: No such file or directory (ENOENT); it stays");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.monotonic_ns = UINT64_MAX / 2;
    expect("clock of an earlier day", launch_once(builder), PAYLOAD_GOOD, "undump: this machine's CLOCK_MONOTONIC is ");
}

int main(void)
{
    memory_comes_back();
    the_process_comes_back();
    return launch_failures != 0;
}
