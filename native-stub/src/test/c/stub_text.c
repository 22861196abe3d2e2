// SPDX-License-Identifier: Apache-2.0
/* Lines of text, numbers, checksums and byte functions of the stub. */
#define _GNU_SOURCE /* strerrorname_np */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "restore/crc32c.c"
#include "restore/text.c"

#include "src/test/c/support/expect.h"

static const char *finished(struct stub_line *line)
{
    static char text[STUB_LINE_BYTES + 1];

    line_finish(line);
    memcpy(text, line->bytes, line->length);
    text[line->length] = '\0';
    return text;
}

static void conversions_print_their_argument(void)
{
    struct stub_line line = {.length = 0};

    line_append(&line, "%s %d %u %x %c %e %e 100%% %q%", "text", (int64_t)-42, UINT64_MAX, UINT64_C(0xfeed), 'c',
                (int64_t)-2, (int64_t)4000);
    expect(strcmp(finished(&line), "text -42 18446744073709551615 0xfeed c No such file or directory (ENOENT) error 4000 "
                                   "100% q%\n") == 0, "conversions");
    line.length = 0;
    line_append(&line, "%d %d", INT64_MIN, (int64_t)0);
    expect(strcmp(finished(&line), "-9223372036854775808 0\n") == 0, "extreme numbers");
}

static void error_words_are_those_of_libc(void)
{
    for (size_t i = 0; i < sizeof(error_texts) / sizeof(error_texts[0]); i++)
        expect(strcmp(error_texts[i].words, strerror(error_texts[i].number)) == 0 &&
                   strcmp(error_texts[i].name, strerrorname_np(error_texts[i].number)) == 0, error_texts[i].name);
}

static void a_long_line_is_cut(void)
{
    struct stub_line line = {.length = 0};
    const char *text;

    for (int i = 0; i < 100; i++)
        line_append(&line, "%s", "a line of twenty ch\n");
    text = finished(&line);
    expect(strlen(text) == STUB_LINE_BYTES, "cut length");
    expect(strcmp(text + STUB_LINE_BYTES - 4, "...\n") == 0, "cut end");
    expect(strchr(text, '\n') == text + STUB_LINE_BYTES - 1, "one line whatever is in it");
}

static void numbers_are_read(void)
{
    const char *release = "6.18.44-generic";

    expect(text_number(&release) == 6 && *release++ == '.' && text_number(&release) == 18 && *release == '.', "release");
    release = "x";
    expect(text_number(&release) == 0 && *release == 'x', "no number");
    release = "99999999999999999999";
    expect(text_number(&release) >= 100000000, "large number");
    expect(text_equal("", "") && text_equal("ab", "ab") && !text_equal("ab", "abc") && !text_equal("abc", "ab"), "equal");
}

/* RFC 3720 B.4 */
static void checksum_matches_the_rfc(bool hardware)
{
    uint8_t bytes[32];

    memset(bytes, 0, sizeof(bytes));
    expect(~stub_crc_add(STUB_CRC_INITIAL, bytes, 32, hardware) == 0x8a9136aa, "crc of zeros");
    memset(bytes, 0xff, sizeof(bytes));
    expect(~stub_crc_add(STUB_CRC_INITIAL, bytes, 32, hardware) == 0x62a8ab43, "crc of ones");
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    expect(~stub_crc_add(STUB_CRC_INITIAL, bytes, 32, hardware) == 0x46dd794e, "crc of numbers");
    expect(stub_crc_add(stub_crc_add(STUB_CRC_INITIAL, bytes, 13, hardware), bytes + 13, 19, hardware) ==
               stub_crc_add(STUB_CRC_INITIAL, bytes, 32, !hardware), "crc in two pieces");
}

/* Long pieces go another way: three runs side by side. */
static void long_checksums_match(void)
{
    static uint8_t bytes[20000];
    uint32_t zeros;

    for (uint32_t bit = 0; bit < 32; bit++) {
        zeros = UINT32_C(1) << bit;
        for (uint32_t i = 0; i < RUN_BYTES; i++)
            zeros = add_byte(zeros, 0);
        expect(moved_bits[bit] == zeros, "table of moved bits");
    }
    for (uint32_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    for (uint32_t size = 3000; size < sizeof(bytes); size += 777)
        expect(stub_crc_add(STUB_CRC_INITIAL, bytes + size % 7, size - 7, true) ==
                   stub_crc_add(STUB_CRC_INITIAL, bytes + size % 7, size - 7, false), "crc of a long piece");
}

int main(void)
{
    conversions_print_their_argument();
    error_words_are_those_of_libc();
    a_long_line_is_cut();
    numbers_are_read();
    checksum_matches_the_rfc(false);
    if (__builtin_cpu_supports("sse4.2")) {
        checksum_matches_the_rfc(true);
        long_checksums_match();
    }
    return failures != 0;
}
