/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/eventfd.h>

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "eventfd counters, semaphore mode and flags");
    int counter = (int)MUST(eventfd(41, EFD_CLOEXEC));
    int semaphore = (int)MUST(eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK));
    int zero = (int)MUST(eventfd(0, EFD_NONBLOCK)), twin = (int)MUST(dup(counter));
    uint64_t value = 1;
    CHECK_EQ(write(counter, &value, 8), 8);

    ready_and_wait();

    CHECK_EQ(fcntl(counter, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(read(twin, &value, 8), 8);
    CHECK_EQ(value, 42);
    value = 7;
    CHECK_EQ(write(counter, &value, 8), 8);
    CHECK_EQ(read(twin, &value, 8), 8);
    CHECK_EQ(value, 7);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(read(semaphore, &value, 8), 8);
        CHECK_EQ(value, 1);
    }
    CHECK_EQ(read(semaphore, &value, 8), -1);
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(read(zero, &value, 8), -1);
    CHECK_EQ(errno, EAGAIN);
    pass();
}
