// SPDX-License-Identifier: Apache-2.0
#include "restore/stub.h"

/* Where the array at *next ends (a zero word); returns the array's length and moves *next behind the zero. */
static uint64_t skip_array(const uint64_t **next)
{
    uint64_t count = 0;

    while ((*next)[count] != 0)
        count++;
    *next += count + 1;
    return count;
}

static uint64_t end_of_text(uint64_t address)
{
    const char *text = (const char *)address;

    return address + text_length(text) + 1;
}

/* The kernel stores the file name last and leaves eight zero bytes above it (fs/exec.c, bprm_mm_init and
 * do_execveat_common): so the stack's end is known without /proc. */
static uint64_t stack_end(const struct stub_launch *launch)
{
    if (launch->file_name == NULL)
        return 0;
    return end_of_text(STUB_ADDRESS(launch->file_name)) + sizeof(uint64_t);
}

/* The initial stack of psABI 3.4.1: argc, argv, 0, envp, 0, auxv. */
static void read_stack(struct stub_launch *launch, const uint64_t *stack)
{
    uint64_t argc = *stack++;
    const uint64_t *argv = stack;
    const uint64_t *envp;
    uint64_t env_count;

    skip_array(&stack);
    envp = stack;
    env_count = skip_array(&stack);
    for (; stack[0] != ABI_AT_NULL; stack += 2) {
        if (stack[0] == ABI_AT_EXECFN)
            launch->file_name = (const char *)stack[1];
        if (stack[0] == ABI_AT_SYSINFO_EHDR)
            launch->vdso = stack[1];
        if (stack[0] == ABI_AT_EUID)
            launch->is_root = stack[1] == 0;
        if (stack[0] == ABI_AT_SECURE)
            launch->secure = stack[1] != 0;
    }
    if (argc == 0)
        return;
    launch->arg_start = argv[0];
    launch->arg_end = end_of_text(argv[argc - 1]);
    launch->env_start = launch->arg_end;
    launch->env_end = launch->arg_end;
    if (env_count > 0) {
        launch->env_start = envp[0];
        launch->env_end = end_of_text(envp[env_count - 1]);
    }
}

void launch_read(struct stub_state *state, const uint64_t *initial_stack)
{
    const uint64_t all_signals = ~UINT64_C(0);

    state->report_fd = 2;
    state->image_fd = STUB_NO_FD;
    state->object_fd = STUB_NO_FD;
    state->slot = STUB_ADDRESS(undump_base);
    state->stub_size = STUB_ADDRESS(undump_plan) - STUB_ADDRESS(undump_base);
    state->plan = (const struct image_plan *)undump_plan;
    sys_swap_signal_mask(&all_signals, &state->launch.signal_mask); /* until each thread's own mask comes with its frame */
    state->pid = sys_getpid();
    state->launch.stack_bottom = STUB_ADDRESS(initial_stack) & ~(STUB_PAGE - 1);
    state->launch.initial_stack = initial_stack;
    read_stack(&state->launch, initial_stack);
    state->launch.stack_end = stack_end(&state->launch);
}
