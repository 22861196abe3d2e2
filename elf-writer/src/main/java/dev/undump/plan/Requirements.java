// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.List;

/**
 * What the launching machine must have.
 *
 * @param features sorted by leaf, subleaf, register and bit
 * @param components xsave components with contents, by number
 * @param xcr0 components that must be enabled
 * @param maxXsaveSize bytes; CPUID 0xD.0 EBX must not be larger; 0: any
 * @param maxXsavecSize bytes; CPUID 0xD.1 EBX must not be larger; 0: any
 * @param kernelMajor oldest kernel
 * @param kernelMinor oldest kernel
 */
public record Requirements(
        List<CpuFeature> features,
        List<XstateComponent> components,
        long xcr0,
        int maxXsaveSize,
        int maxXsavecSize,
        int kernelMajor,
        int kernelMinor) {

    public Requirements {
        features = List.copyOf(features);
        components = List.copyOf(components);
    }
}
