/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of the system that outlive processes, as a fixture needs them for all copies of its image: a process of its own, no
 * child of the fixture, removes them when the folder of the run is gone, or when ten minutes are over.
 */
#ifndef UNDUMP_FIXTURE_KEEPER_H
#define UNDUMP_FIXTURE_KEEPER_H

#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static inline bool folder_is_there(void) {
    struct stat folder;
    return stat(".", &folder) == 0 && folder.st_nlink > 0;
}

static inline void keep_objects(void (*remove_objects)(void)) {
    struct timespec moment = {0, 100 * NS_PER_MS};
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd <= 2; fd++)
        dup2(null, fd);
    for (int looks = 0; looks < 6000 && folder_is_there(); looks++)
        nanosleep(&moment, NULL);
    remove_objects();
    _exit(0);
}

static inline void start_keeper(void (*remove_objects)(void)) {
    int status;
    pid_t middle = (pid_t)MUST(fork());
    if (middle == 0) {
        setsid();
        if (fork() == 0)
            keep_objects(remove_objects);
        _exit(0);
    }
    CHECK_EQ(waitpid(middle, &status, 0), middle);
    CHECK_EQ(status, 0);
}

#endif
