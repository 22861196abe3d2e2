// SPDX-License-Identifier: Apache-2.0
#include "restore/stub.h"

struct stub_state stub;

/* From the first instruction of an image to the program's next one. */
_Noreturn void stub_main(const uint64_t *initial_stack)
{
    struct stub_state *state = &stub;

    /* Look: nothing outside this process's own descriptors is changed, and every refusal happens here. */
    launch_read(state, initial_stack);
    image_open(state);
    image_check_plan(state);
    inputs_check(state); /* first, for the fallback gets all of this launch as it was */
    machine_check_kernel(state);
    machine_check_processor(state);
    rights_learn(state);
    clocks_enter(state);
    limits_raise(state); /* before files: high descriptor numbers, large mappings */
    image_move_aside(state);
    mapped_files_check(state);
    files_restore(state);
    threads_prepare(state);

    /* ---- point of no return: the launch's address space goes away ---- */
    space_keep_launch(state); /* arguments and environment stay visible in /proc */
    space_keep_vdso(state);
    space_clear(state);

    /* Build: the plan was checked, so what fails from here on is the kernel saying no. */
    process_set_personality(state); /* before memory: it changes what mmap does */
    memory_restore(state);
    memory_files_finish(state); /* seals forbid what memory has just needed */
    segments_finish(state);
    semaphores_take(state);
    file_locks_take(state); /* closing a file, as memory has done, would take those of the process away */
    vdso_restore(state);
    environment_change(state);
    launch_record_fill(state); /* while the directory is the launch's */
    process_restore(state);
    rights_begin(state);
    threads_create(state);
    threads_await(state);
    threads_patch_ids(state);   /* now all new ids are known */
    file_owners_set(state);     /* they name threads */
    posix_timers_make(state);   /* likewise */
    process_queue_signals(state);
    terminal_restore(state);    /* it may have to wait for the foreground */
    limits_set(state);          /* after everything that a low limit could forbid */
    posix_timers_start(state);
    process_start_timers(state); /* last: their time runs */
    segments_keep(state);       /* from here on nothing fails */
    threads_resume(state);
}
