// SPDX-License-Identifier: Apache-2.0
/*
 * The command that runs in place of the program, in this process: with this launch's environment, descriptors, directory and
 * signal mask. What the stub has opened closes itself.
 *
 * A fallback that leads back to this image, whatever it leads through, would go in circles for ever. So its environment counts
 * how many images have been left that way; a program that is launched does not see that.
 */
#include "restore/stub.h"

static const char depth_name[] = IMAGE_FALLBACK_VARIABLE "=";
static const char verbose[] = "UNDUMP_VERBOSE=1";

static bool begins_with(const char *text, const char *start, uint64_t length)
{
    for (uint64_t i = 0; i < length; i++) {
        if (text[i] != start[i])
            return false;
    }
    return true;
}

/* True for the variable that counts; any launch may have been given one. */
bool fallback_is_depth(const char *text)
{
    return begins_with(text, depth_name, sizeof(depth_name) - 1);
}

static const char *const *initial_environment(const struct stub_launch *launch)
{
    const uint64_t argc = launch->initial_stack[0];

    return (const char *const *)(launch->initial_stack + 1 + argc + 1);
}

void fallback_learn(struct stub_state *state)
{
    struct stub_launch *launch = &state->launch;

    for (const char *const *variable = initial_environment(launch); *variable != NULL; variable++) {
        if (fallback_is_depth(*variable)) {
            const char *number = *variable + sizeof(depth_name) - 1;

            launch->is_fallback = true;
            launch->fallback_depth = text_number(&number);
        }
        if (text_equal(*variable, verbose))
            launch->verbose = true;
    }
}

struct command {
    const char **arguments;
    const char **environment;
    struct stub_line depth; /* NAME=number, terminated */
};

static uint64_t count_of(const char *const *list)
{
    uint64_t count = 0;

    while (list[count] != NULL)
        count++;
    return count;
}

static void make_environment(const struct stub_state *state, struct command *command)
{
    const char **next = command->environment;

    for (const char *const *variable = initial_environment(&state->launch); *variable != NULL; variable++) {
        if (!fallback_is_depth(*variable))
            *next++ = *variable;
    }
    line_append(&command->depth, "%s%u", depth_name, (uint64_t)state->launch.fallback_depth + 1);
    command->depth.bytes[command->depth.length] = '\0';
    *next++ = command->depth.bytes;
    *next = NULL;
}

static void make_arguments(const struct stub_state *state, struct command *command)
{
    const struct image_plan *plan = state->plan;
    const uint64_t *planned = plan_at(plan, plan->fallback_arguments.offset);
    const uint64_t argc = state->launch.initial_stack[0];
    const char *const *given = (const char *const *)(state->launch.initial_stack + 1);
    const char **next = command->arguments;

    for (uint64_t i = 0; i < plan->fallback_arguments.count; i++)
        *next++ = plan_string(plan, planned[i]);
    for (uint64_t i = 1; i < argc && plan->fallback_takes_arguments != 0; i++)
        *next++ = given[i];
    *next = NULL;
}

/* A launch may have more arguments than any buffer of the stub holds. */
static void make_room(struct stub_state *state, struct command *command)
{
    const uint64_t arguments = state->plan->fallback_arguments.count + state->launch.initial_stack[0] + 1;
    const uint64_t variables = count_of(initial_environment(&state->launch)) + 2;
    int64_t room = sys_mmap(0, (arguments + variables) * sizeof(char *), ABI_PROT_READ | ABI_PROT_WRITE,
                            ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, STUB_NO_FD, 0);

    if (is_error(room))
        stub_fail(state, "making room for the command that runs instead: %e", room);
    command->arguments = (const char **)(uintptr_t)room;
    command->environment = command->arguments + arguments;
}

_Noreturn void fallback_run(struct stub_state *state, const char *path, const char *change)
{
    const char *program = plan_string(state->plan, state->plan->fallback_path);
    struct command command = {.depth = {.length = 0}};
    int64_t result;

    if (state->launch.fallback_depth >= IMAGE_FALLBACK_LIMIT)
        stub_fail(state, "%s %s since the image was made, and what runs instead, %s, has come back to an image %u times; make "
                  "the image again", path, change, program, (uint64_t)state->launch.fallback_depth);
    make_room(state, &command);
    make_arguments(state, &command);
    make_environment(state, &command);
    if (state->launch.verbose)
        stub_warn(state, "%s %s since the image was made; running %s instead", path, change, program);
    sys_set_signal_mask(&state->launch.signal_mask);
    result = sys_execve(program, command.arguments, command.environment);
    stub_fail(state, "%s %s since the image was made, and running %s instead: %e", path, change, program, result);
}
