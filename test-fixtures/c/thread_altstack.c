/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

/* `idle`: the altstack is set. `running`: the capture meets a handler that runs on it. */
enum { STACK_BYTES = 64 * 1024 };

struct worker {
    stack_t stack;
    volatile int parked, handled;
    bool inside;
};

static volatile int go;
static __thread struct worker *self;

static bool on_stack(const stack_t *stack) {
    char here;
    uintptr_t address = (uintptr_t)&here, start = (uintptr_t)stack->ss_sp;
    return address >= start && address < start + stack->ss_size;
}

static void on_signal(int signal_number) {
    (void)signal_number;
    note_handler();
    stack_t current;
    CHECK(on_stack(&self->stack), "the handler is not on the altstack");
    if (self->inside) {
        raise_flag(&self->parked);
        await_flag(&go);
        CHECK(on_stack(&self->stack), "the handler left the altstack");
    }
    MUST(sigaltstack(NULL, &current));
    CHECK_EQ(current.ss_flags, SS_ONSTACK);
    CHECK(current.ss_sp == self->stack.ss_sp, "another altstack inside the handler");
    self->handled++;
}

static void *body(void *argument) {
    self = argument;
    self->stack = (stack_t){.ss_sp = map_memory(STACK_BYTES, PROT_READ | PROT_WRITE, 0),
                            .ss_size = STACK_BYTES};
    MUST(sigaltstack(&self->stack, NULL));
    if (self->inside) {
        MUST0(pthread_kill(pthread_self(), SIGUSR1));
        CHECK_EQ(self->handled, 1);
        self->inside = false;
    } else {
        raise_flag(&self->parked);
        await_flag(&go);
    }
    stack_t current;
    MUST(sigaltstack(NULL, &current));
    CHECK_EQ(current.ss_flags, 0);
    CHECK(current.ss_sp == self->stack.ss_sp, "another altstack: %p", current.ss_sp);
    CHECK_EQ(current.ss_size, STACK_BYTES);
    MUST0(pthread_kill(pthread_self(), SIGUSR1));
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "alternate signal stacks, idle or in use, of every thread");
    static struct worker workers[3];
    pthread_t threads[3];
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
    MUST(sigaction(SIGUSR1, &action, NULL));
    for (int i = 0; i < 3; i++) {
        workers[i].inside = variant_is("running") && i != 1;
        threads[i] = start_thread(body, &workers[i]);
        await_flag(&workers[i].parked);
    }
    stack_t none;
    ready_and_wait();
    raise_flag(&go);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    MUST(sigaltstack(NULL, &none));
    CHECK_EQ(none.ss_flags, SS_DISABLE);
    CHECK_EQ(workers[0].handled, variant_is("running") ? 2 : 1);
    CHECK_EQ(workers[1].handled, 1);
    pass();
}
