// SPDX-License-Identifier: Apache-2.0
/* Launches hand-made images that take a System V semaphore again: of the set of the capture, and of none that is like it. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "src/test/c/support/image_launcher.h"

#define FIRST_NAMESPACE 0xEFFFFFFFu /* PROC_IPC_INIT_INO */

static int set;

static uint32_t own_namespace(void)
{
    struct stat status;

    if (stat("/proc/self/ns/ipc", &status) < 0)
        err(1, "/proc/self/ns/ipc");
    return (uint32_t)status.st_ino;
}

static const char *own_boot(void)
{
    static char boot[64];
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

    if (file == NULL || fscanf(file, "%63s", boot) != 1)
        err(1, "boot_id");
    fclose(file);
    return boot;
}

static void make_set(int mode)
{
    set = semget(IPC_PRIVATE, 3, IPC_CREAT | mode);
    if (set < 0)
        err(1, "semget");
    if ((mode & 0400) != 0 && semctl(set, 1, SETVAL, 1) < 0)
        err(1, "SETVAL");
}

static void remove_set(void)
{
    if (semctl(set, 0, IPC_RMID) < 0)
        err(1, "IPC_RMID");
}

/* An image that was captured here and now, and had taken semaphore 1. */
static struct image_file_op *plan_taken(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SEMAPHORE, 0);
    struct semid_ds status = {0};

    semctl(set, 0, IPC_STAT, &status); /* of one that may not be read nothing is compared but the key */
    op->values[0] = (uint32_t)set;
    op->values[1] = 1;
    op->values[2] = 3 | (uint64_t)geteuid() << 32;
    op->values[3] = (uint64_t)status.sem_ctime;
    op->offset = 1;
    op->path = builder_string(builder, own_boot());
    op->open_flags = own_namespace();
    return op;
}

static void the_same_set_is_taken(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    plan_taken(builder);
    expect("same set", launch_once(builder), PAYLOAD_GOOD, NULL);
    builder = launch_builder(PAYLOAD_EXIT, 1);
    plan_taken(builder)->path = 0; /* of an early ckpt, or without /proc */
    expect("same set without more", launch_once(builder), PAYLOAD_GOOD, NULL);
}

static void a_changed_set_counts_where_numbers_tell(bool first_namespace)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    plan_taken(builder)->values[3] -= 60;
    if (first_namespace)
        expect("changed set", launch_once(builder), PAYLOAD_GOOD, NULL);
    else
        expect("changed or other set", launch_once(builder), IMAGE_EXIT_STATUS, "or made anew after the capture");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_file_op *op = plan_taken(builder);
    op->values[3] -= 60;
    op->path = 0;
    expect("changed set of an unknown run", launch_once(builder), IMAGE_EXIT_STATUS, "or made anew after the capture");
}

static void a_set_like_it_is_refused(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    plan_taken(builder)->path = builder_string(builder, "01234567-89ab-cdef-0123-456789abcdef");
    expect("other run", launch_once(builder), IMAGE_EXIT_STATUS, "since the machine was started again");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    plan_taken(builder)->open_flags++;
    expect("other namespace", launch_once(builder), IMAGE_EXIT_STATUS, "in another IPC namespace");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    plan_taken(builder)->values[0] |= UINT64_C(7) << 32;
    expect("other key", launch_once(builder), IMAGE_EXIT_STATUS, "undump: taking semaphore 1 of System V set");
}

/* What the launch may change, but not read, is looked at as well. */
static void an_unreadable_set_is_looked_at(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    make_set(0200);
    plan_taken(builder)->values[2]++;
    expect("other count", launch_once(builder), IMAGE_EXIT_STATUS, "it is another set by now");
    remove_set();
}

/* The number's index is used again, with the next number. */
static void the_next_set_at_its_index_is_none(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    make_set(0600);
    plan_taken(builder)->values[0] += 32768; /* IPCMNI */
    expect("set of the same index", launch_once(builder), IMAGE_EXIT_STATUS, "the set is gone");
    remove_set();
}

static void all_of_it(void)
{
    make_set(0600);
    the_same_set_is_taken();
    a_changed_set_counts_where_numbers_tell(own_namespace() == FIRST_NAMESPACE);
    a_set_like_it_is_refused();
    remove_set();
    an_unreadable_set_is_looked_at();
    the_next_set_at_its_index_is_none();
}

static void all_of_it_elsewhere(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        if (unshare(CLONE_NEWIPC | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) < 0) {
            fprintf(stderr, "skipped: no IPC namespaces here\n");
            _exit(0);
        }
        launch_failures = 0;
        all_of_it();
        _exit(launch_failures != 0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        launch_failures++;
}

int main(void)
{
    all_of_it();
    all_of_it_elsewhere();
    return launch_failures != 0;
}
