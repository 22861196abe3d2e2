// SPDX-License-Identifier: Apache-2.0
/* The stub's SHA-256 against the examples of FIPS 180-4 and the vectors of NIST's CAVP, in one piece and in many. */
#include <string.h>

#include "restore/sha256.c"
#include "src/test/c/support/expect.h"

static void digest_of(const void *bytes, uint64_t size, uint64_t piece, uint8_t ret_digest[SHA256_BYTES])
{
    struct sha256 sum;

    sha256_begin(&sum);
    for (uint64_t at = 0; at < size; at += piece)
        sha256_add(&sum, (const uint8_t *)bytes + at, size - at < piece ? size - at : piece);
    sha256_end(&sum, ret_digest);
}

static void expect_digest(const void *bytes, uint64_t size, const char *hex)
{
    static const uint64_t pieces[] = {1, 3, 55, 56, 63, 64, 65, 127, 128, 1000, UINT64_MAX / 2};

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        uint8_t digest[SHA256_BYTES];
        char found[2 * SHA256_BYTES + 1];

        digest_of(bytes, size, pieces[i], digest);
        for (int at = 0; at < SHA256_BYTES; at++)
            sprintf(found + 2 * at, "%02x", digest[at]);
        expect(strcmp(found, hex) == 0, hex);
    }
}

int main(void)
{
    static char million[1000000];
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    const char *three_blocks = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
                               "mnopqrstnopqrstu";

    memset(million, 'a', sizeof(million));
    expect_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_digest("\xbd", 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
    expect_digest(two_blocks, strlen(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect_digest(three_blocks, strlen(three_blocks), "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    expect_digest(million, sizeof(million), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    memset(million, 0, sizeof(million));
    expect_digest(million, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
    expect_digest(million, 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
    expect_digest(million, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
    return failures != 0;
}
