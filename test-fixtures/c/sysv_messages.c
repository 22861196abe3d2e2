/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "keeper.h"

#include <sched.h>
#include <sys/msg.h>

/* A System V message queue is the system's: the program goes on with it by its id, and a thread goes on waiting for messages. */
struct message {
    long type;
    char text[16];
};

static int queue;
static volatile pid_t waiter_tid;
static struct message received;

static void remove_queue(void) {
    msgctl(queue, IPC_RMID, NULL);
}

static void send_message(long type, const char *text) {
    struct message message = {.type = type};
    strcpy(message.text, text);
    MUST(msgsnd(queue, &message, sizeof message.text, 0));
}

static void *receive(void *argument) {
    (void)argument;
    waiter_tid = current_tid();
    CHECK_EQ(msgrcv(queue, &received, sizeof received.text, 2, 0), sizeof received.text);
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a System V message queue and a thread that waits for a message");
    queue = (int)MUST(msgget(IPC_PRIVATE, 0600));
    start_keeper(remove_queue);
    send_message(1, "kept");
    pthread_t waiter = start_thread(receive, NULL);
    while (!waiter_tid)
        sched_yield();
    await_in_syscall(waiter_tid, -1);

    ready_and_wait();

    struct message kept;
    send_message(2, "waited for");
    join_thread(waiter);
    CHECK_EQ(strcmp(received.text, "waited for"), 0);
    CHECK_EQ(msgrcv(queue, &kept, sizeof kept.text, 1, IPC_NOWAIT), sizeof kept.text);
    CHECK_EQ(strcmp(kept.text, "kept"), 0);
    send_message(1, "kept"); /* for the next copy */
    pass();
}
