/* SPDX-License-Identifier: Apache-2.0 */
/* Kills the engine, or the process that waits for it, at random moments of checkpoints: the program hears of it and goes on. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api.h"

#define ROUNDS 25
#define LONGEST_NS 20000000

static atomic_int round_started, round_killed;
static atomic_ulong ticks;
static unsigned long random_state = 88172645463325252UL;

static unsigned long next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static int is_engine_of_ours(const char *pid)
{
    char path[64], text[64] = "", wanted[64];
    snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i + 1 < length; i++)
        if (!text[i])
            text[i] = ' ';
    snprintf(wanted, sizeof(wanted), "ckpt --pid %d --record", (int)getpid());
    return length > 0 && strncmp(text, wanted, strlen(wanted)) == 0;
}

/* The first or the second of the two processes. */
static void kill_engine(int which)
{
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; proc && (entry = readdir(proc)); )
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_engine_of_ours(entry->d_name) && which-- <= 0) {
            kill(atoi(entry->d_name), SIGKILL);
            break;
        }
    closedir(proc);
}

static void *kill_at_random(void *unused)
{
    for (int round = 1; round <= ROUNDS; round++) {
        while (atomic_load(&round_started) < round)
            nanosleep(&(struct timespec){0, 50000}, NULL);
        nanosleep(&(struct timespec){0, (long)(next_random() % LONGEST_NS)}, NULL);
        kill_engine(round % 2);
        atomic_store(&round_killed, round);
    }
    return unused;
}

static void *tick(void *unused)
{
    for (;;) {
        atomic_fetch_add(&ticks, 1);
        nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    return unused;
}

static void expect_alive(void)
{
    unsigned long start = atomic_load(&ticks);
    while (atomic_load(&ticks) < start + 2)
        nanosleep(&(struct timespec){0, 100000}, NULL);
}

int main(void)
{
    pthread_t killer, other;
    struct undump_options options = UNDUMP_OPTIONS_INIT;
    int failed = 0;
    options.checkpoint = "killed.ckpt";
    CHECK(pthread_create(&killer, NULL, kill_at_random, NULL) == 0 && pthread_create(&other, NULL, tick, NULL) == 0, "threads");
    for (int round = 1; round <= ROUNDS; round++) {
        atomic_store(&round_started, round);
        int answer = API(undump_checkpoint)(&options);
        CHECK(answer <= 0, "%d is no launch", answer);
        CHECK(answer == 0 || *API(undump_error)(), "%d without a word", answer);
        failed += answer < 0;
        expect_alive();
        while (atomic_load(&round_killed) < round) /* one kill for each call */
            nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    pthread_join(killer, NULL);
    CHECK(API(undump_checkpoint)(&options) == 0, "at last: %s", API(undump_error)());
    CHECK(unlink("killed.ckpt") == 0, "no checkpoint");
    printf("%d of %d were broken off\nPASS\n", failed, ROUNDS);
    return 0;
}
