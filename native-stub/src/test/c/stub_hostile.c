// SPDX-License-Identifier: Apache-2.0
/* Launches good images under hostile conditions. */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "src/test/c/support/image_launcher.h"

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
    launches_under_any_stack_limit();
    launches_with_a_large_environment();
    launches_often();
    return launch_failures != 0;
}
