/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), in portable C: the stub uses no vector registers. Pure: also compiled into host tests. */
#ifndef UNDUMP_STUB_SHA256_H
#define UNDUMP_STUB_SHA256_H

#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_BLOCK 64

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *sum);
void sha256_add(struct sha256 *sum, const void *bytes, uint64_t size);
void sha256_end(struct sha256 *sum, uint8_t ret_digest[SHA256_BYTES]);

#endif
