/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

/*
 * What full-screen programs do: on SIGWINCH they ask for the size, when the call that they wait in has ended, and draw when it is
 * another. After a launch there must be something to draw for, and in the end the size is the terminal's.
 */
static volatile sig_atomic_t told;
static struct winsize known;
static bool drew;

static void on_resize(int signal_number) {
    (void)signal_number;
    note_handler();
    told = 1;
}

static struct winsize ask(void) {
    struct winsize size;
    MUST(ioctl(0, TIOCGWINSZ, &size));
    return size;
}

static void draw(void) {
    told = 0;
    struct winsize size = ask();
    drew |= size.ws_row != known.ws_row || size.ws_col != known.ws_col;
    known = size;
}

static void draw_until_a_key_comes(void) {
    struct pollfd keys = {.fd = 0, .events = POLLIN};
    int found;
    while ((found = poll(&keys, 1, -1)) < 1) {
        CHECK(found < 0 && errno == EINTR, "poll: %s", strerror(errno));
        if (told)
            draw();
    }
}

static void draw_when_told(const sigset_t *unblocked) {
    const struct timespec limit = {.tv_sec = 20};
    int found = told ? -1 : ppoll(NULL, 0, &limit, unblocked);
    CHECK(found < 0, "nobody said that the size has changed");
    draw();
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a program that draws on the terminal draws again after a launch");
    struct sigaction action = {.sa_handler = on_resize};
    struct termios before, raw;
    if (!isatty(0))
        skip("stdin is no terminal");
    MUST(sigaction(SIGWINCH, &action, NULL));
    MUST(tcgetattr(0, &before));
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    MUST(tcsetattr(0, TCSANOW, &raw));
    known = ask();
    struct winsize first = known;

    say_ready();
    draw_until_a_key_comes();
    wait_for_go();
    sigset_t resize, unblocked;
    sigemptyset(&resize);
    sigaddset(&resize, SIGWINCH);
    MUST(sigprocmask(SIG_BLOCK, &resize, &unblocked));

    /* On a terminal of the same size the first answer is another one, and the right one follows. */
    struct winsize *wanted = variant_is("same") ? &first : &known;
    while (was_launched() && (!drew || known.ws_row != wanted->ws_row || known.ws_col != wanted->ws_col))
        draw_when_told(&unblocked);
    MUST(tcsetattr(0, TCSANOW, &before));
    struct winsize now = ask();
    CHECK_EQ(now.ws_row, known.ws_row);
    CHECK_EQ(now.ws_col, known.ws_col);
    pass();
}
