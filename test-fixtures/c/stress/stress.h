/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds of stress_descriptors share.
 *
 * A kind opens descriptors, hold()s them and starts workers that use them without a pause. Everything that a worker
 * receives is numbered and checked at once; a capture may meet it anywhere. Every worker ends by itself when stopping()
 * is true and nothing is under way any more.
 */
#ifndef UNDUMP_STRESS_H
#define UNDUMP_STRESS_H

#include "../fixture.h"

struct stress_kind {
    const char *name;
    void (*set_up)(void);
    void (*verify)(void); /* when all workers have ended; NULL: they have checked everything */
    void (*end)(void);    /* ends the workers that wait for the end; NULL: there are none */
};

extern const struct stress_kind stress_pipes, stress_fifos, stress_socketpairs, stress_sockets, stress_datagrams, stress_eventfds,
    stress_epolls, stress_timers, stress_signals, stress_files, stress_locks, stress_memory, stress_queues, stress_proc;

struct worker {
    const char *name;
    void (*body)(struct worker *self);
    void *argument;
    bool waits_for_the_end; /* does not step before stopping() */
    bool is_interrupted;    /* handlers run in it */
    uint64_t random;
    volatile uint64_t steps;
    volatile pid_t tid; /* of this life */
    pid_t life;         /* pid when it stepped last */
    int launches;       /* changes of life that it has seen */
    pthread_t thread;
};

/* Starts a worker with every signal blocked. */
struct worker *start_worker(const char *name, void (*body)(struct worker *self), void *argument);
/* Counts a step, and now and then waits for a moment in one of many system calls. */
void step(struct worker *self);
uint64_t random_below(struct worker *self, uint64_t bound);
bool stopping(void);
/* The process id, from the kernel: another one after a launch. */
pid_t life(void);

/* Binds a socket to a free port of ADDRESS that the kernel gives to nobody else while no copy of the program runs. */
struct name;
void bind_to_port(int fd, const struct name *address);

/* Notes a descriptor: its number, flags and kind are checked at the end. Every third one moves to a high number, every
 * other one gets close-on-exec. Returns its number. */
int hold(int fd);
/* A duplicate, also held. */
int hold_twin(int fd);
void check_held(void);
int held_count(void);

/*
 * A channel carries numbered messages of changing size from one worker to another one: every byte is checked, and that
 * none is missing, comes twice or early.
 */
struct channel {
    const char *name;
    int in, out;    /* written to, read from */
    size_t most;    /* bytes of one message, a multiple of 8 */
    bool packets;   /* what was put at once comes at once */
    ssize_t (*put)(int fd, const void *bytes, size_t size);
    ssize_t (*take)(int fd, void *bytes, size_t size);
    volatile uint64_t sent, received;
    volatile bool ended; /* all is sent */
};

void start_channel(struct channel *channel);
ssize_t put_by_write(int fd, const void *bytes, size_t size);
ssize_t take_by_read(int fd, void *bytes, size_t size);
ssize_t put_by_writev(int fd, const void *bytes, size_t size);
ssize_t take_by_readv(int fd, void *bytes, size_t size);
/* For descriptors that do not block: wait by poll and ppoll. */
ssize_t put_when_ready(int fd, const void *bytes, size_t size);
ssize_t take_when_ready(int fd, void *bytes, size_t size);

/* Something that expires every interval_ns: not too often ever, not too seldom when it is awake. */
struct beat {
    int64_t interval_ns, start_ns, start_awake_ns;
    uint64_t count;
};

void start_beat(struct beat *beat, int64_t interval_ns);
void count_beat(struct beat *beat, const char *name, uint64_t expirations);
void end_beat(const struct beat *beat, const struct worker *worker);

#endif
