// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * The processor that captured.
 *
 * @param vendor of CPUID leaf 0
 * @param model of CPUID leaves 0x80000002 to 4
 * @param xcr0 components that the system had enabled
 * @param xsaveSize bytes for them in the standard format, CPUID 0xD.0 EBX
 * @param xsavecSize bytes in the compacted format, 0 without XSAVEC
 * @param minSignalStack {@code AT_MINSIGSTKSZ}
 */
public record Cpu(NativeText vendor, NativeText model, long xcr0, int xsaveSize, int xsavecSize, int minSignalStack) {}
