/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "capture.h"
#include "checkpoint_format.h"

#define EXIT_USAGE 2
#define LONGEST_INTERVAL 31536000 /* seconds: a year */

enum { OPTION_PID = 256, OPTION_CONTINUE, OPTION_KILL, OPTION_COW, OPTION_SIGNAL, OPTION_INTERVAL, OPTION_ALLOW, OPTION_RECORD, OPTION_COOKIE,
       OPTION_RESUME, OPTION_FORK, OPTION_INPUTS, OPTION_HELP,
       OPTION_VERSION };

static const struct option LONG_OPTIONS[] = {
    {"output", required_argument, NULL, 'o'},
    {"pid", required_argument, NULL, OPTION_PID},
    {"continue", no_argument, NULL, OPTION_CONTINUE},
    {"kill", no_argument, NULL, OPTION_KILL},
    {"cow", no_argument, NULL, OPTION_COW},
    {"signal", required_argument, NULL, OPTION_SIGNAL},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"allow", required_argument, NULL, OPTION_ALLOW},
    {"inputs", required_argument, NULL, OPTION_INPUTS},
    {"record", required_argument, NULL, OPTION_RECORD}, /* these four are for libundump alone */
    {"cookie", required_argument, NULL, OPTION_COOKIE},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"fork", no_argument, NULL, OPTION_FORK},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    fputs("Usage: ckpt [-o FILE] [--continue] [--cow] [--signal SIG] [--interval SECONDS] [--inputs WHICH] [--allow WHAT] [-v]\n"
          "            [--] PROGRAM ARG...\n"
          "       ckpt --pid PID [-o FILE] [--continue|--cow|--kill] [--inputs WHICH] [--allow WHAT] [-v]\n"
          "\n"
          "Freezes a running program into a checkpoint file, from which undump makes an executable.\n"
          "The first form runs PROGRAM; SIGUSR2 sent to it or to ckpt writes the checkpoint. The second form captures\n"
          "a program that runs already. The program ends when its checkpoint is written, unless --continue, --cow or\n"
          "--interval is given.\n"
          "\n"
          "  -o, --output FILE     where to write; %p stands for the process id, %n for the checkpoint's number, %% for\n"
          "                        a percent sign (default: myckpt.dat in the program's working directory)\n"
          "      --continue        the program goes on after the checkpoint; it stands while its memory is copied\n"
          "      --kill            the program ends after the checkpoint (the default)\n"
          "      --cow             the program goes on after milliseconds, while a snapshot of its memory is written\n"
          "      --signal SIG      the signal that asks for a checkpoint, by name or number (default: USR2)\n"
          "      --interval SECONDS  writes a checkpoint every SECONDS and goes on\n"
          "      --inputs WHICH    the checkpoint lists files that the program has seen: none (the default), mapped (what it has\n"
          "                        mapped or open for reading), traced (all that it and its children have looked at; it runs\n"
          "                        slower until the checkpoint)\n"
          "      --allow WHAT      accepts a restore that is weaker than the program was; may be repeated:\n",
          stdout);
    for (unsigned i = 0; i < ALLOWANCE_COUNT; i++)
        printf("                          %-13s %s\n", ALLOWANCES[i].word, ALLOWANCES[i].meaning);
    fputs("  -v, --verbose         also says how long each step took\n"
          "      --help            prints this\n"
          "      --version         prints the version\n"
          "\n"
          "Exit status: that of PROGRAM; 0 when a checkpoint ended it; 1 the capture failed (--pid); 2 wrong usage;\n"
          "126 PROGRAM cannot be run; 127 PROGRAM was not found. Needs Linux 5.13 or newer.\n",
          stdout);
}

static int usage(const char *message, const char *what)
{
    fprintf(stderr, "ckpt: %s%s; see ckpt --help\n", message, what);
    return EXIT_USAGE;
}

static int parse_number(const char *text, long lowest, long highest, long *ret)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number < lowest || number > highest)
        return -1;
    *ret = number;
    return 0;
}

static int parse_word(const char *name, const char *text, uint64_t *ret)
{
    char *end;
    *ret = strtoull(text, &end, 16);
    return end != text && !*end ? -1 : usage(name, text);
}

static int parse_signal(const char *text)
{
    long number;
    if (parse_number(text, 1, SIGRTMAX, &number) == 0)
        return (int)number;
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (int signal = 1; signal < NSIG; signal++) {
        const char *name = sigabbrev_np(signal);
        if (name && strcasecmp(name, text) == 0)
            return signal;
    }
    return -1;
}

static int parse_allowance(const char *word, unsigned *allow)
{
    for (unsigned i = 0; i < ALLOWANCE_COUNT; i++) {
        if (strcmp(ALLOWANCES[i].word, word) == 0) {
            *allow |= ALLOWANCES[i].bit;
            return -1;
        }
    }
    return usage("--allow knows no such thing: ", word);
}

static int parse_inputs(const char *word, uint32_t *ret)
{
    static const char *const modes[] = {[CKPT_INPUTS_NONE] = "none", [CKPT_INPUTS_MAPPED] = "mapped", [CKPT_INPUTS_TRACED] = "traced"};
    for (uint32_t mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++) {
        if (strcmp(modes[mode], word) == 0) {
            *ret = mode;
            return -1;
        }
    }
    return usage("--inputs is none, mapped or traced, not ", word);
}

/* last is the word that getopt has just read. */
static int parse_option(int option, const char *last, struct options *options, bool *kill_program)
{
    long number;
    switch (option) {
    case 'o':
        options->output = optarg;
        return *optarg ? -1 : usage("-o needs a file name", "");
    case 'v':
        options->verbose = true;
        return -1;
    case OPTION_PID:
        if (parse_number(optarg, 1, INT_MAX, &number) < 0)
            return usage("--pid needs a process id, not ", optarg);
        options->pid = (pid_t)number;
        return -1;
    case OPTION_CONTINUE:
        options->keep_running = true;
        return -1;
    case OPTION_KILL:
        *kill_program = true;
        return -1;
    case OPTION_COW:
        options->cow = options->keep_running = true;
        return -1;
    case OPTION_SIGNAL:
        options->signal = parse_signal(optarg);
        return options->signal > 0 && options->signal != SIGKILL && options->signal != SIGSTOP
                   ? -1 : usage("--signal needs a signal that a program can be sent, not ", optarg);
    case OPTION_INTERVAL:
        if (parse_number(optarg, 1, LONGEST_INTERVAL, &number) < 0)
            return usage("--interval needs seconds from 1 to 31536000, not ", optarg);
        options->interval = (unsigned)number;
        options->keep_running = true;
        return -1;
    case OPTION_ALLOW:
        return parse_allowance(optarg, &options->allow);
    case OPTION_INPUTS:
        return parse_inputs(optarg, &options->input_mode);
    case OPTION_RECORD:
        return parse_word("--record needs an address, not ", optarg, &options->record);
    case OPTION_COOKIE:
        return parse_word("--cookie needs a hexadecimal number, not ", optarg, &options->cookie);
    case OPTION_RESUME:
        options->resume = true;
        return -1;
    case OPTION_FORK:
        options->fork = true;
        return -1;
    case OPTION_HELP:
        print_help();
        return 0;
    case OPTION_VERSION:
        puts(CAPTURE_ENGINE);
        return 0;
    case ':':
        return usage("this option needs a value: ", last);
    default:
        return usage("unknown option: ", last);
    }
}

int parse_options(int argc, char **argv, struct options *ret)
{
    struct options options = {.signal = SIGUSR2};
    bool kill_program = false;
    int option;
    opterr = 0;
    /* "+": what follows the program's name is the program's. ":": a missing value is told apart. */
    while ((option = getopt_long(argc, argv, "+:o:v", LONG_OPTIONS, NULL)) != -1) {
        int status = parse_option(option, argv[optind - 1], &options, &kill_program);
        if (status >= 0)
            return status;
    }
    options.program = argv + optind;
    if (options.pid && optind < argc)
        return usage("give either --pid or a program, not both: ", argv[optind]);
    if (!options.pid && optind == argc)
        return usage("give a program to run, or --pid", "");
    if (kill_program && options.keep_running)
        return usage("--kill does not go with --continue, --cow or --interval", "");
    if (options.pid && (options.interval || options.signal != SIGUSR2))
        return usage("--interval and --signal are for programs that ckpt runs, not for --pid", "");
    if (options.pid && options.input_mode == CKPT_INPUTS_TRACED)
        return usage("--inputs traced is for programs that ckpt runs: what a running one has read before, nobody knows; use --inputs "
                     "mapped", "");
    if (options.interval && options.input_mode == CKPT_INPUTS_TRACED)
        return usage("--interval does not go with --inputs traced, which ends with the first checkpoint", "");
    if (options.fork && (!options.pid || options.output || options.keep_running || kill_program))
        return usage("--fork goes with --pid, and with no option about a checkpoint", "");
    *ret = options;
    return -1;
}
