// SPDX-License-Identifier: Apache-2.0
#include "restore/crc32c.h"

#include "restore/crc_instruction.h"

/* Castagnoli polynomial, reflected. */
#define CRC_POLYNOMIAL UINT32_C(0x82f63b78)

/* Bit by bit: small, and only processors from before SSE4.2 (2008) come here. */
static uint32_t add_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ (CRC_POLYNOMIAL & (0U - (crc & 1)));
    return crc;
}

/*
 * The instruction takes three cycles but can begin one each cycle, so three runs of bytes are summed side by side and
 * joined: the sum of a run followed by another is the first one's sum, moved on by the length of the second, xor the
 * second one's own. Moving on is linear over GF(2), so it is a table of what becomes of each of the 32 bits.
 */
#define RUN_BYTES 1024

/* Bit n of a sum, moved on by RUN_BYTES zero bytes; the host test computes the table anew. */
static const uint32_t moved_bits[32] = {
    0xfe314258, 0xf98ef241, 0xf6f19273, 0xe80f5217, 0xd5f2d2df, 0xae09d34f, 0x59ffd06f, 0xb3ffa0de,
    0x6213374d, 0xc4266e9a, 0x8da0abc5, 0x1ead217b, 0x3d5a42f6, 0x7ab485ec, 0xf5690bd8, 0xef3e6141,
    0xdb90b473, 0xb2cd1e17, 0x60764adf, 0xc0ec95be, 0x84355d8d, 0x0d86cdeb, 0x1b0d9bd6, 0x361b37ac,
    0x6c366f58, 0xd86cdeb0, 0xb535cb91, 0x6f87e1d3, 0xdf0fc3a6, 0xbbf3f1bd, 0x720b958b, 0xe4172b16,
};

static uint32_t move_on(uint32_t crc)
{
    uint32_t moved = 0;

    for (uint32_t bit = 0; bit < 32; bit++)
        moved ^= moved_bits[bit] & (0U - (crc >> bit & 1));
    return moved;
}

static uint32_t add_three_runs(uint32_t crc, const uint8_t *bytes)
{
    uint32_t second = 0, third = 0;

    for (uint32_t i = 0; i < RUN_BYTES; i += 8) {
        crc = crc_instruction_8(crc, bytes + i);
        second = crc_instruction_8(second, bytes + RUN_BYTES + i);
        third = crc_instruction_8(third, bytes + 2 * RUN_BYTES + i);
    }
    return move_on(move_on(crc) ^ second) ^ third;
}

uint32_t stub_crc_add(uint32_t crc, const void *bytes, uint64_t size, bool hardware)
{
    const uint8_t *next = bytes;

    if (hardware) {
        for (; size >= 3 * RUN_BYTES; size -= 3 * RUN_BYTES, next += 3 * RUN_BYTES)
            crc = add_three_runs(crc, next);
        for (; size >= 8; size -= 8, next += 8)
            crc = crc_instruction_8(crc, next);
        for (; size > 0; size--, next++)
            crc = crc_instruction_1(crc, *next);
        return crc;
    }
    for (; size > 0; size--, next++)
        crc = add_byte(crc, *next);
    return crc;
}
