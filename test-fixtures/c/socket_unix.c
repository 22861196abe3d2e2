/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <stdio.h>
#include <sys/stat.h>

/* UNIX sockets by path, abstract and without a name: listening, bound, and datagrams that are connected. */
static struct name path_name(const char *path) {
    struct name name = {.size = (socklen_t)(sizeof(sa_family_t) + strlen(path) + 1)};
    memset(&name.all, 0, sizeof name.all);
    name.un.sun_family = AF_UNIX;
    strcpy(name.un.sun_path, path);
    return name;
}

/* TEXT may hold zeros. */
static struct name abstract_name(const char *text, size_t length) {
    struct name name = {.size = (socklen_t)(sizeof(sa_family_t) + 1 + length)};
    memset(&name.all, 0, sizeof name.all);
    name.un.sun_family = AF_UNIX;
    memcpy(name.un.sun_path + 1, text, length);
    return name;
}

static int bound(int type, struct name name) {
    int fd = (int)MUST(socket(AF_UNIX, type, 0));
    MUST(bind(fd, &name.head, name.size));
    return fd;
}

static int listening(int type, struct name name, int backlog) {
    int fd = bound(type, name);
    MUST(listen(fd, backlog));
    return fd;
}

static void rename_in(const char *folder, const char *from, const char *to) {
    char old_path[200], new_path[200];
    snprintf(old_path, sizeof old_path, "%s/%s", folder, from);
    snprintf(new_path, sizeof new_path, "%s/%s", folder, to);
    MUST(rename(old_path, new_path));
}

/* The name that others know; the kernel tells a launched program this one, too. */
static void serve_renamed(int listener, const char *path, mode_t mode) {
    struct name there = path_name(path);
    struct stat status;
    MUST(stat(path, &status));
    CHECK_EQ(status.st_mode, S_IFSOCK | mode);
    serve_once(listener, &there, SOCK_STREAM);
}

static struct name unique_abstract(const char *tag) {
    char text[64];
    snprintf(text, sizeof text, "undump-fixture/%s/%d", tag, getpid());
    return abstract_name(text, strlen(text));
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "UNIX sockets: paths, abstract names, listening, datagrams");
    char here[64], folder[80], path[96];
    bool paths = variant_is("paths");
    mode_t mask = umask(022);
    umask(mask);
    int stream = -1, packets = -1, nameless = -1, relative = -1, renamed = -1, moved = -1, longest_path = -1;
    struct options tuned;
    struct name names[8];
    if (paths) {
        if (!getcwd(here, sizeof here))
            skip("the working directory's name is too long for a socket");
        snprintf(folder, sizeof folder, "%s/sockets", here);
        MUST(mkdir(folder, 0777));
        snprintf(path, sizeof path, "%s/stream", folder);
        stream = listening(SOCK_STREAM | SOCK_NONBLOCK, path_name(path), 9);
        MUST(chmod(path, 0640));
        set_option(stream, SOL_SOCKET, SO_PASSCRED, 1);
        set_option(stream, SOL_SOCKET, SO_PRIORITY, 2);
        read_options(stream, &tuned);
        snprintf(path, sizeof path, "%s/packets", folder);
        packets = listening(SOCK_SEQPACKET, path_name(path), 2);
        snprintf(path, sizeof path, "%s/removed", folder);
        nameless = listening(SOCK_STREAM, path_name(path), 1);
        MUST(unlink(path));
        snprintf(path, sizeof path, "%s/renamed.new", folder);
        renamed = listening(SOCK_STREAM, path_name(path), 3);
        MUST(chmod(path, 0600));
        rename_in(folder, "renamed.new", "renamed");
        names[6] = path_name(path); /* what others find there now is not the program's */
        close(bound(SOCK_DGRAM, names[6]));
        MUST(chdir(folder));
        moved = listening(SOCK_STREAM, path_name("moved.new"), 3);
        rename_in(".", "moved.new", "moved");
        relative = bound(SOCK_DGRAM, path_name("relative"));
        struct name longest = {.un = {.sun_family = AF_UNIX}, .size = sizeof longest.un};
        memset(longest.un.sun_path, 'x', sizeof longest.un.sun_path); /* no zero fits behind it */
        longest_path = bound(SOCK_DGRAM, longest);
        names[7] = own_name(longest_path);
        names[0] = own_name(stream);
        names[1] = own_name(packets);
        names[2] = own_name(relative);
    }
    names[3] = unique_abstract("listener");
    int listener = listening(SOCK_STREAM | SOCK_CLOEXEC, names[3], 6);
    names[4] = abstract_name("undump\0fixture with zeros\0\0", 27);
    names[4].un.sun_path[1] = (char)('A' + getpid() % 26);
    memcpy(names[4].un.sun_path + 3, &(uint32_t){(uint32_t)getpid()}, 3);
    int zeros = bound(SOCK_DGRAM, names[4]);
    int automatic = (int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
    struct sockaddr_un nothing = {.sun_family = AF_UNIX};
    MUST(bind(automatic, (struct sockaddr *)&nothing, sizeof(sa_family_t)));
    names[5] = own_name(automatic);
    int sender = (int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
    MUST(connect(sender, &names[4].head, names[4].size));
    int fresh = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));

    ready_and_wait();

    if (paths) {
        struct stat status;
        check_name(stream, &names[0]);
        check_name(packets, &names[1]);
        check_name(relative, &names[2]);
        check_name(longest_path, &names[7]);
        check_options(stream, &tuned);
        CHECK_EQ(fcntl(stream, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
        MUST(stat(names[0].un.sun_path, &status));
        CHECK_EQ(status.st_mode, S_IFSOCK | 0640);
        set_option(stream, SOL_SOCKET, SO_PASSCRED, 0);
        serve_once(stream, &names[0], SOCK_STREAM);
        serve_once(packets, &names[1], SOCK_SEQPACKET);
        snprintf(path, sizeof path, "%s/removed", folder);
        CHECK_EQ(access(path, F_OK), -1);
        CHECK_EQ(option(nameless, SOL_SOCKET, SO_ACCEPTCONN), 1);
        snprintf(path, sizeof path, "%s/renamed", folder);
        serve_renamed(renamed, path, 0600);
        serve_renamed(moved, "moved", 0777 & ~mask);
        MUST(stat(names[6].un.sun_path, &status));
        snprintf(path, sizeof path, "%s/relative", folder);
        struct name there = path_name(path);
        int client = (int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
        CHECK_EQ(sendto(client, "by path", 7, 0, &there.head, there.size), 7);
        expect_bytes(relative, "by path");
        /* The next copy of the image finds the files here, which nobody has open any more. */
    }
    check_name(listener, &names[3]);
    check_name(zeros, &names[4]);
    check_name(automatic, &names[5]);
    CHECK_EQ(fcntl(listener, F_GETFD), FD_CLOEXEC);
    serve_once(listener, &names[3], SOCK_STREAM);
    send_text(sender, "datagram");
    expect_bytes(zeros, "datagram");
    expect_empty(zeros);
    CHECK_EQ(sendto(sender, "to whom", 7, 0, &names[5].head, names[5].size), 7);
    expect_bytes(automatic, "to whom");
    MUST(connect(fresh, &names[3].head, names[3].size));
    send_text(fresh, "first words");
    int served = (int)MUST(accept(listener, NULL, NULL));
    expect_bytes(served, "first words");
    pass();
}
