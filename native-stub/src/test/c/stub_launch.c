// SPDX-License-Identifier: Apache-2.0
/* Launches hand-made images: every step of the stub against the running kernel. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "src/test/c/support/image_launcher.h"

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

static void exits_with_the_programs_status(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    expect("one thread", launch_once(builder), PAYLOAD_GOOD, NULL);
}

int main(void)
{
    exits_with_the_programs_status();
    return failures != 0;
}
