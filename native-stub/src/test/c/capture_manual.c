/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manual page of ckpt has every option and every word for --allow that ckpt --help has, and no other option.
 *
 * Runs the ckpt that was built with it. Reads man/ckpt.1 from the
 * directory that make runs the tests in.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/test/c/support/built_path.h"

#define TEXT_BYTES 65536
#define WORD_COLUMN 26 /* of the words for --allow in the help */

static int failures;

static void read_all(FILE *from, char *text)
{
    size_t size = from ? fread(text, 1, TEXT_BYTES - 1, from) : 0;
    text[size] = 0;
    if (size == 0) {
        fprintf(stderr, "failed: nothing to read\n");
        exit(1);
    }
}

/* Takes the escapes out of a manual page: \- is a minus, \fB and the like change the font. */
static void strip_escapes(char *text)
{
    char *to = text;
    for (const char *from = text; *from; ) {
        if (from[0] == '\\' && from[1] == 'f') {
            from += 3;
        } else {
            from += *from == '\\';
            *to++ = *from++;
        }
    }
    *to = 0;
}

static size_t option_length(const char *at)
{
    size_t length = 2;
    if (strncmp(at, "--", 2) != 0 || !islower((unsigned char)at[2]))
        return 0;
    while (islower((unsigned char)at[length]) || at[length] == '-')
        length++;
    return length;
}

/* Whether text has the word, with no letter or minus behind it. */
static bool has_word(const char *text, const char *word)
{
    for (const char *at = text; (at = strstr(at, word)); at++) {
        char next = at[strlen(word)];
        if (!isalnum((unsigned char)next) && next != '-')
            return true;
    }
    return false;
}

static void expect_word(const char *text, const char *start, size_t length, const char *where)
{
    char word[64] = "";
    memcpy(word, start, length < sizeof(word) ? length : sizeof(word) - 1);
    if (has_word(text, word))
        return;
    failures++;
    fprintf(stderr, "failed: %s is not in %s\n", word, where);
}

/* Returns how many options text has. */
static int expect_options(const char *text, const char *elsewhere, const char *where)
{
    int count = 0;
    for (const char *at = text; *at; at++) {
        size_t length = at == text || !strchr("-", at[-1]) ? option_length(at) : 0;
        if (!length)
            continue;
        count++;
        expect_word(elsewhere, at, length, where);
    }
    return count;
}

static int expect_allowances(const char *help, const char *page)
{
    int count = 0;
    for (const char *line = strstr(help, "--allow WHAT  "); line && (line = strchr(line, '\n')); ) {
        line++;
        if (strspn(line, " ") != WORD_COLUMN)
            break;
        expect_word(page, line + WORD_COLUMN, strcspn(line + WORD_COLUMN, " "), "the manual page");
        count++;
    }
    return count;
}

int main(void)
{
    static char help[TEXT_BYTES], page[TEXT_BYTES];
    char command[5000];
    snprintf(command, sizeof(command), "\"%s\" --help", built_path("ckpt"));
    FILE *pipe = popen(command, "r"), *file = fopen("man/ckpt.1", "r");
    read_all(pipe, help);
    read_all(file, page);
    pclose(pipe);
    fclose(file);
    strip_escapes(page);
    char *see_also = strstr(page, ".SH EXAMPLES"); /* other commands' options may stand from there on */
    if (see_also)
        *see_also = 0;
    if (expect_options(help, page, "the manual page") < 10 || expect_options(page, help, "the help") < 10 ||
        expect_allowances(help, page) < 3) {
        fprintf(stderr, "failed: the help does not look as it did\n");
        failures++;
    }
    return failures ? 1 : 0;
}
