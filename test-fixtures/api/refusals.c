/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints that cannot be taken: every call says why, and leaves nothing behind, neither in the program nor beside it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api.h"

static int resumed, asked;

static int say_no(void *data)
{
    (void)data;
    return 7;
}

static int note_resume(void *data)
{
    (void)data;
    resumed++;
    return 0;
}

static int note_before(void *data)
{
    (void)data;
    asked++;
    return 0;
}

static int visit(const struct undump_session *session, void *data)
{
    (void)session;
    (void)data;
    return 0;
}

static int list_sessions(void *data)
{
    (void)data;
    API(undump_sessions)(visit, NULL);
    return 0;
}

static int fail_later(void *data)
{
    (void)data;
    return 9;
}

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)); )
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void expect(int error, const char *words, const struct undump_options *options)
{
    int descriptors = count_entries("/proc/self/fd"), files = count_entries(".");
    sigset_t before = {0}, after = {0};
    sigprocmask(SIG_BLOCK, NULL, &before);
    int answer = API(undump_checkpoint)(options);
    CHECK(answer == error, "%d instead of %d (%s): %s", answer, error, words, API(undump_error)());
    CHECK(strstr(API(undump_error)(), words) != NULL, "no \"%s\" in: %s", words, API(undump_error)());
    sigprocmask(SIG_BLOCK, NULL, &after);
    CHECK(memcmp(&before, &after, sizeof(before)) == 0, "signal mask");
    CHECK(count_entries("/proc/self/fd") == descriptors, "a descriptor was left");
    CHECK(count_entries(".") == files, "a file was left");
    CHECK(count_entries("/proc/self/task") == 3, "a thread was left");
    CHECK(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD, "a child was left");
    printf("ok %s\n", words);
}

static struct undump_options to(const char *file)
{
    struct undump_options options = UNDUMP_OPTIONS_INIT;
    options.checkpoint = file;
    return options;
}

static void refuse_arguments(void)
{
    struct undump_options options = to("x.ckpt");
    options.size = 4;
    expect(-EINVAL, "sizeof(struct undump_options)", &options);
    options = to("x.ckpt");
    options.flags = 0x4000;
    expect(-EINVAL, "does not know the flags 0x4000", &options);
    options.flags = UNDUMP_END | UNDUMP_COW;
    expect(-EINVAL, "UNDUMP_COW", &options);
    options = to("");
    expect(-EINVAL, "empty", &options);
    struct {
        struct undump_options known;
        long newer;
    } larger = {to("x.ckpt"), 0};
    larger.known.size = sizeof(larger);
    CHECK(API(undump_checkpoint)(&larger.known) == 0 && unlink("x.ckpt") == 0, "what is zero asks for nothing: %s", API(undump_error)());
    larger.newer = 1;
    expect(-E2BIG, "older than the program's undump.h", &larger.known);
    options = to("x.ckpt");
    options.session = "a";
    expect(-EINVAL, "either a file or a session", &options);
    options.checkpoint = NULL;
    options.session = "../a";
    expect(-EINVAL, "no slash", &options);
}

static void refuse_files(void)
{
    struct undump_options options = to("missing/x.ckpt");
    expect(-ENOENT, "missing", &options);
    options = to("/proc/x.ckpt");
    expect(-ENOENT, "/proc", &options);
    options = to("x%p%n%%.ckpt"); /* only ckpt's users write such signs */
    CHECK(API(undump_checkpoint)(&options) == 0, "%s", API(undump_error)());
    CHECK(unlink("x%p%n%%.ckpt") == 0, "the name was changed");
}

/* A ckpt that ends at once, and leaves a process that has its socket: as a child would that another thread forked meanwhile. */
static void hear_of_an_engine_whose_socket_is_held(void)
{
    struct undump_options options = to("x.ckpt");
    int pid = 0;
    FILE *file = fopen("held", "w");
    CHECK(file && fputs("#!/bin/sh\nsleep 1000 &\necho $! > held.pid\n", file) >= 0 && fclose(file) == 0, "script");
    CHECK(chmod("held", 0755) == 0 && setenv("UNDUMP_CKPT", "./held", 1) == 0, "script");
    CHECK(API(undump_checkpoint)(&options) == -EIO, "%s", API(undump_error)());
    file = fopen("held.pid", "r");
    CHECK(file && fscanf(file, "%d", &pid) == 1 && fclose(file) == 0, "process");
    CHECK(kill(pid, 0) == 0, "it was waited for"); /* else the harness ends this program */
    CHECK(kill(pid, SIGKILL) == 0 && unlink("held") == 0 && unlink("held.pid") == 0, "cleaning");
}

/* A program that somebody with fewer rights has started does not run what he names. */
static void refuse_when_privileged(void)
{
    struct undump_options options = to("x.ckpt");
    if (geteuid() != 0 || setreuid(65534, (uid_t)-1) < 0)
        return;
    setenv("UNDUMP_CKPT", "/bin/true", 1);
    expect(-ENOENT, "undump_set_commands", &options);
    setenv("UNDUMP_SESSIONS", "/tmp", 1);
    CHECK(API(undump_rollback)("x") == -ENOENT && strstr(API(undump_error)(), "set-user-ID"), "%s", API(undump_error)());
    CHECK(setreuid(0, (uid_t)-1) == 0, "back to root");
}

static void refuse_commands(void)
{
    struct undump_options options = to("x.ckpt");
    const char *usual = getenv("UNDUMP_CKPT");
    char *copy = usual ? strdup(usual) : NULL;
    refuse_when_privileged();
    hear_of_an_engine_whose_socket_is_held();
    setenv("UNDUMP_CKPT", "/nowhere/ckpt", 1);
    expect(-ENOENT, "/nowhere/ckpt", &options);
    setenv("UNDUMP_CKPT", "/bin/true", 1);
    expect(-EIO, "ended", &options);
    if (copy)
        setenv("UNDUMP_CKPT", copy, 1);
    else
        unsetenv("UNDUMP_CKPT");
}

/* With one descriptor less than the call needs, and then with all of them. */
static void refuse_without_descriptors(void)
{
    struct undump_options options = to("x.ckpt");
    struct rlimit before, limit;
    int highest = dup(0);
    CHECK(highest >= 0 && getrlimit(RLIMIT_NOFILE, &before) == 0, "limit");
    for (int room = 0; room < 3; room++) {
        limit = (struct rlimit){(rlim_t)(highest + room), before.rlim_max};
        close(highest);
        setrlimit(RLIMIT_NOFILE, &limit);
        int answer = API(undump_checkpoint)(&options);
        setrlimit(RLIMIT_NOFILE, &before);
        CHECK(answer == -EMFILE && strstr(API(undump_error)(), strerror(EMFILE)), "%d: %s", answer, API(undump_error)());
        CHECK(dup(0) == highest, "a descriptor was left");
    }
    close(highest);
}

static void refuse_resources(void)
{
    struct undump_options options = to("x.ckpt");
    const char *const allow[] = {"nothing-such", NULL};
    int sockets[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0, "socket pair");
    int raw = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
    CHECK(raw >= 0, "netlink socket");
    expect(-ENOTSUP, "netlink", &options);
    close(raw);
    close(sockets[0]);
    close(sockets[1]);
    refuse_without_descriptors();
    options.allow = allow;
    expect(-EINVAL, "nothing-such", &options);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    options = to("x.ckpt");
    if (geteuid() != 0)
        expect(-EPERM, "may not trace", &options);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void refuse_by_hooks(void)
{
    struct undump_options options = to("x.ckpt");
    struct undump_hooks first = {sizeof(first), "first", note_before, note_resume, NULL, NULL};
    struct undump_hooks no = {sizeof(no), "naysayer", say_no, note_resume, NULL, NULL};
    struct undump_hooks last = {sizeof(last), "last", note_before, note_resume, NULL, NULL};
    struct undump_hooks bad = {sizeof(bad), "bad", NULL, fail_later, NULL, NULL};
    int ids[3] = {API(undump_add_hooks)(&first), API(undump_add_hooks)(&no), API(undump_add_hooks)(&last)};
    expect(-ECANCELED, "\"naysayer\" said no (7)", &options);
    CHECK(asked == 1 && resumed == 1, "hooks that ran: %d, taken back: %d", asked, resumed);
    for (int i = 0; i < 3; i++)
        CHECK(API(undump_remove_hooks)(ids[i]) == 0, "removing");
    CHECK(API(undump_remove_hooks)(ids[0]) == -ENOENT, "removed twice");
    struct undump_hooks busy = {sizeof(busy), "busy", NULL, list_sessions, NULL, NULL};
    int id = API(undump_add_hooks)(&busy);
    options = to("missing/x.ckpt");
    expect(-ENOENT, "missing", &options); /* whatever a hook calls */
    CHECK(API(undump_remove_hooks)(id) == 0, "removing");
    options = to("x.ckpt");
    id = API(undump_add_hooks)(&bad);
    CHECK(API(undump_checkpoint)(&options) == 0, "a hook behind the checkpoint failed it: %s", API(undump_error)());
    CHECK(strstr(API(undump_error)(), "\"bad\" (9)") != NULL, "%s", API(undump_error)());
    CHECK(API(undump_remove_hooks)(id) == 0 && unlink("x.ckpt") == 0, "cleaning");
}

/* ---- two at once, and an engine that is killed ---- */

static atomic_int answers[2];
static pthread_barrier_t barrier;

static void *take(void *answer)
{
    struct undump_options options = to("y.ckpt");
    pthread_barrier_wait(&barrier);
    int got = API(undump_checkpoint)(&options);
    atomic_store((atomic_int *)answer, got == 0 ? 1 : got);
    return NULL;
}

static void take_two_at_once(void)
{
    pthread_t threads[2];
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, take, &answers[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    int a = atomic_load(&answers[0]), b = atomic_load(&answers[1]);
    CHECK((a == 1 || a == -EBUSY) && (b == 1 || b == -EBUSY) && (a == 1 || b == 1), "%d and %d", a, b);
    unlink("y.ckpt");
}

static void *take_though_cancelled(void *unused)
{
    (void)unused;
    struct undump_options options = to("y.ckpt");
    pthread_cancel(pthread_self());
    int answer = API(undump_checkpoint)(&options);
    CHECK(answer == 0, "%d: %s", answer, API(undump_error)());
    pthread_testcancel();
    printf("FAIL: the thread was not cancelled\n");
    exit(1);
}

/* It ends when the call is done, and others can call. */
static void take_in_a_cancelled_thread(void)
{
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, take_though_cancelled, NULL);
    CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED, "it was not cancelled");
    CHECK(unlink("y.ckpt") == 0, "no checkpoint");
}

static void *idle(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

/* As a container's first process: the engine becomes a child of its own. */
static void take_as_reaper(void)
{
    struct undump_options options = to("z.ckpt");
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    CHECK(API(undump_checkpoint)(&options) == 0, "%s", API(undump_error)());
    CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD, "the engine was left as a child");
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    unlink("z.ckpt");
}

int main(void)
{
    pthread_t thread;
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_create(&thread, NULL, idle, NULL);
    pthread_create(&thread, NULL, idle, NULL);
    refuse_arguments();
    refuse_files();
    refuse_commands();
    refuse_resources();
    refuse_by_hooks();
    take_two_at_once();
    take_in_a_cancelled_thread();
    take_as_reaper();
    struct undump_options options = to("x.ckpt");
    CHECK(API(undump_checkpoint)(&options) == 0, "at last: %s", API(undump_error)());
    CHECK(unlink("x.ckpt") == 0, "no checkpoint");
    printf("PASS\n");
    return 0;
}
