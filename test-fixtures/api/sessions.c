/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three sessions, and going back to each from each: reads `back NAME`, `list`, `remove NAME` and `end` from stdin. Says where it is,
 * with a value and an open file's offset that are those of the session. It calls itself with an argument of all bytes, which has to
 * come along, and has a timer and an ignored signal by the time that it goes back, which must not.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"

#define TIMER_SECONDS 1000000

static char all_bytes[256];
static int value;
static int file;

static void check_launch(void)
{
    const struct undump_launch *launch = API(undump_launched)();
    struct itimerval left = {0};
    CHECK(launch->argc == 2 && strcmp(launch->argv[1], all_bytes) == 0, "%d arguments, or other ones", launch->argc);
    CHECK(getitimer(ITIMER_PROF, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0, "the timer came along");
    CHECK(signal(SIGPROF, SIG_DFL) == SIG_DFL, "what was ignored came along");
}

/* What a way back has to leave behind, and a failed one to keep. */
static void get_busy(void)
{
    struct itimerval timer = {.it_value = {TIMER_SECONDS, 0}};
    CHECK(setitimer(ITIMER_PROF, &timer, NULL) == 0, "timer");
    signal(SIGPROF, SIG_IGN);
}

static void check_busy(void)
{
    struct itimerval left = {0};
    CHECK(getitimer(ITIMER_PROF, &left) == 0 && left.it_value.tv_sec > TIMER_SECONDS / 2, "a failed rollback has stopped a timer");
    CHECK(signal(SIGPROF, SIG_IGN) == SIG_IGN, "a failed rollback has changed a signal");
}

static int spoil(const struct undump_session *session, void *name)
{
    if (strcmp(session->name, name) != 0)
        return 0;
    int image = open(session->image, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0700);
    CHECK(image >= 0 && close(image) == 0 && chmod(session->image, 0700) == 0, "%s", session->image);
    return 1;
}

static void take(const char *name)
{
    struct undump_options options = UNDUMP_OPTIONS_INIT;
    char byte;
    value++;
    CHECK(read(file, &byte, 1) == 1 && byte == 'a' + value - 1, "byte of the file");
    options.session = name;
    options.flags = UNDUMP_RESUME;
    int outcome = API(undump_checkpoint)(&options);
    CHECK(outcome >= 0, "%s: %d: %s", name, outcome, API(undump_error)());
    if (outcome == 1)
        check_launch();
    if (outcome == 1)
        printf("back in %s value %d offset %d pid %d\n", name, value, (int)lseek(file, 0, SEEK_CUR), (int)getpid());
}

/* What was made of its former checkpoint is of no use any more. Whoever reaps orphans has no zombies of us afterwards. */
static void renew(const char *name)
{
    struct undump_options options = UNDUMP_OPTIONS_INIT;
    options.session = name;
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "becoming the parent of orphans");
    CHECK(API(undump_checkpoint)(&options) == 0 && API(undump_session_image)(name) == 0, "%s", API(undump_error)());
    CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD, "ckpt or undump is left as a child");
    printf("renewed\n");
}

static int show(const struct undump_session *session, void *data)
{
    (void)data;
    printf("session %s %s\n", session->name, access(session->checkpoint, R_OK) == 0 ? "there" : "gone");
    return 0;
}

int main(int argc, char **argv)
{
    char line[256], name[200];
    for (int byte = 1; byte < 256; byte++)
        all_bytes[byte - 1] = (char)byte;
    if (argc == 1)
        execl("/proc/self/exe", argv[0], all_bytes, (char *)NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0); /* what is read ahead would be read again in a session */
    file = open("letters", O_RDONLY);
    take("one");
    if (value == 1)
        take("two");
    if (value == 2)
        take("three");
    printf("READY %d\n", value);
    int kept = open("letters", O_RDONLY); /* without O_CLOEXEC: none of any session */
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "back %199s", name) == 1) {
            get_busy();
            int error = API(undump_rollback)(name);
            check_busy();
            CHECK(fcntl(kept, F_GETFD) == 0, "a failed rollback has changed a descriptor");
            printf("not back: %d %s\n", error, API(undump_error)());
        } else if (strncmp(line, "list", 4) == 0) {
            CHECK(API(undump_sessions)(show, NULL) == 0, "%s", API(undump_error)());
            printf("listed\n");
        } else if (sscanf(line, "renew %199s", name) == 1) {
            renew(name);
        } else if (sscanf(line, "spoil %199s", name) == 1) {
            CHECK(API(undump_sessions)(spoil, name) == 1, "spoiling");
            printf("spoilt\n");
        } else if (sscanf(line, "remove %199s", name) == 1) {
            printf("removed %d\n", API(undump_session_remove)(name));
        } else {
            break;
        }
    }
    printf("PASS\n");
    return 0;
}
