/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "partner.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

/*
 * Resources that a capture refuses by name for now. The program must not be harmed: afterwards the
 * resource still works.
 */
static int first = -1, second = -1;
static pid_t child;

static void set_descriptors_in_flight(void) {
    int ends[2];
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec piece = {"hello", 5};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    first = ends[0];
    second = ends[1];
    memcpy(CMSG_DATA(&control.head), &first, sizeof(int));
    CHECK_EQ(sendmsg(first, &message, 0), 5);
}

static void check_descriptors_in_flight(void) {
    char found[6] = "", control[CMSG_SPACE(sizeof(int))];
    struct iovec piece = {found, 5};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    CHECK_EQ(recvmsg(second, &message, 0), 5);
    CHECK_EQ(message.msg_controllen, sizeof control);
    CHECK_EQ(message.msg_flags & MSG_CTRUNC, 0);
}

/* Two messages, so that the capture has to look behind the first. */
static void set_unix_datagrams(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t length = sizeof name;
    first = (int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
    second = (int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
    MUST(bind(second, (struct sockaddr *)&name, sizeof(sa_family_t)));
    MUST(getsockname(second, (struct sockaddr *)&name, &length));
    MUST(connect(first, (struct sockaddr *)&name, length));
    MUST(send(first, "one", 3, 0));
    MUST(send(first, "two", 3, 0));
}

static void check_unix_datagrams(void) {
    char found[4] = "";
    int offset;
    socklen_t length = sizeof offset;
    MUST(getsockopt(second, SOL_SOCKET, SO_PEEK_OFF, &offset, &length));
    CHECK_EQ(offset, -1);
    CHECK_EQ(recv(second, found, 3, MSG_PEEK), 3);
    CHECK(strcmp(found, "one") == 0, "found %s", found);
    CHECK_EQ(recv(second, found, 3, 0), 3);
    CHECK_EQ(recv(second, found, 3, 0), 3);
    CHECK(strcmp(found, "two") == 0, "found %s", found);
}

static void set_netlink(void) {
    first = (int)MUST(socket(AF_NETLINK, SOCK_RAW, 0));
}

static void set_ping(void) {
    first = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
    if (first < 0)
        first = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    if (first < 0)
        skip("this user may not open a socket for ICMP");
}

static void check_is_socket(void) {
    int type;
    socklen_t length = sizeof type;
    MUST(getsockopt(first, SOL_SOCKET, SO_TYPE, &type, &length));
}

/* From one sender only. */
static struct ip_mreq_source membership(void) {
    struct ip_mreq_source request = {.imr_interface.s_addr = htonl(INADDR_LOOPBACK)};
    request.imr_multiaddr.s_addr = htonl(0xef070707);
    request.imr_sourceaddr.s_addr = htonl(INADDR_LOOPBACK);
    return request;
}

static void set_multicast(void) {
    struct ip_mreq_source request = membership();
    first = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    if (setsockopt(first, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &request, sizeof request) < 0)
        skip("no multicast here");
}

static void check_multicast(void) {
    struct ip_mreq_source request = membership();
    MUST(setsockopt(first, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, &request, sizeof request));
}

static void set_urgent(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    first = ends[0];
    second = ends[1];
    if (send(first, "!", 1, MSG_OOB) < 0)
        skip("this kernel has no urgent bytes for UNIX sockets");
}

static void check_urgent(void) {
    char found = 0;
    CHECK_EQ(recv(second, &found, 1, MSG_OOB), 1);
    CHECK_EQ(found, '!');
}

/* Nobody listens there: the kernel tells the next call. */
static void set_udp_error(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    second = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    MUST(bind(second, (struct sockaddr *)&address, sizeof address));
    MUST(getsockname(second, (struct sockaddr *)&address, &length));
    first = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    MUST(connect(first, (struct sockaddr *)&address, sizeof address));
    MUST(close(second));
    MUST(send(first, "x", 1, 0));
}

static void check_udp_error(void) {
    char byte;
    CHECK_EQ(recv(first, &byte, 1, MSG_DONTWAIT), -1);
    CHECK_EQ(errno, ECONNREFUSED);
}

static void set_filter(void) {
    struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, 0xffff)};
    struct sock_fprog program = {.len = 1, .filter = all};
    first = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    MUST(setsockopt(first, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

static void check_filter(void) {
    MUST(setsockopt(first, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)));
}

static void set_tcp(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(bind(listener, (struct sockaddr *)&address, sizeof address));
    MUST(listen(listener, 1));
    MUST(getsockname(listener, (struct sockaddr *)&address, &length));
    first = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect(first, (struct sockaddr *)&address, sizeof address));
    second = (int)MUST(accept(listener, NULL, NULL));
    MUST(close(listener));
}

static void check_connection(void) {
    char found[6] = "";
    CHECK_EQ(write(first, "hello", 5), 5);
    CHECK_EQ(read(second, found, 5), 5);
    CHECK(strcmp(found, "hello") == 0, "the connection carries '%s'", found);
}

static void set_io_uring(void) {
    char parameters[120] = "";
    first = (int)syscall(SYS_io_uring_setup, 4, parameters);
    if (first < 0)
        skip("this kernel has no io_uring for us");
}

static void check_io_uring(void) {
    CHECK_EQ(syscall(SYS_io_uring_enter, first, 0, 0, 0, NULL, 0), 0);
}

/* The number of what is watched has another eventfd by now; all of them have one inode. */
static void set_epoll_replaced(void) {
    int watched = MUST(eventfd(0, 0));
    struct epoll_event event = {.events = EPOLLIN};
    first = MUST(epoll_create1(0));
    MUST(epoll_ctl(first, EPOLL_CTL_ADD, watched, &event));
    MUST(dup(watched));
    MUST(close(watched));
    CHECK_EQ(eventfd(0, 0), watched);
}

static void check_epoll_replaced(void) {
    struct epoll_event event;
    CHECK_EQ(epoll_wait(first, &event, 1, 0), 0);
}

static void set_seccomp(void) {
    struct sock_filter ask[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = ask};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        skip("this kernel has no seccomp filters");
}

/* Allows all but the call by which a launch gives a thread its registers. */
static void set_seccomp_sigreturn(void) {
    struct sock_filter forbid[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = forbid};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        skip("this kernel has no seccomp filters");
}

static void check_seccomp(void) {
    CHECK_EQ(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
}

static void set_child(void) {
    int ends[2];
    MUST(pipe(ends));
    child = (pid_t)MUST(fork());
    if (child == 0) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        _exit(9);
    }
    MUST(close(ends[0]));
    first = ends[1];
}

static void check_child(void) {
    int status;
    MUST(close(first));
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 9 << 8);
}

static volatile int *words;

static void set_shared_anonymous(void) {
    words = map_memory(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    words[2] = 77;
    start_partner(words);
}

static void set_shared_memfd(void) {
    first = (int)MUST(memfd_create("shared", MFD_CLOEXEC));
    MUST(ftruncate(first, PAGE));
    words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, first, 0);
    CHECK(words != MAP_FAILED, "mmap: errno %d", errno);
    words[2] = 77;
    start_partner(words);
}

/* The partner has it open only, and asks nothing. */
static void set_open_memfd(void) {
    first = (int)MUST(memfd_create("shared", MFD_CLOEXEC));
    MUST(ftruncate(first, PAGE));
    start_partner(NULL);
    words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, first, 0);
    CHECK(words != MAP_FAILED, "mmap: errno %d", errno);
    words[2] = 77;
}

/* A launch that was allowed nevertheless has what was there, and is alone with it. */
static void check_shared_memory(void) {
    if (!was_launched())
        ask_partner(words, 5);
    CHECK_EQ(words[2], 77);
    CHECK_EQ(words[1], was_launched() ? 0 : 6);
}

static void check_open_memfd(void) {
    CHECK_EQ(words[2], 77);
}

static void set_huge_memfd(void) {
    first = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
    if (first < 0)
        skip("this kernel has no huge page files");
}

static void check_huge_memfd(void) {
    CHECK_EQ(lseek(first, 0, SEEK_END), 0);
}

static void *outlive_main(void *unused) {
    ready_and_wait();
    pass();
    return unused;
}

/* Switched on for the rest of main, which must not return: its caller is not on the new shadow stack. */
static inline __attribute__((always_inline)) long enable_shadow_stack(void) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_arch_prctl), "D"(0x5001L /* ARCH_SHSTK_ENABLE */), "S"(1L /* ARCH_SHSTK_SHSTK */)
                     : "rcx", "r11", "memory");
    return result;
}

static void set_terminal_master(void) {
    int unlocked = 0;
    first = (int)MUST(open("/dev/ptmx", O_RDWR | O_NOCTTY));
    MUST(ioctl(first, TIOCSPTLCK, &unlocked));
}

static void set_terminal(void) {
    set_terminal_master();
    second = (int)MUST(ioctl(first, TIOCGPTPEER, O_RDWR | O_NOCTTY));
}

static void check_terminal(void) {
    char found[8] = "";
    if (second < 0)
        second = (int)MUST(ioctl(first, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    CHECK_EQ(write(first, "line\n", 5), 5);
    CHECK_EQ(read(second, found, sizeof found), 5);
    CHECK(memcmp(found, "line\n", 5) == 0, "other bytes: %s", found);
}

static const struct resource {
    const char *name;
    void (*set)(void);
    void (*check)(void);
} resources[] = {
    {"tcp", set_tcp, check_connection},
    {"unix-datagrams", set_unix_datagrams, check_unix_datagrams},
    {"descriptors-in-flight", set_descriptors_in_flight, check_descriptors_in_flight},
    {"netlink", set_netlink, check_is_socket},        {"ping", set_ping, check_is_socket},
    {"multicast", set_multicast, check_multicast},    {"filter", set_filter, check_filter},
    {"urgent", set_urgent, check_urgent},
    {"udp-error", set_udp_error, check_udp_error},
    {"io_uring", set_io_uring, check_io_uring},       {"epoll-replaced", set_epoll_replaced, check_epoll_replaced},
    {"seccomp", set_seccomp, check_seccomp},          {"seccomp-sigreturn", set_seccomp_sigreturn, check_seccomp},
    {"child", set_child, check_child},
    {"shared-anonymous", set_shared_anonymous, check_shared_memory},
    {"shared-memfd", set_shared_memfd, check_shared_memory},
    {"terminal-master", set_terminal_master, check_terminal}, {"terminal", set_terminal, check_terminal},
    {"open-memfd", set_open_memfd, check_open_memfd}, {"huge-memfd", set_huge_memfd, check_huge_memfd},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a resource that capture refuses by name, leaving it unharmed");
    if (variant_is("main-gone")) {
        start_thread(outlive_main, NULL);
        pthread_exit(NULL);
    }
    if (variant_is("shadow-stack")) {
        if (enable_shadow_stack() < 0)
            skip("this processor or kernel has no shadow stacks for programs: their refusal cannot be provoked here");
        ready_and_wait();
        pass();
    }
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (!variant_is(resources[i].name))
            continue;
        resources[i].set();
        ready_and_wait();
        resources[i].check();
        pass();
    }
    fail("unknown resource %s", fixture_variant());
}
