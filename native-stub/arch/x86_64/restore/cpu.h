/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID and XGETBV. CPUID leaves the virtual machine, some 4 us each: callers ask each leaf once. */
#ifndef UNDUMP_STUB_CPU_H
#define UNDUMP_STUB_CPU_H

#include <stdint.h>

#define CPUID_1_ECX_SSE42 (UINT32_C(1) << 20)
#define CPUID_1_ECX_OSXSAVE (UINT32_C(1) << 27)

/* Input eax leaf, ecx subleaf; output eax, ebx, ecx, edx, the order of image_cpu_feature.reg. */
static inline void cpu_ask(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    __asm__("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(subleaf));
}

/* Input ecx 0, output edx:eax: the xsave components that the kernel enabled. Needs OSXSAVE. */
static inline uint64_t cpu_xcr0(void)
{
    uint32_t low, high;

    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

#endif
