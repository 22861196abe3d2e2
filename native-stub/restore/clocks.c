// SPDX-License-Identifier: Apache-2.0
/*
 * Clocks that count from the start of the machine. After a restart, or on another machine, they may stand earlier than at
 * the capture; a program that kept a moment of theirs, for a wait or in its memory, would see time go backwards. So the launch
 * goes into a time namespace in which they go on from the capture (time_namespaces(7)).
 *
 * Method: unshare makes the namespace for children, its offsets are written, setns takes the only thread there is into it.
 * Root may do that as it is. Others need a user namespace around it, in which their own ids stay what they are; the rights
 * that come with it are given back at once. A namespace cannot be left again, so all that it needs is tried before.
 */
#include "restore/stub.h"

#define OFFSETS "/proc/self/timens_offsets"
#define OWN_NAMESPACE "/proc/self/ns/time_for_children"

struct clock_offset {
    int64_t seconds, nanoseconds;
};

/* How far behind the clock is that stood at then when the program was captured. */
static uint64_t behind(uint64_t clock, uint64_t then)
{
    struct abi_timespec now;
    uint64_t now_ns;

    if (then == 0 || is_error(sys_clock_gettime(clock, &now)))
        return 0;
    now_ns = (uint64_t)now.seconds * NANOSECONDS + (uint64_t)now.nanoseconds;
    return now_ns < then ? then - now_ns : 0;
}

static int64_t write_file(const char *path, const char *text, uint64_t length)
{
    int64_t fd = sys_open(path, ABI_O_WRONLY | ABI_O_CLOEXEC);
    int64_t result = fd;

    if (is_error(fd))
        return fd;
    if (length > 0)
        result = sys_write((int)fd, text, length);
    sys_close((int)fd);
    return is_error(result) ? result : 0;
}

static int64_t write_line(struct stub_state *state, const char *path, const char *format, ...)
{
    struct stub_line *line = &state->line; /* nobody else speaks yet */
    va_list arguments;

    line->length = 0;
    va_start(arguments, format);
    line_append_list(line, format, arguments);
    va_end(arguments);
    return write_file(path, line->bytes, line->length);
}

static int64_t signed_number(const char **text)
{
    bool negative;

    while (**text == ' ' || **text == '\t')
        ++*text;
    negative = **text == '-';
    *text += negative;
    return negative ? -(int64_t)text_number(text) : (int64_t)text_number(text);
}

/* The offsets that the launch's own namespace has already: lines of a name, seconds and nanoseconds, first CLOCK_MONOTONIC's. */
static void read_offsets(struct stub_state *state, struct clock_offset ret[2])
{
    char *text = (char *)state->buffer;
    int64_t fd = sys_open(OFFSETS, ABI_O_RDONLY | ABI_O_CLOEXEC), length = 0;
    const char *next = text;

    if (!is_error(fd)) {
        length = sys_read((int)fd, text, STUB_BUFFER_BYTES - 1);
        sys_close((int)fd);
    }
    text[length > 0 ? length : 0] = '\0';
    for (int i = 0; i < 2; i++) {
        while (*next >= 'a' && *next <= 'z')
            next++;
        ret[i].seconds = signed_number(&next);
        ret[i].nanoseconds = signed_number(&next);
        next += *next == '\n';
    }
}

static void add(struct clock_offset *offset, uint64_t nanoseconds)
{
    offset->seconds += (int64_t)(nanoseconds / NANOSECONDS);
    offset->nanoseconds += (int64_t)(nanoseconds % NANOSECONDS);
    if (offset->nanoseconds >= (int64_t)NANOSECONDS) {
        offset->seconds++;
        offset->nanoseconds -= (int64_t)NANOSECONDS;
    }
}

static int64_t set_offsets(struct stub_state *state, uint64_t monotonic, uint64_t boottime)
{
    struct clock_offset offsets[2] = {{0, 0}, {0, 0}};

    read_offsets(state, offsets);
    add(&offsets[0], monotonic);
    add(&offsets[1], boottime);
    return write_line(state, OFFSETS, "monotonic %d %d\nboottime %d %d\n", offsets[0].seconds, offsets[0].nanoseconds,
                      offsets[1].seconds, offsets[1].nanoseconds);
}

static int64_t join(void)
{
    int64_t fd = sys_open(OWN_NAMESPACE, ABI_O_RDONLY | ABI_O_CLOEXEC);
    int64_t result = fd;

    if (is_error(fd))
        return fd;
    result = sys_setns((int)fd, ABI_CLONE_NEWTIME);
    sys_close((int)fd);
    return result;
}

static int64_t map_ids(struct stub_state *state, int64_t user, int64_t group)
{
    int64_t result = write_line(state, "/proc/self/setgroups", "deny");

    if (result == 0)
        result = write_line(state, "/proc/self/uid_map", "%d %d 1\n", user, user);
    if (result == 0)
        result = write_line(state, "/proc/self/gid_map", "%d %d 1\n", group, group);
    return result;
}

/* Some systems let everybody make a user namespace and give no rights in it (AppArmor of Ubuntu): a child finds out. */
static int64_t try_users(struct stub_state *state, int64_t user, int64_t group)
{
    int status = 0;
    int64_t ended, pid = syscall5(NR_clone, 0, 0, 0, 0, 0); /* a fork that tells nobody of its end */

    if (pid == 0) {
        int64_t result = sys_unshare(ABI_CLONE_NEWUSER | ABI_CLONE_NEWTIME);

        if (result == 0)
            result = map_ids(state, user, group);
        sys_exit_group(is_error(result) ? 1 : 0);
    }
    if (is_error(pid))
        return pid;
    do
        ended = syscall4(NR_wait4, (uint64_t)pid, STUB_ADDRESS(&status), WAIT_ALL, 0);
    while (ended == -ABI_EINTR);
    return ended == pid && status == 0 ? 0 : -ABI_EPERM;
}

/* For those who have no capability that they would lose. Returns -errno while nothing has happened. */
static int64_t make_with_users(struct stub_state *state)
{
    int64_t user = sys_geteuid(), group = sys_getegid();
    int64_t result;

    if (state->rights.permitted != 0 || state->launch.is_root || state->launch.secure)
        return -ABI_EPERM;
    result = write_file("/proc/self/uid_map", "", 0); /* can it be opened? */
    if (result == 0)
        result = try_users(state, user, group);
    if (result == 0)
        result = sys_unshare(ABI_CLONE_NEWUSER | ABI_CLONE_NEWTIME);
    if (is_error(result))
        return result;
    result = map_ids(state, user, group);
    if (is_error(result))
        stub_fail(state, "going into a user namespace for a time namespace, as user %d: %e; launch as root, or where user"
                  " namespaces are forbidden", user, result);
    return 0;
}

static int64_t enter(struct stub_state *state, uint64_t monotonic, uint64_t boottime)
{
    const struct stub_rights none = {0};
    bool with_users = false;
    int64_t result = write_file(OFFSETS, "", 0);

    if (is_error(result))
        return result;
    result = sys_unshare(ABI_CLONE_NEWTIME);
    if (result == -ABI_EPERM) {
        with_users = true;
        result = make_with_users(state);
    }
    if (is_error(result))
        return result;
    result = set_offsets(state, monotonic, boottime);
    if (result == 0)
        result = join();
    if (with_users)
        capabilities_set(&none);
    return result;
}

void clocks_enter(struct stub_state *state)
{
    uint64_t monotonic = behind(ABI_CLOCK_MONOTONIC, state->plan->monotonic_ns);
    int64_t result;

    if (monotonic == 0) /* CLOCK_BOOTTIME alone, which few use, is not worth a namespace */
        return;
    result = enter(state, monotonic, behind(ABI_CLOCK_BOOTTIME, state->plan->boottime_ns));
    if (is_error(result))
        stub_warn(state, "this machine's CLOCK_MONOTONIC is %u seconds behind that of the capture, and a time namespace that would"
                  " make up for it: %e; waits until a moment of that clock last so much longer", monotonic / NANOSECONDS, result);
}
