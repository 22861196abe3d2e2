// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;

/**
 * Bits of a CPUID answer that the launching machine must have, {@code struct image_cpu_feature}.
 *
 * @param leaf EAX of the question
 * @param subleaf ECX of the question
 * @param register 0 eax, 1 ebx, 2 ecx, 3 edx
 * @param mask the bits
 * @param name as in /proc/cpuinfo
 */
public record CpuFeature(int leaf, int subleaf, int register, int mask, NativeText name) {}
