/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "observe.h"

uint64_t observe_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Not through the stream's buffer: a child of fork() must not write twice what its parent has in there. */
int observe_failed(const struct observation *observation, const char *doing, const char *what)
{
    dprintf(fileno(observation->report), "failed %s %s: %s\n", doing, what, strerror(errno));
    return 1;
}

static int usage(void)
{
    fprintf(stderr, "usage: observe [-t MILLISECONDS] [-c] [-q] -o REPORT IMAGE NAME [ARGUMENT...]\n");
    return 2;
}

static int observe(struct observation *observation, const char *report)
{
    int status;

    observation->report = fopen(report, "we");
    if (observation->report == NULL)
        return 1;
    observation->image_fd = open(observation->image, O_RDONLY | O_CLOEXEC);
    if (observation->image_fd < 0)
        return observe_failed(observation, "opening", observation->image);
    signal(SIGCHLD, SIG_DFL); /* where it is ignored, no child can be waited for */
    if (observation->cold)
        page_cache_drop(observation->image_fd);
    status = observation->quiet ? observe_time(observation) : observe_trial(observation);
    return fclose(observation->report) == 0 ? status : 1;
}

int main(int argc, char **argv)
{
    struct observation observation = {.limit_ns = UINT64_C(1000000000)};
    const char *report = NULL;
    int option;

    while ((option = getopt(argc, argv, "+t:cqo:")) != -1) {
        if (option == 't')
            observation.limit_ns = strtoull(optarg, NULL, 10) * 1000000;
        else if (option == 'c')
            observation.cold = true;
        else if (option == 'q')
            observation.quiet = true;
        else if (option == 'o')
            report = optarg;
        else
            return usage();
    }
    if (report == NULL || argc - optind < 2)
        return usage();
    observation.image = argv[optind];
    observation.arguments = argv + optind + 1;
    return observe(&observation, report);
}
