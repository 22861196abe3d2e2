// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** One answer of the CPUID instruction. */
public record CpuidLeaf(int leaf, int subleaf, int eax, int ebx, int ecx, int edx) {}
