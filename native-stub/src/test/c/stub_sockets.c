// SPDX-License-Identifier: Apache-2.0
/* Launches hand-made images with sockets: what they take, and above all what they leave alone. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "src/test/c/support/image_launcher.h"

#define SOCKET_FD 5

static void expect_true(const char *name, bool good)
{
    if (good)
        return;
    launch_failures++;
    fprintf(stderr, "failed: %s\n", name);
}

/* Bytes with the zero behind them that the plan wants. */
static uint64_t add_bytes(struct builder *builder, const void *bytes, size_t size)
{
    char copy[256] = "";

    memcpy(copy, bytes, size);
    return builder_bytes(builder, copy, size + 1);
}

static struct image_file_op *plan_socket(struct builder *builder, int family, int type)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SOCKET, SOCKET_FD);

    op->values[0] = (uint64_t)family;
    op->values[1] = (uint64_t)type;
    return op;
}

static struct image_file_op *plan_bind(struct builder *builder, const void *address, size_t size, const char *words)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SOCKET_BIND, SOCKET_FD);

    op->path = add_bytes(builder, address, size);
    op->offset = size;
    op->values[2] = S_IFSOCK | 0640;
    op->values[3] = builder_string(builder, words);
    return op;
}

static void plan_option(struct builder *builder, uint64_t level, uint64_t name, uint64_t importance)
{
    int one = 1;
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SOCKET_OPTION, SOCKET_FD);

    op->path = add_bytes(builder, &one, sizeof(one));
    op->offset = sizeof(one);
    op->values[0] = level;
    op->values[1] = name;
    op->values[2] = builder_string(builder, "SO_STRANGE");
    op->values[3] = importance;
}

static struct sockaddr_in some_port(int *ret_holder)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    *ret_holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(*ret_holder, (struct sockaddr *)&address, size) < 0 || listen(*ret_holder, 1) < 0 ||
        getsockname(*ret_holder, (struct sockaddr *)&address, &size) < 0)
        perror("listening");
    return address;
}

static struct builder *listener_builder(const struct sockaddr_in *address)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_file_op *op;

    plan_socket(builder, AF_INET, SOCK_STREAM);
    plan_option(builder, SOL_SOCKET, SO_REUSEADDR, IMAGE_OPTION_NEEDED);
    plan_bind(builder, address, sizeof(*address), "the place");
    op = builder_file(builder, IMAGE_FILE_SOCKET_LISTEN, SOCKET_FD);
    op->values[0] = 7;
    op->values[1] = builder_string(builder, "the place");
    return builder;
}

static void a_port_in_use_is_named(void)
{
    int holder;
    struct sockaddr_in address = some_port(&holder);

    expect("port in use", launch_once(listener_builder(&address)), IMAGE_EXIT_STATUS,
           "undump: the place is in use by another program");
    close(holder);
    expect("free port", launch_once(listener_builder(&address)), PAYLOAD_GOOD, NULL);
}

static void an_address_that_does_not_exist_may_give_way(void)
{
    int holder;
    struct sockaddr_in address = some_port(&holder);
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    close(holder);
    address.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, TEST-NET-1 */
    expect("foreign address", launch_once(listener_builder(&address)), IMAGE_EXIT_STATUS, "undump: binding a socket to the place");
    plan_socket(builder, AF_INET, SOCK_DGRAM);
    plan_bind(builder, &address, sizeof(address), "the place")->values[0] = IMAGE_BIND_ANY_ADDRESS;
    expect("any address", launch_once(builder), PAYLOAD_GOOD, NULL);
}

/* ---- socket files ---- */

static struct sockaddr_un file_address(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s.socket", launch_path());
    return address;
}

static struct builder *file_builder(const struct sockaddr_un *address, int type)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    plan_socket(builder, AF_UNIX, type);
    plan_bind(builder, address, sizeof(*address), address->sun_path);
    return builder;
}

static int bind_file(const struct sockaddr_un *address, int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        perror("binding");
    return fd;
}

static void stale_files_are_replaced(void)
{
    struct sockaddr_un address = file_address();
    struct stat status;

    expect("new file", launch_once(file_builder(&address, SOCK_STREAM)), PAYLOAD_GOOD, NULL);
    unlink(address.sun_path);
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        close(bind_file(&address, type));
        expect("stale file", launch_once(file_builder(&address, type)), PAYLOAD_GOOD, NULL);
        expect_true("mode of the file", stat(address.sun_path, &status) == 0 && status.st_mode == (S_IFSOCK | 0640));
        unlink(address.sun_path);
    }
}

/* Whatever its type is, and whether it listens: it is not disturbed by the look at it. */
static void living_files_are_left_alone(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    struct sockaddr_un address = file_address();

    for (unsigned i = 0; i < 9; i++) {
        int fd = bind_file(&address, types[i % 3]);
        struct pollfd state = {.fd = fd, .events = POLLIN};

        listen(fd, 3); /* datagrams do not */
        expect("living file", launch_once(file_builder(&address, types[i / 3])), IMAGE_EXIT_STATUS, "is in use by another program");
        expect_true("nobody came", poll(&state, 1, 0) == 0);
        close(fd);
        unlink(address.sun_path);
    }
}

/* ---- somebody who is as quick ---- */

struct rival {
    const struct sockaddr_un *address;
    int type;
    bool comes_again; /* and takes the name once more when the launch gives it back */
};

static void rival_binds(const struct rival *rival)
{
    unlink(rival->address->sun_path);
    listen(bind_file(rival->address, rival->type), 3);
}

/* What a launch does first with a name that it found dead; an unlink would be the harm. */
static bool takes_name(long number)
{
    return number == SYS_renameat2 || number == SYS_unlink;
}

/* Follows the launch, and lets the rival come right before the name is taken away. */
static int follow(pid_t launch, const struct rival *rival)
{
    int status, times = 0;
    bool entering = true;

    waitpid(launch, &status, 0);
    ptrace(PTRACE_SETOPTIONS, launch, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    while (ptrace(PTRACE_SYSCALL, launch, NULL, NULL) == 0 && waitpid(launch, &status, 0) == launch && WIFSTOPPED(status)) {
        struct user_regs_struct registers;

        if (WSTOPSIG(status) != (SIGTRAP | 0x80))
            continue;
        ptrace(PTRACE_GETREGS, launch, NULL, &registers);
        if (entering && takes_name((long)registers.orig_rax)) {
            if (times == 0 || (times == 1 && rival->comes_again))
                rival_binds(rival);
            times++;
        }
        entering = !entering;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static bool answers(const struct sockaddr_un *address, int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    bool good = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    close(fd);
    return good;
}

/* Goes on as the launch; the process that is waited for follows it, and adds 1 if the rival cannot be reached. */
static void with_rival(void *argument)
{
    const struct rival *rival = argument;
    pid_t launch = fork();

    if (launch == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        return;
    }
    int status = follow(launch, rival);
    _exit(status + !answers(rival->address, rival->type));
}

static unsigned private_names(void)
{
    char pattern[128];
    glob_t found;
    size_t count;

    snprintf(pattern, sizeof(pattern), "%.*s/.undump-*", (int)(strrchr(launch_path(), '/') - launch_path()), launch_path());
    count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    for (size_t i = 0; i < count; i++)
        unlink(found.gl_pathv[i]);
    if (count > 0)
        globfree(&found);
    return (unsigned)count;
}

static void a_name_that_came_to_life_is_given_back(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    struct sockaddr_un address = file_address();

    for (unsigned i = 0; i < 3; i++) {
        struct rival rival = {&address, types[i], false};
        struct launch_conditions conditions = {.prepare = with_rival, .argument = &rival};

        close(bind_file(&address, SOCK_STREAM));
        expect("somebody was quicker", launch_under(file_builder(&address, SOCK_STREAM), &conditions), IMAGE_EXIT_STATUS,
               "is in use by another program");
        expect_true("nothing is left", private_names() == 0);
        unlink(address.sun_path);
    }
    struct rival rival = {&address, SOCK_STREAM, true};
    struct launch_conditions conditions = {.prepare = with_rival, .argument = &rival};
    close(bind_file(&address, SOCK_STREAM));
    expect("two were quicker", launch_under(file_builder(&address, SOCK_STREAM), &conditions), IMAGE_EXIT_STATUS,
           "could not be given its name back: File exists (EEXIST); it is called .undump-");
    expect_true("it has a name", private_names() == 1);
    unlink(address.sun_path);
}

static void other_files_are_left_alone(void)
{
    struct sockaddr_un address = file_address();
    struct stat status;
    FILE *file = fopen(address.sun_path, "w");

    fputs("text", file);
    fclose(file);
    expect("regular file", launch_once(file_builder(&address, SOCK_STREAM)), IMAGE_EXIT_STATUS, "is in use by another program");
    expect_true("regular file stays", stat(address.sun_path, &status) == 0 && status.st_size == 4);
    unlink(address.sun_path);
}

static void names_that_were_gone_are_gone(void)
{
    struct sockaddr_un address = file_address();
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    plan_socket(builder, AF_UNIX, SOCK_STREAM);
    plan_bind(builder, &address, sizeof(address), "it")->values[2] = 0;
    expect("removed name", launch_once(builder), PAYLOAD_GOOD, NULL);
    expect_true("nothing stays", access(address.sun_path, F_OK) < 0);
}

static void a_relative_path_counts_from_its_directory(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "relative.socket"};
    char folder[64], path[96];
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

    snprintf(folder, sizeof(folder), "%s.folder", launch_path());
    snprintf(path, sizeof(path), "%s/relative.socket", folder);
    mkdir(folder, 0700);
    plan_socket(builder, AF_UNIX, SOCK_STREAM);
    plan_bind(builder, &address, sizeof(address), "it")->values[1] = builder_string(builder, folder);
    expect("relative name", launch_once(builder), PAYLOAD_GOOD, NULL);
    expect_true("in its directory", unlink(path) == 0);
    rmdir(folder);
    builder = launch_builder(PAYLOAD_EXIT, 1);
    plan_socket(builder, AF_UNIX, SOCK_STREAM);
    plan_bind(builder, &address, sizeof(address), "it")->values[1] = builder_string(builder, folder);
    expect("directory is gone", launch_once(builder), IMAGE_EXIT_STATUS, "undump: binding a socket to it: No such file");
}

static struct builder *own_pid_builder(const char *prefix)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_file_op *op;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", prefix);
    plan_socket(builder, AF_UNIX, SOCK_STREAM);
    op = plan_bind(builder, &address, sizeof(address.sun_family) + strlen(prefix), "it");
    op->values[0] = IMAGE_BIND_OWN_PID;
    op = builder_file(builder, IMAGE_FILE_SOCKET_LISTEN, SOCKET_FD);
    op->values[0] = 1;
    return builder;
}

static void a_name_may_end_in_the_launched_process_id(void)
{
    char prefix[108], pattern[128];
    struct stat status;
    glob_t found;

    snprintf(prefix, sizeof(prefix), "%s.pid", launch_path());
    snprintf(pattern, sizeof(pattern), "%s[1-9]*", prefix);
    for (size_t i = 1; i <= 2; i++) {
        expect("own id", launch_once(own_pid_builder(prefix)), PAYLOAD_GOOD, NULL);
        expect_true("a name for each launch", glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == i);
        expect_true("mode of the file", stat(found.gl_pathv[0], &status) == 0 && status.st_mode == (S_IFSOCK | 0640));
        if (i == 2) {
            unlink(found.gl_pathv[0]);
            unlink(found.gl_pathv[1]);
        }
        globfree(&found);
    }
    expect("no such directory", launch_once(own_pid_builder("/nowhere/to/be/found/x")), PAYLOAD_GOOD, NULL);
    memset(prefix, 'x', sizeof(prefix) - 1);
    prefix[0] = '/';
    prefix[sizeof(prefix) - 1] = '\0';
    expect("no room for the id", launch_once(own_pid_builder(prefix)), PAYLOAD_GOOD, NULL);
}

/* ---- the rest ---- */

static void options_matter_as_planned(void)
{
    static const struct {
        uint64_t importance;
        int status;
        const char *words;
    } cases[] = {
        {IMAGE_OPTION_NEEDED, IMAGE_EXIT_STATUS, "undump: setting option SO_STRANGE of a socket"},
        {IMAGE_OPTION_DETAIL, PAYLOAD_GOOD, "undump: option SO_STRANGE of the socket at descriptor 5 stays as it is"},
        {IMAGE_OPTION_UNUSED, PAYLOAD_GOOD, NULL},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);

        plan_socket(builder, AF_INET, SOCK_STREAM);
        plan_option(builder, SOL_SOCKET, 9999, cases[i].importance);
        expect("an option that nobody has", launch_once(builder), cases[i].status, cases[i].words);
    }
}

static void pairs_and_dead_connections_are_made(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SOCKET_PAIR, 4);
    struct {
        uint32_t lengths[3];
        char bytes[5];
    } packets = {{2, 0, 3}, "abcde"};

    op->values[0] = 3;
    op->values[3] = SOCK_DGRAM;
    builder_file(builder, IMAGE_FILE_SOCKET_END, 3)->open_flags = O_NONBLOCK;
    op = builder_file(builder, IMAGE_FILE_SOCKET_DATA, 3);
    op->values[0] = 3;
    op->values[1] = builder_data(builder, &packets, sizeof(packets));
    op->values[2] = 17;
    op = builder_file(builder, IMAGE_FILE_SOCKET_PAIR, 7);
    op->values[0] = UINT32_MAX;
    op->values[1] = builder_data(builder, "waits", 5);
    op->values[2] = 5;
    op->values[3] = SOCK_STREAM | IMAGE_PAIR_ERROR;
    builder_file(builder, IMAGE_FILE_SOCKET_RESET, 8)->values[0] = AF_INET;
    builder_file(builder, IMAGE_FILE_SOCKET_RESET, 9)->values[0] = AF_INET6;
    expect("pairs", launch_once(builder), PAYLOAD_GOOD, NULL);
}

/* The lengths are not the plan's, whose checksum was right. */
static void packets_that_lie_are_refused(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SOCKET_PAIR, 7);
    uint32_t length = 100;

    op->values[0] = UINT32_MAX;
    op->values[1] = builder_data(builder, &length, sizeof(length));
    op->values[2] = sizeof(length);
    op->values[3] = SOCK_DGRAM;
    op->offset = 1;
    expect("lying packets", launch_once(builder), IMAGE_EXIT_STATUS, "putting back the messages in a socket: Invalid argument");
}

int main(void)
{
    a_port_in_use_is_named();
    an_address_that_does_not_exist_may_give_way();
    stale_files_are_replaced();
    living_files_are_left_alone();
    a_name_that_came_to_life_is_given_back();
    other_files_are_left_alone();
    names_that_were_gone_are_gone();
    a_relative_path_counts_from_its_directory();
    a_name_may_end_in_the_launched_process_id();
    options_matter_as_planned();
    pairs_and_dead_connections_are_made();
    packets_that_lie_are_refused();
    return launch_failures != 0;
}
