/* SPDX-License-Identifier: Apache-2.0 */
/* Finding what a process would undo of a semaphore, with a kernel of our own in which another process is as quick as it likes. */
#include "capture/semaphore_probes.c"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "src/test/c/support/expect.h"

/* One semaphore as in ipc/sem.c, and what another process does to it before each call. */
static struct {
    int value, adjustment;
    bool unreadable, closed;
    void (*meanwhile)(void);
    unsigned calls, longest;
} kernel;
static int memory;
static bool given_up;

bool capture_given_up(const struct capture *capture)
{
    (void)capture;
    return given_up;
}

/* perform_atomic_semop_slow() */
static int64_t do_operations(const struct sembuf *operations, uint64_t count)
{
    int value = kernel.value, adjustment = kernel.adjustment;
    for (uint64_t i = 0; i < count; i++) {
        int change = operations[i].sem_op;
        expect(operations[i].sem_flg & IPC_NOWAIT, "never waits");
        if ((change == 0 && value != 0) || value + change < 0)
            return -EAGAIN;
        if (value + change > 32767)
            return -ERANGE;
        if (operations[i].sem_flg & SEM_UNDO) {
            if (adjustment - change < -32768 || adjustment - change > 32767)
                return -ERANGE;
            adjustment -= change;
        }
        value += change;
    }
    expect(false, "a list of operations was done");
    return 0;
}

int inject_call(struct injector *injector, int64_t *ret_result, long number, const uint64_t arguments[6])
{
    struct sembuf operations[PROBE_LIMIT] = {0};
    (void)injector;
    kernel.calls++;
    if (kernel.meanwhile)
        kernel.meanwhile();
    if (number == SYS_semctl) {
        expect(arguments[2] == GETVAL, "asks for the value");
        *ret_result = kernel.unreadable || kernel.closed ? -EACCES : kernel.value;
        return 0;
    }
    expect(number == SYS_semop && arguments[2] <= PROBE_LIMIT, "as many operations as there is room for");
    if (arguments[2] > kernel.longest)
        kernel.longest = (unsigned)arguments[2];
    size_t size = arguments[2] * sizeof(operations[0]);
    if (pread(memory, operations, size, (off_t)arguments[1]) != (ssize_t)size)
        abort();
    *ret_result = kernel.closed ? -EACCES : do_operations(operations, arguments[2]);
    return 0;
}

static int find(int *ret)
{
    struct capture capture = {.mem = memory};
    struct injector injector = {.capture = &capture};
    kernel.calls = 0;
    return find_adjustment(&injector, 3, 1, ret);
}

static void set_kernel(int value, int adjustment, void (*meanwhile)(void))
{
    kernel.value = value;
    kernel.adjustment = adjustment;
    kernel.meanwhile = meanwhile;
    kernel.unreadable = kernel.closed = false;
}

static void expect_found(int adjustment, const char *what)
{
    int found = -99999, error = find(&found);
    if (error == 0 && found == adjustment)
        return;
    fprintf(stderr, "value %d, to undo %d: found %d, error %d\n", kernel.value, kernel.adjustment, found, error);
    expect(false, what);
}

static const int VALUES[] = {0, 1, 2, 5, 16383, 16384, 20000, 32766, 32767};
#define EACH_VALUE(i) size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++

static void all_numbers_are_found(void)
{
    for (EACH_VALUE(i))
        for (int number = -32768; number <= 32767; number += number > -32760 && number < 32750 && abs(number) > 10 ? 97 : 1) {
            set_kernel(VALUES[i], number, NULL);
            expect_found(number, "a number at rest");
        }
    set_kernel(1, 0, NULL);
    expect_found(0, "an untouched semaphore");
    expect(kernel.calls <= 4, "an untouched semaphore costs few calls");
    expect(kernel.longest == PROBE_LIMIT, "the longest list was tried");
}

static void a_value_that_may_not_be_read_is_found(void)
{
    for (EACH_VALUE(i)) {
        set_kernel(VALUES[i], -3, NULL);
        kernel.unreadable = true;
        expect_found(-3, "a value that may not be read");
    }
    set_kernel(1, -3, NULL);
    kernel.closed = true;
    int found;
    expect(find(&found) == -EACCES, "a semaphore that may not be changed");
}

static void another_toggles(void)
{
    kernel.value = rand() % 3;
}

static void another_works_near_the_limit(void)
{
    kernel.value = 32766 + rand() % 2;
}

/* SETVAL now and then: whatever is to be undone is not any more. */
static void another_clears(void)
{
    if (rand() % 12 == 0)
        kernel.adjustment = 0;
    another_toggles();
}

static void another_never_rests(void)
{
    kernel.value = (kernel.value + 1) % 32768;
}

static void others_cannot_deceive(void)
{
    for (int round = 0; round < 300; round++) {
        int number = rand() % 65536 - 32768;
        set_kernel(1, number, another_toggles);
        expect_found(number, "a number while the value toggles");
        set_kernel(1, 0, another_toggles);
        expect_found(0, "nothing while the value toggles");
        set_kernel(32767, number, another_works_near_the_limit);
        expect_found(number, "a number while the value is near its limit");
        set_kernel(1, number, another_clears);
        int found = -99999, error = find(&found);
        expect(error == 0 && (found == 0 || found == number), "a number that is cleared meanwhile");
    }
}

static void what_never_rests_is_refused(void)
{
    int found = 0;
    set_kernel(1, -1, another_never_rests);
    expect(find(&found) == -EBUSY, "a value that never rests");
    given_up = true;
    set_kernel(1, -1, another_never_rests);
    expect(find(&found) == -ECANCELED && kernel.calls <= 4, "a capture that was given up");
    given_up = false;
}

int main(void)
{
    memory = memfd_create("memory", MFD_CLOEXEC);
    srand(7);
    all_numbers_are_found();
    a_value_that_may_not_be_read_is_found();
    others_cannot_deceive();
    what_never_rests_is_refused();
    return failures != 0;
}
