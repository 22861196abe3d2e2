// SPDX-License-Identifier: Apache-2.0
/* Launches good images under hostile conditions. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/sendfile.h>

#include "src/test/c/support/image_launcher.h"

static void write_and_free(struct builder *builder, const char *path)
{
    image_write(builder, path);
    builder_free(builder);
}

static struct builder *deleted_file_builder(void)
{
    struct builder *builder = threads_builder(2);
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_DELETED, 40);

    op->values[0] = builder_data(builder, "deleted", 7);
    op->values[1] = 7;
    return builder;
}

static void limit_stack(void *argument)
{
    struct rlimit limit = {*(rlim_t *)argument, RLIM_INFINITY};

    setrlimit(RLIMIT_STACK, &limit);
}

static void drop_user(void *argument)
{
    (void)argument;
    if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
        _exit(99);
}

static void launches_under_any_stack_limit(void)
{
    rlim_t limits[] = {RLIM_INFINITY, 256 << 10, 1L << 40};

    for (int i = 0; i < 3; i++) {
        struct launch_conditions conditions = {.prepare = limit_stack, .argument = &limits[i]};

        expect("stack limit", launch_under(vdso_builder(false, 0), &conditions), PAYLOAD_GOOD, NULL);
    }
}

static void launches_with_a_large_environment(void)
{
    static char *environment[1025];
    struct launch_conditions conditions = {.environment = environment};

    for (int i = 0; i < 1024; i++) {
        environment[i] = malloc(1024);
        memset(environment[i], 'e', 1023);
        environment[i][1] = '=';
        environment[i][1023] = '\0';
    }
    expect("1 MB of environment", launch_under(vdso_builder(false, 0), &conditions), PAYLOAD_GOOD, NULL);
    for (int i = 0; i < 1024; i++)
        free(environment[i]);
}

/* A right that the launch does not have: said once, and the program goes on. */
static void realtime_threads_go_on_without(void)
{
    struct launch_conditions nobody = {.prepare = drop_user};
    struct builder *builder = threads_builder(3);

    if (geteuid() != 0) {
        fprintf(stderr, "skipped: real-time threads as nobody (needs root)\n");
        builder_free(builder);
        return;
    }
    for (int i = 0; i < 3; i++) {
        builder->threads[i].set_scheduling = 1;
        builder->threads[i].policy = i == 0 ? SCHED_BATCH : SCHED_FIFO;
        builder->threads[i].priority = i == 0 ? 0 : 10;
        builder->threads[i].nice = i == 0 ? -5 : 0;
        builder->threads[i].set_affinity = 1;
        builder->threads[i].affinity[15] = UINT64_C(1) << 63; /* a processor that nobody has */
    }
    image_write(builder, launch_path());
    builder_free(builder);
    chmod(launch_path(), 0755);
    expect("real-time threads", launch_file(launch_path(), &nobody), PAYLOAD_GOOD,
           "had real-time scheduling (policy 1, priority 10), here: Operation not permitted (EPERM); going on without\n");
    unlink(launch_path());
}

/* ---- file systems ---- */

static void go_into_empty_root(void *argument)
{
    (void)argument;
    if (chroot(work_folder()) < 0 || chdir("/") < 0)
        _exit(99);
}

/* The image in an otherwise empty directory, launched by several paths, without /proc. */
static void launches_in_an_empty_root(void)
{
    struct launch_conditions conditions = {.prepare = go_into_empty_root};

    if (geteuid() != 0) {
        fprintf(stderr, "skipped: an empty root (needs root)\n");
        return;
    }
    write_and_free(vdso_builder(false, 0), launch_path());
    expect("empty root", launch_file("/image", &conditions), PAYLOAD_GOOD, NULL);
    expect("empty root, relative path", launch_file("image", &conditions), PAYLOAD_GOOD, NULL);
    unlink(launch_path());
    write_and_free(deleted_file_builder(), launch_path());
    expect("deleted file without /proc", launch_file("/image", &conditions), PAYLOAD_GOOD, NULL);
    unlink(launch_path());
}

/* ---- other launches ---- */

static void set_personality(void *argument)
{
    personality(*(unsigned long *)argument);
}

static void launches_under_other_personalities(void)
{
    unsigned long values[] = {ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC, ADDR_COMPAT_LAYOUT};

    for (int i = 0; i < 3; i++) {
        struct launch_conditions conditions = {.prepare = set_personality, .argument = &values[i]};

        expect("personality", launch_under(vdso_builder(false, 0), &conditions), PAYLOAD_GOOD, NULL);
    }
}

static void close_everything(void *argument)
{
    (void)argument;
    close_range(0, ~0U, 0);
}

static void launches_with_everything_closed(void)
{
    struct launch_conditions conditions = {.prepare = close_everything};

    expect("everything closed", launch_under(vdso_builder(false, 0), &conditions), PAYLOAD_GOOD, NULL);
}

/* execveat with an empty path: no name leads to the file. */
static void launches_from_memory(void)
{
    char path[32];
    int fd = memfd_create("image", 0), from;

    write_and_free(vdso_builder(false, 0), launch_path());
    from = open(launch_path(), O_RDONLY | O_CLOEXEC);
    while (sendfile(fd, from, NULL, 1 << 20) > 0)
        continue;
    close(from);
    unlink(launch_path());
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    expect("from memory", launch_file(path, NULL), PAYLOAD_GOOD, NULL);
    close(fd);
}

static void ten_copies_at_once(void)
{
    pid_t children[10];
    int status;

    write_and_free(vdso_builder(false, 0), launch_path());
    for (int i = 0; i < 10; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            execl(launch_path(), "copy", (char *)NULL);
            _exit(126);
        }
    }
    for (int i = 0; i < 10; i++) {
        struct launch_result result = {0};

        waitpid(children[i], &status, 0);
        result.exited = WIFEXITED(status);
        result.status = result.exited ? WEXITSTATUS(status) : WTERMSIG(status);
        expect("one of ten copies", result, PAYLOAD_GOOD, NULL);
    }
    unlink(launch_path());
}

static void launches_often(void)
{
    write_and_free(vdso_builder(false, 0), launch_path());
    for (int i = 0; i < 300; i++)
        expect("one of 300 launches", launch_file(launch_path(), NULL), PAYLOAD_GOOD, NULL);
    if (geteuid() == 0) {
        struct launch_conditions nobody = {.prepare = drop_user};

        chmod(launch_path(), 0755);
        expect("as nobody", launch_file(launch_path(), &nobody), PAYLOAD_GOOD, NULL);
        chmod(launch_path(), 0711);
        expect("as nobody, not readable", launch_file(launch_path(), &nobody), IMAGE_EXIT_STATUS,
               "undump: opening the image itself");
    } else {
        fprintf(stderr, "skipped: as nobody (needs root)\n");
    }
    unlink(launch_path());
}

int main(void)
{
    launches_under_any_stack_limit();
    launches_with_a_large_environment();
    realtime_threads_go_on_without();
    launches_in_an_empty_root();
    launches_under_other_personalities();
    launches_with_everything_closed();
    launches_from_memory();
    ten_copies_at_once();
    launches_often();
    return launch_failures != 0;
}
