// SPDX-License-Identifier: Apache-2.0
/* Launches hand-made images with descriptors of every kind. */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>

#include "src/test/c/support/image_launcher.h"

static char text_path[WORK_PATH_BYTES];

static void plan_named_files(struct builder *builder)
{
    struct image_file_op *op;
    FILE *file;

    work_path(text_path, "text");
    file = fopen(text_path, "w");
    fputs("0123456789", file);
    fclose(file);
    op = builder_file(builder, IMAGE_FILE_OPEN, 5);
    op->path = builder_string(builder, text_path);
    op->offset = 4;
    op->close_on_exec = 1;
    op->values[0] = S_IFREG;
    builder_file(builder, IMAGE_FILE_DUPLICATE, 6)->values[0] = 5;
    op = builder_file(builder, IMAGE_FILE_OPEN, 7);
    op->path = builder_string(builder, text_path);
    op->open_flags = O_WRONLY | O_APPEND;
    op = builder_file(builder, IMAGE_FILE_OPEN, 3); /* the number that it gets anyway */
    op->path = builder_string(builder, text_path);
    op->close_on_exec = 1;
    builder_file(builder, IMAGE_FILE_INHERIT, 1);
}

static void plan_deleted_files(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_DELETED, 8);

    op->path = builder_string(builder, "/tmp/deleted name");
    op->values[0] = builder_data(builder, "the contents", 12);
    op->values[1] = 12;
    op->offset = 4;
    op = builder_file(builder, IMAGE_FILE_DELETED, 0);
    op->values[0] = builder_data(builder, "first", 5);
    op->values[1] = 5;
    op = builder_file(builder, IMAGE_FILE_DELETED, 30);
    op->values[0] = builder_data(builder, "high", 4);
    op->values[1] = 4;
}

static void plan_pipes(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_PIPE, 10);
    struct {
        uint32_t lengths[2];
        char bytes[5];
    } packets = {{2, 3}, "abcde"};

    op->values[0] = UINT32_MAX; /* closed end */
    op->values[1] = builder_data(builder, "in flight", 9);
    op->values[2] = 9;
    op->values[3] = 4096;
    op = builder_file(builder, IMAGE_FILE_PIPE, 12);
    op->values[0] = 11;
    op->open_flags = O_NONBLOCK;
    op = builder_file(builder, IMAGE_FILE_PIPE_WRITER, 11);
    op->open_flags = O_WRONLY | O_DIRECT;
    op = builder_file(builder, IMAGE_FILE_PIPE_DATA, 11);
    op->values[0] = 2;
    op->values[1] = builder_data(builder, &packets, sizeof(packets));
    op->values[2] = 13;
}

static void plan_objects(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_EVENTFD, 16);

    op->values[0] = 0x123456789a;
    op = builder_file(builder, IMAGE_FILE_EVENTFD, 17);
    op->values[0] = 2;
    op->values[1] = 1;
    builder_file(builder, IMAGE_FILE_EPOLL, 18);
    op = builder_file(builder, IMAGE_FILE_SIGNALFD, 19);
    op->values[0] = 1UL << (SIGUSR1 - 1);
    op = builder_file(builder, IMAGE_FILE_TIMERFD, 20);
    op->values[0] = CLOCK_MONOTONIC;
    op->values[2] = 100000000000;
    op->values[3] = 3000000000;
    op->offset = 7;
    op = builder_file(builder, IMAGE_FILE_TIMERFD, 21);
    op->values[0] = CLOCK_REALTIME;
    op->values[1] = 3; /* TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET */
    op->values[2] = 50000000000;
    op = builder_file(builder, IMAGE_FILE_EPOLL_ADD, 18);
    op->values[0] = 17;
    op->values[1] = EPOLLIN;
    op->values[2] = 0xfeedface12345678;
}

static struct builder *files_builder(void)
{
    struct builder *builder = launch_builder(PAYLOAD_FILES, 1);

    plan_named_files(builder);
    plan_deleted_files(builder);
    plan_pipes(builder);
    plan_objects(builder);
    return builder;
}

static void close_standard(void *argument)
{
    (void)argument;
    close(0);
    close(1);
    open("/dev/null", O_RDWR); /* 0 */
    open("/dev/null", O_RDWR); /* 1 */
    for (int fd = 3; fd < 40; fd++)
        close(fd);
}

static void occupy_low_numbers(void *argument)
{
    close_standard(argument);
    for (int fd = 5; fd < 30; fd++) { /* the plan needs these */
        if (fd != 12)
            dup2(0, fd);
    }
}

static void files_come_back(void)
{
    struct launch_conditions occupied = {.prepare = occupy_low_numbers};
    struct launch_conditions plain = {.prepare = close_standard};

    expect("files", launch_under(files_builder(), &plain), PAYLOAD_GOOD, NULL);
    expect("files over the launch's", launch_under(files_builder(), &occupied), PAYLOAD_GOOD, NULL);
    unlink(text_path);
}

static void a_missing_file_is_named(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    builder_file(builder, IMAGE_FILE_OPEN, 5)->path = builder_string(builder, "/nowhere/to be found");
    expect("missing file", launch_once(builder), IMAGE_EXIT_STATUS,
           "undump: opening /nowhere/to be found: No such file or directory (ENOENT); the program had it open as descriptor 5\n");
}

/* The stub blocks signals, so only SIGKILL ends a launch that waits: a second child watches over this one. */
static void end_soon(void *argument)
{
    pid_t launch = getpid();

    (void)argument;
    if (fork() == 0) {
        close(2);
        for (int tenths = 0; tenths < 100 && getppid() == launch; tenths++)
            poll(NULL, 0, 100);
        if (getppid() == launch)
            kill(launch, SIGKILL);
        _exit(0);
    }
}

/* Nobody writes to it: opening it as the file that was there would wait for ever, with all signals blocked. */
static void a_named_pipe_in_its_place_is_refused(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_OPEN, 5);
    struct launch_conditions soon = {.prepare = end_soon};

    work_path(text_path, "pipe");
    op->path = builder_string(builder, text_path);
    op->values[0] = S_IFREG;
    mkfifo(text_path, 0600);
    expect("named pipe", launch_under(builder, &soon), IMAGE_EXIT_STATUS, "is not the kind of file that the program had open");
    unlink(text_path);
}

static void close_all_standard(void *argument)
{
    (void)argument;
    close(0);
    close(1);
    close(2);
}

/* stderr is the pipe here again: the plan's own descriptor 2 must not swallow the message. */
static void stderr_is_the_launchs(void)
{
    struct launch_conditions closed = {.prepare = close_all_standard};
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    builder_file(builder, IMAGE_FILE_OPEN, 2)->path = builder_string(builder, "/dev/null");
    builder_file(builder, IMAGE_FILE_OPEN, 5)->path = builder_string(builder, "/nowhere");
    expect("replaced stderr", launch_once(builder), IMAGE_EXIT_STATUS, "opening /nowhere");
    expect("closed 0, 1, 2", launch_under(launch_builder(PAYLOAD_EXIT, 1), &closed), PAYLOAD_GOOD, NULL);
}

int main(void)
{
    files_come_back();
    a_missing_file_is_named();
    a_named_pipe_in_its_place_is_refused();
    stderr_is_the_launchs();
    return launch_failures != 0;
}
