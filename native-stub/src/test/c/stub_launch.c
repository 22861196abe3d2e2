// SPDX-License-Identifier: Apache-2.0
/* Launches hand-made images: threads, their registers and signals, interrupted calls, the vdso. */
#define _GNU_SOURCE
#include "src/test/c/support/image_launcher.h"

static void threads_come_back(void)
{
    expect("one thread", launch_once(threads_builder(1)), PAYLOAD_GOOD, NULL);
    expect("two threads", launch_once(threads_builder(2)), PAYLOAD_GOOD, NULL);
    expect("forty threads", launch_once(threads_builder(40)), PAYLOAD_GOOD, NULL);
    expect("a thousand threads", launch_once(threads_builder(1000)), PAYLOAD_GOOD, NULL);
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

static void the_vdso_is_where_it_was(void)
{
    struct builder *builder;

    expect("vdso moved", launch_once(vdso_builder(false, 0)), PAYLOAD_GOOD, NULL);
    expect("vdso trampolines", launch_once(vdso_builder(true, 0)), PAYLOAD_GOOD, NULL);
    expect("another vdso", launch_once(vdso_builder(false, 0xff)), PAYLOAD_GOOD, NULL);
    builder = vdso_builder(false, 0); /* the program has memory where [vvar] would come to lie */
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, LAUNCH_VDSO_PLACE - 4096, 4096, PROT_READ, 0);
    expect("vdso without room", launch_once(builder), PAYLOAD_GOOD, NULL);
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

int main(void)
{
    expect("exit", launch_once(launch_builder(PAYLOAD_EXIT, 1)), PAYLOAD_GOOD, NULL);
    threads_come_back();
    signals_come_back();
    a_sleep_goes_on();
    the_vdso_is_where_it_was();
    xstate_is_moved();
    return launch_failures != 0;
}
