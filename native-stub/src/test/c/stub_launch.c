// SPDX-License-Identifier: Apache-2.0
/* Launches hand-made images: every step of the stub against the running kernel. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "restore/text.c"
#include "restore/vdso_symbols.c"
#include "src/test/c/support/image_launcher.h"

#define VDSO_PLACE 0x7fff00000000UL
#define TID_BIT 0x80000000U

static int failures;

static void expect(const char *name, struct launch_result result, int status, const char *words)
{
    bool good = result.exited && result.status == status &&
                (words == NULL ? result.error[0] == '\0' : strstr(result.error, words) != NULL);

    if (good)
        return;
    failures++;
    fprintf(stderr, "%s: %s %d, expected exit %d; stderr: %s\n", name, result.exited ? "exit" : "signal", result.status,
            status, result.error);
}

/* ---- threads ---- */

static void plan_thread_state(struct builder *builder, uint32_t index)
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
    }
    if (index == 1)
        strcpy((char *)thread->name, "other");
    launch_data(builder)->alive[index] = 1;
    launch_data(builder)->tids[index] = TID_BIT | (1000 + index);
    builder->patches[builder->plan.tid_patches.count++] = (struct image_tid_patch){
        .address = data + offsetof(struct payload_data, tids) + index * 4UL, .keep_mask = TID_BIT, .thread = index,
        .width = 4};
}

static struct builder *threads_builder(uint32_t count)
{
    struct builder *builder = launch_builder(PAYLOAD_THREADS, count);

    for (uint32_t i = 0; i < count; i++)
        plan_thread_state(builder, i);
    return builder;
}

static void threads_come_back(void)
{
    expect("one thread", launch_once(threads_builder(1)), PAYLOAD_GOOD, NULL);
    expect("two threads", launch_once(threads_builder(2)), PAYLOAD_GOOD, NULL);
    expect("forty threads", launch_once(threads_builder(40)), PAYLOAD_GOOD, NULL);
    expect("a thousand threads", launch_once(threads_builder(1000)), PAYLOAD_GOOD, NULL);
}

/* ---- files ---- */

static char text_path[64];

static void plan_named_files(struct builder *builder)
{
    struct image_file_op *op;
    FILE *file;

    snprintf(text_path, sizeof(text_path), "%s.text", launch_path());
    file = fopen(text_path, "w");
    fputs("0123456789", file);
    fclose(file);
    op = builder_file(builder, IMAGE_FILE_OPEN, 5);
    op->path = builder_string(builder, text_path);
    op->offset = 4;
    op->close_on_exec = 1;
    op->values[0] = S_IFREG;
    builder_file(builder, IMAGE_FILE_DUPLICATE, 6)->values[0] = 5;
    op = builder_file(builder, IMAGE_FILE_OPEN, 7);
    op->path = builder_string(builder, text_path);
    op->open_flags = O_WRONLY | O_APPEND;
    builder_file(builder, IMAGE_FILE_INHERIT, 1);
}

static void plan_deleted_files(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_DELETED, 8);

    op->path = builder_string(builder, "/tmp/deleted name");
    op->values[0] = builder_data(builder, "the contents", 12);
    op->values[1] = 12;
    op->offset = 4;
    op = builder_file(builder, IMAGE_FILE_DELETED, 0);
    op->values[0] = builder_data(builder, "first", 5);
    op->values[1] = 5;
    op = builder_file(builder, IMAGE_FILE_DELETED, 30);
    op->values[0] = builder_data(builder, "high", 4);
    op->values[1] = 4;
}

static void plan_pipes(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_PIPE, 10);
    struct {
        uint32_t lengths[2];
        char bytes[5];
    } packets = {{2, 3}, "abcde"};

    op->values[0] = UINT32_MAX; /* closed end */
    op->values[1] = builder_data(builder, "in flight", 9);
    op->values[2] = 9;
    op->values[3] = 4096;
    op = builder_file(builder, IMAGE_FILE_PIPE, 12);
    op->values[0] = 11;
    op->open_flags = O_NONBLOCK;
    op = builder_file(builder, IMAGE_FILE_PIPE_WRITER, 11);
    op->open_flags = O_WRONLY | O_DIRECT;
    op = builder_file(builder, IMAGE_FILE_PIPE_DATA, 11);
    op->values[0] = 2;
    op->values[1] = builder_data(builder, &packets, sizeof(packets));
    op->values[2] = 13;
}

static void plan_objects(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_EVENTFD, 16);

    op->values[0] = 0x123456789a;
    op = builder_file(builder, IMAGE_FILE_EVENTFD, 17);
    op->values[0] = 2;
    op->values[1] = 1;
    builder_file(builder, IMAGE_FILE_EPOLL, 18);
    op = builder_file(builder, IMAGE_FILE_SIGNALFD, 19);
    op->values[0] = 1UL << (SIGUSR1 - 1);
    op = builder_file(builder, IMAGE_FILE_TIMERFD, 20);
    op->values[0] = CLOCK_MONOTONIC;
    op->values[2] = 100000000000;
    op->values[3] = 3000000000;
    op->offset = 7;
    op = builder_file(builder, IMAGE_FILE_TIMERFD, 21);
    op->values[0] = CLOCK_REALTIME;
    op->values[1] = 3; /* TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET */
    op->values[2] = 50000000000;
    op = builder_file(builder, IMAGE_FILE_EPOLL_ADD, 18);
    op->values[0] = 17;
    op->values[1] = EPOLLIN;
    op->values[2] = 0xfeedface12345678;
}

static struct builder *files_builder(void)
{
    struct builder *builder = launch_builder(PAYLOAD_FILES, 1);

    plan_named_files(builder);
    plan_deleted_files(builder);
    plan_pipes(builder);
    plan_objects(builder);
    return builder;
}

static void close_standard(void *argument)
{
    (void)argument;
    close(0);
    close(1);
    open("/dev/null", O_RDWR); /* 0 */
    open("/dev/null", O_RDWR); /* 1 */
    for (int fd = 3; fd < 40; fd++)
        close(fd);
}

static void occupy_low_numbers(void *argument)
{
    close_standard(argument);
    for (int fd = 5; fd < 30; fd++) { /* the plan needs these */
        if (fd != 12)
            dup2(0, fd);
    }
}

static void files_come_back(void)
{
    struct launch_conditions occupied = {.prepare = occupy_low_numbers};
    struct launch_conditions plain = {.prepare = close_standard};

    expect("files", launch_under(files_builder(), &plain), PAYLOAD_GOOD, NULL);
    expect("files over the launch's", launch_under(files_builder(), &occupied), PAYLOAD_GOOD, NULL);
    unlink(text_path);
}

static void a_missing_file_is_named(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    builder_file(builder, IMAGE_FILE_OPEN, 5)->path = builder_string(builder, "/nowhere/to be found");
    expect("missing file", launch_once(builder), IMAGE_EXIT_STATUS,
           "undump: opening /nowhere/to be found: No such file or directory (ENOENT); the program had it open as descriptor 5\n");
}

static void close_all_standard(void *argument)
{
    (void)argument;
    close(0);
    close(1);
    close(2);
}

/* stderr is the pipe here again: the plan's own descriptor 2 must not swallow the message. */
static void stderr_is_the_launchs(void)
{
    struct launch_conditions closed = {.prepare = close_all_standard};
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    builder_file(builder, IMAGE_FILE_OPEN, 2)->path = builder_string(builder, "/dev/null");
    builder_file(builder, IMAGE_FILE_OPEN, 5)->path = builder_string(builder, "/nowhere");
    expect("replaced stderr", launch_once(builder), IMAGE_EXIT_STATUS, "opening /nowhere");
    expect("closed 0, 1, 2", launch_under(launch_builder(PAYLOAD_EXIT, 1), &closed), PAYLOAD_GOOD, NULL);
}

/* ---- signals ---- */

static struct image_pending_signal pending_signal(int signal, int code, uint64_t value)
{
    struct image_pending_signal pending = {.signal = (uint32_t)signal};
    siginfo_t info = {.si_signo = signal, .si_code = code};

    info.si_value.sival_ptr = (void *)value;
    memcpy(pending.info, &info, sizeof(pending.info));
    return pending;
}

static void signals_come_back(void)
{
    struct builder *builder = launch_builder(PAYLOAD_SIGNALS, 2);
    struct image_signal_action actions[3];
    struct image_pending_signal of_process = pending_signal(SIGUSR1, SI_QUEUE, 0xabcdef);
    struct image_pending_signal of_thread = pending_signal(SIGUSR2, SI_TKILL, 0x1234);
    int signals[3] = {SIGUSR1, SIGUSR2, SIGALRM};

    for (int i = 0; i < 3; i++)
        actions[i] = (struct image_signal_action){.signal = (uint64_t)signals[i], .handler = PAYLOAD_CODE + 32,
                                                  .flags = SA_SIGINFO | 0x04000000, .restorer = PAYLOAD_CODE + 64};
    builder->plan.actions = builder_table(builder, actions, 3, sizeof(actions[0]));
    builder->plan.pending = builder_table(builder, &of_process, 1, sizeof(of_process));
    builder->threads[1].pending = builder_table(builder, &of_thread, 1, sizeof(of_thread));
    ((struct image_thread_block *)(void *)builder->blocks)->frame.uc_sigmask = 1UL << (SIGUSR2 - 1);
    ((struct image_thread_block *)(void *)(builder->blocks + BUILDER_BLOCK_BYTES))->frame.uc_sigmask = 1UL << (SIGUSR1 - 1);
    builder->plan.itimer_us[1] = 2000;
    expect("signals", launch_once(builder), PAYLOAD_GOOD, NULL);
}

/* ---- a call that was cut into two ---- */

static void a_sleep_goes_on(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct builder_places places = builder_place(builder);
    struct image_thread_block *block = (void *)builder->blocks;
    uint64_t plan_bytes = 4096; /* one page of plan is enough for this image: asserted below */
    uint64_t call = BUILDER_SLOT + places.plan_address + plan_bytes + offsetof(struct image_thread_block, call);

    block->call = (struct image_resume_call){.return_address = PAYLOAD_CODE + 96, .rdi = 1, .rsi = 2, .rdx = 3,
                                             .r10 = 4, .r8 = 5, .r9 = 6, .rbx = 7, .timespec = {0, 1000000}};
    block->frame.rip = BUILDER_SLOT + builder_symbol(builder, "undump_resume_call");
    block->frame.rax = SYS_nanosleep;
    block->frame.rdi = call + offsetof(struct image_resume_call, timespec);
    block->frame.rbx = call;
    image_write(builder, launch_path());
    if (builder->plan.plan_size != plan_bytes)
        errx(1, "the plan is larger than this test expects");
    builder_free(builder);
    expect("sleep goes on", launch_file(launch_path(), NULL), PAYLOAD_GOOD, NULL);
    unlink(launch_path());
}

/* ---- vdso ---- */

static void plan_vdso(struct builder *builder, bool trampolines, uint8_t change)
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
    builder->plan.vdso_address = VDSO_PLACE;
    builder->plan.vdso_size = sizeof(copy);
    builder->plan.vdso_copy = builder_bytes(builder, copy, sizeof(copy));
    builder->plan.vdso_trampolines = trampolines;
    builder->plan.vdso_symbols = builder_table(builder, symbols, 2, sizeof(symbols[0]));
    launch_data(builder)->clock_function = VDSO_PLACE + symbols[0].offset;
}

static struct builder *vdso_builder(bool trampolines, uint8_t change)
{
    struct builder *builder = threads_builder(2);

    plan_vdso(builder, trampolines, change);
    return builder;
}

static void the_vdso_is_where_it_was(void)
{
    struct builder *builder;

    expect("vdso moved", launch_once(vdso_builder(false, 0)), PAYLOAD_GOOD, NULL);
    expect("vdso trampolines", launch_once(vdso_builder(true, 0)), PAYLOAD_GOOD, NULL);
    expect("another vdso", launch_once(vdso_builder(false, 0xff)), PAYLOAD_GOOD, NULL);
    builder = vdso_builder(false, 0); /* the program has memory where [vvar] would come to lie */
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, VDSO_PLACE - 4096, 4096, PROT_READ, 0);
    expect("vdso without room", launch_once(builder), PAYLOAD_GOOD, NULL);
}

/* ---- refusals ---- */

static void missing_features_are_named_together(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_cpu_feature features[3] = {
        {.leaf = 1, .reg = 3, .mask = 1, .name = builder_string(builder, "fpu")},
        {.leaf = 0x40001234, .reg = 0, .mask = 0x80000000, .name = builder_string(builder, "one")},
        {.leaf = 0x40001234, .reg = 1, .mask = 0x80000000, .name = builder_string(builder, "two")},
    };

    builder->plan.cpu_features = builder_table(builder, features, 3, sizeof(features[0]));
    expect("missing features", launch_once(builder), IMAGE_EXIT_STATUS, "this processor lacks one, two, which");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.xcr0 |= 1UL << 60;
    expect("missing component", launch_once(builder), IMAGE_EXIT_STATUS, "xsave components 0x1000000000000000");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.max_xsave_size = 600;
    expect("large xsave area", launch_once(builder), IMAGE_EXIT_STATUS, "reserve only 600");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.min_kernel_major = 99;
    expect("old kernel", launch_once(builder), IMAGE_EXIT_STATUS, "needs Linux 99.0 or newer");
}

static void patch_file(uint64_t offset, const void *bytes, size_t size)
{
    int fd = open(launch_path(), O_WRONLY | O_CLOEXEC);

    builder_write_at(fd, bytes, size, offset);
    close(fd);
}

static void damage_is_found(void)
{
    struct builder *builder = threads_builder(2);
    struct builder_places places = builder_place(builder);
    uint64_t version = 2, end;

    image_write(builder, launch_path());
    end = builder->plan.image_size;
    patch_file(BUILDER_ID_OFFSET, "x", 1);
    expect("other id", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "not this image");
    patch_file(BUILDER_ID_OFFSET, "h", 1);
    patch_file(places.plan + 1000, "\xff", 1);
    expect("flipped bit", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "checksum of its plan");
    patch_file(places.plan + offsetof(struct image_plan, version), &version, 4);
    expect("too new", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "too new version");
    patch_file(places.plan, "?", 1);
    expect("no plan", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "magic number");
    if (truncate(launch_path(), (off_t)(end - 1)) < 0)
        err(1, "truncate");
    patch_file(places.plan, "U", 1);
    version = 1;
    patch_file(places.plan + offsetof(struct image_plan, version), &version, 4);
    expect("one byte short", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "truncated");
    for (uint64_t size = places.plan; size < end; size += 4096) {
        if (truncate(launch_path(), 0) < 0)
            err(1, "truncate");
        builder_free(builder);
        builder = threads_builder(2);
        image_write(builder, launch_path());
        if (truncate(launch_path(), (off_t)size) < 0)
            err(1, "truncate");
        expect("truncated", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "truncated");
    }
    builder_free(builder);
    unlink(launch_path());
}

/* ---- registers on a processor that places them elsewhere ---- */

#define OPMASK 5
#define OPMASK_PLACE 1024 /* of no processor */
#define OPMASK_BYTES 64

static void plan_opmask(struct builder *builder, uint32_t thread)
{
    struct image_thread_block *block = (void *)(builder->blocks + thread * BUILDER_BLOCK_BYTES);
    struct xstate_software *software = (void *)(block->xstate + XSTATE_SOFTWARE);
    uint32_t magic2 = XSTATE_MAGIC2;
    uint64_t used = 7 | 1 << OPMASK;

    memcpy(block->xstate + XSTATE_HEADER, &used, sizeof(used));
    memset(block->xstate + OPMASK_PLACE, 0x77, OPMASK_BYTES);
    software->features = used;
    software->xstate_size = OPMASK_PLACE + OPMASK_BYTES;
    software->extended_size = OPMASK_PLACE + OPMASK_BYTES + sizeof(magic2);
    memcpy(block->xstate + software->xstate_size, &magic2, sizeof(magic2));
}

static void xstate_is_moved(void)
{
    struct image_xstate_component component = {.number = OPMASK, .offset = OPMASK_PLACE, .size = OPMASK_BYTES};
    struct builder *builder;

    if (!__builtin_cpu_supports("avx512f")) {
        fprintf(stderr, "skipped: moved xstate (needs AVX-512)\n");
        return;
    }
    builder = threads_builder(2);
    plan_opmask(builder, 0);
    plan_opmask(builder, 1);
    launch_data(builder)->opmask = 0x7777;
    builder->plan.xcr0 = 7 | 1 << OPMASK;
    builder->plan.xstate_components = builder_table(builder, &component, 1, sizeof(component));
    expect("moved xstate", launch_once(builder), PAYLOAD_GOOD, NULL);
}

/* ---- hostile launches ---- */

static void limit_stack(void *argument)
{
    struct rlimit limit = {*(rlim_t *)argument, RLIM_INFINITY};

    setrlimit(RLIMIT_STACK, &limit);
}

static void drop_user(void *argument)
{
    (void)argument;
    if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
        _exit(99);
}

static void launches_under_any_stack_limit(void)
{
    rlim_t limits[] = {RLIM_INFINITY, 256 << 10, 1L << 40};

    for (int i = 0; i < 3; i++) {
        struct launch_conditions conditions = {.prepare = limit_stack, .argument = &limits[i]};

        expect("stack limit", launch_under(vdso_builder(false, 0), &conditions), PAYLOAD_GOOD, NULL);
    }
}

static void launches_with_a_large_environment(void)
{
    static char *environment[1025];
    struct launch_conditions conditions = {.environment = environment};

    for (int i = 0; i < 1024; i++) {
        environment[i] = malloc(1024);
        memset(environment[i], 'e', 1023);
        environment[i][1] = '=';
        environment[i][1023] = '\0';
    }
    expect("1 MB of environment", launch_under(vdso_builder(false, 0), &conditions), PAYLOAD_GOOD, NULL);
    for (int i = 0; i < 1024; i++)
        free(environment[i]);
}

static void launches_often(void)
{
    struct builder *builder = vdso_builder(false, 0);

    image_write(builder, launch_path());
    builder_free(builder);
    for (int i = 0; i < 300; i++)
        expect("one of 300 launches", launch_file(launch_path(), NULL), PAYLOAD_GOOD, NULL);
    if (geteuid() == 0) {
        struct launch_conditions nobody = {.prepare = drop_user};

        chmod(launch_path(), 0755);
        expect("as nobody", launch_file(launch_path(), &nobody), PAYLOAD_GOOD, NULL);
    } else {
        fprintf(stderr, "skipped: as nobody (needs root)\n");
    }
    unlink(launch_path());
}

int main(void)
{
    expect("exit", launch_once(launch_builder(PAYLOAD_EXIT, 1)), PAYLOAD_GOOD, NULL);
    threads_come_back();
    files_come_back();
    a_missing_file_is_named();
    stderr_is_the_launchs();
    signals_come_back();
    a_sleep_goes_on();
    the_vdso_is_where_it_was();
    missing_features_are_named_together();
    damage_is_found();
    xstate_is_moved();
    launches_under_any_stack_limit();
    launches_with_a_large_environment();
    launches_often();
    return failures != 0;
}
