/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Named pipes of which the program has both ends: one in use, others with bytes in them. */
enum { RESTING = 4 };

static struct channel channel = {.name = "FIFO", .most = 8192, .put = put_by_write, .take = take_when_ready};
static struct ends {
    int out, in;
} resting[RESTING];

static struct ends make(int number, int flags) {
    char path[32];
    snprintf(path, sizeof path, "fifo-%d", number);
    unlink(path);
    MUST(mkfifo(path, 0600));
    struct ends ends = {.out = hold(open(path, O_RDONLY | O_NONBLOCK))};
    ends.in = hold(open(path, O_WRONLY | flags));
    return ends;
}

static void set_up(void) {
    struct ends ends = make(RESTING, 0);
    channel.in = ends.in;
    channel.out = ends.out;
    start_channel(&channel);
    for (int i = 0; i < RESTING; i++) {
        uint64_t words[64];
        resting[i] = make(i, O_NONBLOCK);
        fill_pattern(words, sizeof words, (uint64_t)i);
        CHECK_EQ(write(resting[i].in, words, sizeof words), sizeof words);
    }
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        uint64_t words[64];
        ssize_t size = read(resting[i].out, words, sizeof words);
        CHECK_EQ(size, sizeof words);
        check_pattern(words, sizeof words, (uint64_t)i, "resting FIFO");
    }
}

const struct stress_kind stress_fifos = {.name = "FIFOs", .set_up = set_up, .verify = verify};
