/* SPDX-License-Identifier: Apache-2.0 */
#include "capture_arch.h"

#include <cpuid.h>
#include <string.h>

#define XSTATE_LEAF 0xd
#define OSXSAVE (1u << 27) /* CPUID 1 ECX */

static uint64_t read_xcr0(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & OSXSAVE))
        return 0;
    uint32_t low, high;
    /* xgetbv: in ecx = 0 (XCR0); out edx:eax. */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static void add_leaf(struct buffer *cpuid, uint32_t leaf, uint32_t subleaf)
{
    struct ckpt_cpuid answer = {.leaf = leaf, .subleaf = subleaf};
    uint32_t highest = __get_cpuid_max(leaf & 0x80000000u, 0);
    if (highest < leaf)
        return;
    __cpuid_count(leaf, subleaf, answer.eax, answer.ebx, answer.ecx, answer.edx);
    if (leaf == XSTATE_LEAF && subleaf >= 2 && !answer.eax)
        return;
    buffer_append(cpuid, &answer, sizeof(answer));
}

void describe_cpu(struct ckpt_cpu *ret, struct buffer *cpuid)
{
    static const uint32_t leaves[][2] = {
        {1, 0}, {7, 0}, {7, 1}, {XSTATE_LEAF, 0}, {XSTATE_LEAF, 1}, {0x14, 0}, {0x19, 0}, {0x1d, 0}, {0x1d, 1},
        {0x1e, 0}, {0x24, 0}, {0x80000001u, 0}, {0x80000007u, 0}, {0x80000008u, 0},
    };
    struct ckpt_cpu cpu = {0};
    uint32_t eax, ebx, ecx, edx;
    __cpuid(0, eax, ebx, ecx, edx);
    memcpy(cpu.vendor, &ebx, 4);
    memcpy(cpu.vendor + 4, &edx, 4);
    memcpy(cpu.vendor + 8, &ecx, 4);
    if (__get_cpuid_max(0x80000000u, 0) >= 0x80000004u) {
        for (uint32_t part = 0; part < 3; part++) {
            uint32_t words[4];
            __cpuid(0x80000002u + part, words[0], words[1], words[2], words[3]);
            memcpy(cpu.model + part * 16, words, 16);
        }
    }
    cpu.xcr0 = read_xcr0();
    if (cpu.xcr0) {
        __cpuid_count(XSTATE_LEAF, 0, eax, cpu.xsave_size, ecx, edx);
        __cpuid_count(XSTATE_LEAF, 1, eax, cpu.xsavec_size, ecx, edx);
        if (!(eax & 2)) /* no XSAVEC */
            cpu.xsavec_size = 0;
    }
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        add_leaf(cpuid, leaves[i][0], leaves[i][1]);
    for (uint32_t component = 2; component < 64; component++)
        add_leaf(cpuid, XSTATE_LEAF, component);
    *ret = cpu;
}
