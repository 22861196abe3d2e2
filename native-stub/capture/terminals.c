/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals. A launch has one, which takes the place of the program's: the controlling one, or what 0, 1 or 2 lead to.
 * Any other that the program has opened is a line or a window of its own, for which a launch has nothing.
 *
 * Modes belong to the terminal, not to a program: only those that the job in its foreground works with are its own. In the
 * background of a shell at its prompt one would find the shell's.
 */
#define _GNU_SOURCE
#include "descriptors.h"

#include <asm/termbits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc_files.h"

#define STAT_TERMINAL 7   /* tty_nr of proc(5) */
#define STAT_FOREGROUND 8 /* tpgid */

struct session { /* what the program's has */
    dev_t terminal; /* 0: none */
    uint32_t foreground_group;
};

static struct session read_session(const struct capture *capture)
{
    AUTO_BUFFER struct buffer text = {0};
    struct session session = {0};
    if (read_proc(&text, "%d/stat", capture->pid) < 0)
        return session;
    uint32_t number = (uint32_t)stat_field((char *)text.data, STAT_TERMINAL);
    if (number) /* new_encode_dev() of linux/kdev_t.h */
        session.terminal = makedev(number >> 8 & 0xfff, (number & 0xff) | (number >> 12 & 0xfff00));
    session.foreground_group = (uint32_t)stat_field((char *)text.data, STAT_FOREGROUND);
    return session;
}

static bool is_dev_tty(dev_t device)
{
    return major(device) == 5 && minor(device) == 0;
}

/* Whether 0, 1 or 2 is this terminal, opened another time. */
static bool is_standard_terminal(const struct capture *capture, dev_t device)
{
    for (int standard = 0; standard <= 2; standard++) {
        char path[64];
        struct stat status;
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", capture->pid, standard);
        if (stat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == device)
            return true;
    }
    return false;
}

/* A terminal that has hung up has no modes any more: the record then says nothing of them. */
static void read_modes(const struct capture *capture, int descriptor, struct ckpt_terminal *terminal)
{
    AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, descriptor, 0);
    struct termios2 modes;
    struct winsize size;
    if (fd < 0 || ioctl(fd, TCGETS2, &modes) < 0) {
        terminal->flags &= ~CKPT_TERMINAL_FOREGROUND;
        return;
    }
    _Static_assert(sizeof(modes.c_cc) == sizeof(terminal->characters), "struct termios2");
    terminal->input_flags = modes.c_iflag;
    terminal->output_flags = modes.c_oflag;
    terminal->control_flags = modes.c_cflag;
    terminal->local_flags = modes.c_lflag;
    terminal->line = modes.c_line;
    memcpy(terminal->characters, modes.c_cc, sizeof(modes.c_cc));
    if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
        terminal->rows = size.ws_row;
        terminal->columns = size.ws_col;
    }
}

int describe_terminal(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    struct session session = read_session(capture);
    dev_t device = is_dev_tty(file->status.st_rdev) ? session.terminal : file->status.st_rdev;
    bool controlling = device != 0 && device == session.terminal;
    if (!controlling && !file->standard && !is_standard_terminal(capture, device))
        return refuse_file(capture, file, "a terminal that is not the program's own", "close it before");
    struct ckpt_terminal terminal = {
        .description = file->index,
        .flags = controlling ? CKPT_TERMINAL_CONTROLLING : 0u,
        .device_major = major(device), .device_minor = minor(device),
    };
    if (controlling && session.foreground_group == capture->process.group_id)
        terminal.flags |= CKPT_TERMINAL_FOREGROUND;
    record->kind = CKPT_FILE_TERMINAL;
    read_modes(capture, file->fd, &terminal);
    buffer_append(&capture->terminals, &terminal, sizeof(terminal));
    return 0;
}
