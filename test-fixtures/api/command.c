/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that becomes a command at its ready point:  command main|thread end|continue|cow|resume|keep
 * It has four threads that count, hooks, and a table that was costly to make. A launch tells what it was given, checks that all of
 * it works on, and ends with the status that its first argument says.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api.h"

#define COUNTERS 4
#define TABLE 100000

static atomic_ulong counts[COUNTERS];
static unsigned table[TABLE];
static char order[256];
static atomic_int children_ended;
static struct undump_options options = UNDUMP_OPTIONS_INIT;
static int outcome;

static void *count(void *counter)
{
    for (;;) {
        atomic_fetch_add((atomic_ulong *)counter, 1);
        nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    return NULL;
}

static int note(const char *when, void *data)
{
    snprintf(order + strlen(order), sizeof(order) - strlen(order), " %s-%s", when, (const char *)data);
    return 0;
}

static int before(void *data) { return note("before", data); }
static int after_resume(void *data) { return note("resume", data); }
static int after_launch(void *data) { return note("launch", data); }

static void add_hooks(char *name)
{
    struct undump_hooks hooks = {sizeof(hooks), name, before, after_resume, after_launch, name};
    int id = API(undump_add_hooks)(&hooks);
    CHECK(id > 0, "%s", API(undump_error)());
}

static void child_ended(int signal)
{
    (void)signal;
    atomic_fetch_add(&children_ended, 1);
}

static void *take(void *unused)
{
    (void)unused;
    outcome = API(undump_checkpoint)(&options);
    return NULL;
}

static void check_all_works(void)
{
    for (unsigned i = 0; i < TABLE; i++)
        CHECK(table[i] == i * 2654435761u, "entry %u", i);
    for (unsigned i = 0; i < COUNTERS; i++) {
        unsigned long start = atomic_load(&counts[i]);
        while (atomic_load(&counts[i]) == start) /* the harness ends it where this never comes */
            nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    CHECK(atomic_load(&children_ended) == 0, "SIGCHLD came");
    CHECK(waitpid(-1, NULL, __WALL) == -1, "there is a child");
}

static int be_launched(void)
{
    const struct undump_launch *launch = API(undump_launched)();
    char directory[4096] = "?";
    CHECK(launch != NULL, "no launch");
    printf("generation %d\n", (int)launch->generation);
    for (int i = 1; i < launch->argc; i++)
        printf("argument <%s>\n", launch->argv[i]);
    CHECK(launch->argv[launch->argc] == NULL, "argv has no end");
    const char *variable = getenv("API_VARIABLE");
    printf("variable %s\n", variable ? variable : "none");
    for (char *const *at = launch->envp; *at; at++)
        if (strncmp(*at, "API_VARIABLE=", 13) == 0)
            printf("launch's variable %s\n", *at + 13);
    CHECK(getcwd(directory, sizeof(directory)) != NULL, "no directory");
    printf("directory %s\nlaunch's directory %s\nnonce ", directory, launch->directory);
    for (size_t i = 0; i < sizeof(launch->nonce); i++)
        printf("%02x", launch->nonce[i]);
    printf("\nhooks%s\n", order);
    check_all_works();
    printf("PASS\n");
    fflush(stdout);
    _exit(launch->argc > 1 ? atoi(launch->argv[1]) : 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3, "usage: command main|thread end|continue|cow|resume|keep");
    pthread_t thread;
    for (unsigned i = 0; i < TABLE; i++)
        table[i] = i * 2654435761u;
    for (unsigned i = 0; i < COUNTERS; i++)
        CHECK(pthread_create(&thread, NULL, count, &counts[i]) == 0, "thread %u", i);
    signal(SIGCHLD, child_ended);
    add_hooks("one");
    add_hooks("two");
    options.checkpoint = "command.ckpt";
    options.flags = strcmp(argv[2], "end") == 0      ? UNDUMP_END
                    : strcmp(argv[2], "cow") == 0    ? UNDUMP_COW
                    : strcmp(argv[2], "resume") == 0 ? UNDUMP_RESUME
                    : strcmp(argv[2], "keep") == 0   ? UNDUMP_KEEP_ENVIRON
                                                     : 0;
    if (strcmp(argv[1], "thread") == 0) {
        pthread_create(&thread, NULL, take, NULL);
        pthread_join(thread, NULL);
    } else {
        take(NULL);
    }
    CHECK(outcome >= 0, "%d: %s", outcome, API(undump_error)());
    if (outcome == 1)
        return be_launched();
    CHECK(API(undump_launched)() == NULL, "this is no launch");
    check_all_works();
    printf("hooks%s\nWENT ON\n", order);
    return 0;
}
