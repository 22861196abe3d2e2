// SPDX-License-Identifier: Apache-2.0
/* Launches images that have inputs: unchanged ones launch, changed ones leave for the fallback with all of the launch as it was. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "src/test/c/support/image_launcher.h"

#include "restore/sha256.c"

#define FALLBACK_STATUS 7
#define INPUTS 6

static char paths[INPUTS][WORK_PATH_BYTES];
enum place { FILE_INPUT, STATUS_INPUT, FOLDER, LINK, MISSING, DANGLING };

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0)
        err(1, "%s", path);
}

static void digest_text(const char *before, const char *text, uint8_t ret_digest[32])
{
    struct sha256 sum;

    sha256_begin(&sum);
    sha256_add(&sum, before, strlen(before));
    sha256_add(&sum, text, strlen(text));
    sha256_end(&sum, ret_digest);
}

/* Of the folder: a regular file "entry" and a link "other". */
static void digest_folder(uint8_t ret_digest[32])
{
    uint8_t digests[2][32];
    unsigned carry = 0;

    digest_text("\10", "entry", digests[0]);
    digest_text("\12", "other", digests[1]);
    for (int i = 0; i < 32; i++) {
        carry += digests[0][i] + (unsigned)digests[1][i];
        ret_digest[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static int64_t nanoseconds(const struct timespec *time)
{
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

static struct image_input input_of(struct builder *builder, const char *path, uint32_t kind)
{
    struct image_input input = {.path = builder_string(builder, path), .kind = kind};
    struct stat status;
    int result = kind == IMAGE_INPUT_LINK ? lstat(path, &status) : stat(path, &status);

    if (kind == IMAGE_INPUT_MISSING) {
        input.mode = lstat(path, &status) == 0 ? status.st_mode : 0;
        return input;
    }
    if (result != 0)
        err(1, "%s", path);
    input.mode = status.st_mode;
    input.size = (uint64_t)status.st_size;
    input.inode = status.st_ino;
    input.mtime_ns = nanoseconds(&status.st_mtim);
    input.ctime_ns = nanoseconds(&status.st_ctim);
    return input;
}

static void make_files(void)
{
    static const char *const names[INPUTS] = {"read", "asked for", "folder", "link", "nothing", "dangling"};
    char inside[2 * WORK_PATH_BYTES];

    for (int i = 0; i < INPUTS; i++)
        work_path(paths[i], names[i]);
    write_file(paths[FILE_INPUT], "abc");
    write_file(paths[STATUS_INPUT], "status");
    mkdir(paths[FOLDER], 0755);
    sprintf(inside, "%s/entry", paths[FOLDER]);
    write_file(inside, "");
    sprintf(inside, "%s/other", paths[FOLDER]);
    if (symlink("anywhere", inside) != 0 || symlink("read", paths[LINK]) != 0 || symlink("nowhere", paths[DANGLING]) != 0)
        err(1, "symlink");
}

static void remove_files(void)
{
    static const char *const inside[] = {"entry", "other", "more", "renamed"};
    char path[2 * WORK_PATH_BYTES];

    for (int i = 0; i < 4; i++) {
        sprintf(path, "%s/%s", paths[FOLDER], inside[i]);
        unlink(path);
    }
    rmdir(paths[FOLDER]);
    for (int i = 0; i < INPUTS; i++)
        unlink(paths[i]);
}

static void plan_inputs(struct builder *builder)
{
    struct image_input inputs[INPUTS] = {
        input_of(builder, paths[FILE_INPUT], IMAGE_INPUT_FILE), input_of(builder, paths[STATUS_INPUT], IMAGE_INPUT_STATUS),
        input_of(builder, paths[FOLDER], IMAGE_INPUT_DIRECTORY), input_of(builder, paths[LINK], IMAGE_INPUT_LINK),
        input_of(builder, paths[MISSING], IMAGE_INPUT_MISSING), input_of(builder, paths[DANGLING], IMAGE_INPUT_MISSING)};

    digest_text("", "abc", inputs[FILE_INPUT].digest);
    digest_folder(inputs[FOLDER].digest);
    digest_text("", "read", inputs[LINK].digest);
    builder->plan.inputs = builder_table(builder, inputs, INPUTS, sizeof(inputs[0]));
}

static void plan_fallback(struct builder *builder, const char *program, const char *script, bool takes_arguments)
{
    uint64_t words[] = {builder_string(builder, "instead"), builder_string(builder, "-c"), builder_string(builder, script),
                        builder_string(builder, ""), builder_string(builder, "own")};

    builder->plan.fallback_path = builder_string(builder, program);
    builder->plan.fallback_arguments = builder_table(builder, words, 5, sizeof(words[0]));
    builder->plan.fallback_takes_arguments = takes_arguments;
}

static struct builder *inputs_builder(const char *program, const char *script, bool takes_arguments)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    plan_inputs(builder);
    plan_fallback(builder, program, script, takes_arguments);
    return builder;
}

/* An image of the files as they are now, which stays until the next one. */
static void write_image(const char *program, const char *script, bool takes_arguments)
{
    struct builder *builder = inputs_builder(program, script, takes_arguments);

    image_write(builder, launch_path());
    builder_free(builder);
}

static void expect_launch(const char *name)
{
    expect(name, launch_file(launch_path(), NULL), PAYLOAD_GOOD, NULL);
}

static void expect_fallback(const char *name, const char *words)
{
    char *environment[] = {(char *)"A=b", (char *)"UNDUMP_VERBOSE=1", NULL};
    struct launch_conditions conditions = {.environment = environment};

    expect(name, launch_file(launch_path(), &conditions), FALLBACK_STATUS, words);
}

/* Equal contents with new times are another stat, but no change; another content never escapes. */
static void each_kind_is_looked_at(void)
{
    struct timespec times[2];
    struct stat before;
    char inside[2 * WORK_PATH_BYTES], renamed[2 * WORK_PATH_BYTES];

    make_files();
    write_image("/bin/sh", "exit 7", false);
    expect_launch("unchanged");
    utimensat(AT_FDCWD, paths[FILE_INPUT], NULL, 0);
    expect_launch("touched");
    if (stat(paths[FILE_INPUT], &before) != 0)
        err(1, "stat");
    write_file(paths[FILE_INPUT], "abd");
    times[0] = before.st_atim;
    times[1] = before.st_mtim;
    utimensat(AT_FDCWD, paths[FILE_INPUT], times, 0);
    expect_fallback("same size and mtime", "read has changed since");
    unlink(paths[FILE_INPUT]);
    expect_fallback("gone", "read is not there any more since");
    mkdir(paths[FILE_INPUT], 0755);
    expect_fallback("another kind", "read is another kind");
    rmdir(paths[FILE_INPUT]);
    mkfifo(paths[FILE_INPUT], 0600);
    expect_fallback("a pipe, which would block", "read is another kind");
    unlink(paths[FILE_INPUT]);
    write_file(paths[FILE_INPUT], "abc");
    expect_launch("equal bytes in another file");
    write_file(paths[FILE_INPUT], "abcd");
    expect_fallback("longer", "read has changed");
    write_file(paths[FILE_INPUT], "abc");

    chmod(paths[STATUS_INPUT], 0600);
    expect_fallback("mode of what was asked for", "asked for has changed");
    chmod(paths[STATUS_INPUT], 0644);
    expect_launch("mode as before");
    utimensat(AT_FDCWD, paths[STATUS_INPUT], NULL, 0);
    expect_fallback("mtime of what was asked for", "asked for has changed");
    remove_files();

    make_files();
    write_image("/bin/sh", "exit 7", false);
    sprintf(inside, "%s/more", paths[FOLDER]);
    write_file(inside, "");
    expect_fallback("an entry more", "folder has changed");
    unlink(inside);
    expect_launch("the entry gone");
    sprintf(inside, "%s/entry", paths[FOLDER]);
    sprintf(renamed, "%s/renamed", paths[FOLDER]);
    rename(inside, renamed);
    expect_fallback("an entry renamed", "folder has changed");
    rename(renamed, inside);
    unlink(inside);
    mkdir(inside, 0755);
    expect_fallback("an entry of another kind", "folder has changed");
    rmdir(inside);
    write_file(inside, "contents do not count");
    expect_launch("entries as before");

    unlink(paths[LINK]);
    if (symlink("asked for", paths[LINK]) != 0)
        err(1, "symlink");
    expect_fallback("link elsewhere", "link has changed");
    unlink(paths[LINK]);
    if (symlink("read", paths[LINK]) != 0)
        err(1, "symlink");
    expect_launch("link as before");

    write_file(paths[MISSING], "");
    expect_fallback("there by now", "nothing is there by now");
    unlink(paths[MISSING]);
    if (symlink("nowhere", paths[MISSING]) != 0)
        err(1, "symlink");
    expect_fallback("a link that leads nowhere", "nothing is there by now");
    unlink(paths[MISSING]);
    expect_launch("missing again");
    sprintf(inside, "%s/nowhere", work_folder());
    write_file(inside, "");
    expect_fallback("a dangling link leads somewhere", "dangling is there by now");
    unlink(inside);
    unlink(paths[DANGLING]);
    expect_fallback("a dangling link is gone", "dangling has changed");
    remove_files();
}

/* A directory in place of a part of a missing path is still missing by ENOTDIR. */
static void missing_below_a_file(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    char path[2 * WORK_PATH_BYTES];
    struct image_input input = {.kind = IMAGE_INPUT_MISSING};

    make_files();
    snprintf(path, sizeof(path), "%s/below", paths[FILE_INPUT]);
    input.path = builder_string(builder, path);
    builder->plan.inputs = builder_table(builder, &input, 1, sizeof(input));
    plan_fallback(builder, "/bin/sh", "exit 7", false);
    expect("below a file", launch_once(builder), PAYLOAD_GOOD, NULL);
    remove_files();
}

static void become_somebody_of_the_background(void *unused)
{
    sigset_t set;

    (void)unused;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_SETMASK, &set, NULL);
    signal(SIGUSR2, SIG_IGN);
    close(0);
    if (chdir("/usr") != 0)
        _exit(99);
}

static const char tells_all[] =
    "exec >&2; echo \"$0|$1|$#|$2\"; pwd; echo $A; env | grep -c UNDUMP_FALLBACK=1; grep SigIgn /proc/$$/status;"
    "test -e /proc/$$/fd/0 || echo no input; readlink /proc/$$/fd/* | grep -c '/image$'; exit 7";

/* As /proc shows it: SIGUSR2, and what this test was started with. */
static const char *ignored_line(void)
{
    static char line[64];
    uint64_t ignored = UINT64_C(1) << (SIGUSR2 - 1);
    for (int signal = 1; signal <= 64; signal++) {
        uint64_t action[4] = {0}; /* struct kernel_sigaction; glibc's sigaction knows nothing of signals 32 and 33 */
        if (syscall(SYS_rt_sigaction, signal, NULL, action, 8) == 0 && action[0] == (uint64_t)(uintptr_t)SIG_IGN)
            ignored |= UINT64_C(1) << (signal - 1);
    }
    snprintf(line, sizeof(line), "SigIgn:\t%016" PRIx64 "\n", ignored);
    return line;
}

/* Arguments, environment, directory, descriptors and signals are the launch's; nothing of the stub is left. */
static void the_fallback_gets_the_launch(void)
{
    char *environment[] = {(char *)"PATH=/usr/bin:/bin", (char *)"A=the launch's", NULL};
    struct launch_conditions conditions = {.prepare = become_somebody_of_the_background, .environment = environment};
    struct launch_result result;
    const char *const parts[] = {"|own|2|argument\n", "/usr\n", "the launch's\n1\n", ignored_line(),
                                 "no input\n0\n"};

    make_files();
    write_image("/bin/sh", tells_all, true);
    unlink(paths[FILE_INPUT]);
    result = launch_file(launch_path(), &conditions);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        expect(parts[i], result, FALLBACK_STATUS, parts[i]);
    if (strstr(result.error, "undump:") != NULL)
        expect("a silent fallback", result, FALLBACK_STATUS, "no such line");
    remove_files();
}

static void become_somebody_of_the_background_and_speak(void *unused)
{
    become_somebody_of_the_background(unused);
    dup2(2, 1);
}

/* A shell would set its own. */
static void the_fallback_gets_the_signal_mask(void)
{
    struct launch_conditions conditions = {.prepare = become_somebody_of_the_background_and_speak};
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    uint64_t words[] = {builder_string(builder, "grep"), builder_string(builder, "SigBlk"),
                        builder_string(builder, "/proc/self/status")};

    make_files();
    plan_inputs(builder);
    unlink(paths[FILE_INPUT]);
    builder->plan.fallback_path = builder_string(builder, "/bin/grep");
    builder->plan.fallback_arguments = builder_table(builder, words, 3, sizeof(words[0]));
    expect("signal mask", launch_under(builder, &conditions), 0, "SigBlk:\t0000000000000200\n");
    remove_files();
}

static void a_fallback_without_arguments_gets_none(void)
{
    char *environment[] = {(char *)"PATH=/usr/bin:/bin", NULL};
    struct launch_conditions conditions = {.environment = environment};

    make_files();
    write_image("/bin/sh", tells_all, false);
    unlink(paths[FILE_INPUT]);
    expect("no arguments", launch_file(launch_path(), &conditions), FALLBACK_STATUS, "|own|1|\n");
    remove_files();
}

static void what_cannot_run_is_said(void)
{
    make_files();
    write_image("/no/such/program", "", true);
    unlink(paths[FILE_INPUT]);
    expect("no such fallback", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS,
           "undump: ");
    expect("no such fallback", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS,
           "running /no/such/program instead: No such file or directory (ENOENT)\n");
    remove_files();
    make_files();
    write_image(launch_path(), "", true);
    unlink(paths[FILE_INPUT]);
    expect("in a circle", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "has come back to an image 8 times");
    remove_files();
}

/* An image that is the fallback of another one. */
static void an_image_may_be_a_fallback(void)
{
    char *environment[] = {(char *)"UNDUMP_FALLBACK=3", (char *)"A=b", NULL};
    struct launch_conditions conditions = {.environment = environment};

    make_files();
    write_image("/bin/sh", "exit 7", false);
    expect("as a fallback", launch_file(launch_path(), &conditions), PAYLOAD_GOOD, NULL);
    remove_files();
}

int main(void)
{
    each_kind_is_looked_at();
    missing_below_a_file();
    the_fallback_gets_the_launch();
    the_fallback_gets_the_signal_mask();
    a_fallback_without_arguments_gets_none();
    what_cannot_run_is_said();
    an_image_may_be_a_fallback();
    unlink(launch_path());
    return launch_failures != 0;
}
