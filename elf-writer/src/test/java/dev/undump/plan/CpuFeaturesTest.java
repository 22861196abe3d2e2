// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.CpuidLeaf;
import dev.undump.checkpoint.NativeText;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuFeaturesTest {

    @Test
    void of_namesEachFeatureThatIsThere() {
        assertThat(CpuFeatures.of(List.of(
                        new CpuidLeaf(0x80000001, 0, 0, 0, 1 << 5, 0),
                        new CpuidLeaf(7, 0, 0, 1 << 16 | 1 << 31, 0, 0),
                        new CpuidLeaf(1, 0, -1, -1, 1, 1 << 26))))
                .containsExactly(
                        feature(1, 2, 1, "sse3"),
                        feature(1, 3, 1 << 26, "sse2"),
                        feature(7, 1, 1 << 16, "avx512f"),
                        feature(7, 1, 1 << 31, "avx512vl"),
                        feature(0x80000001, 2, 1 << 5, "abm"));
    }

    @Test
    void of_whatConcernsSpeedOrTheKernel_doesNotCount() {
        int ermsAndSmep = 1 << 9 | 1 << 7;
        int fsrm = 1 << 4;
        int hypervisorAndX2apic = 1 << 31 | 1 << 21;
        assertThat(CpuFeatures.of(List.of(
                        new CpuidLeaf(7, 0, 0, ermsAndSmep, 0, fsrm),
                        new CpuidLeaf(1, 0, 0, 0, hypervisorAndX2apic, 0),
                        new CpuidLeaf(0xd, 0, -1, -1, -1, -1))))
                .isEmpty();
    }

    private static CpuFeature feature(int leaf, int register, int mask, String name) {
        return new CpuFeature(leaf, 0, register, mask, NativeText.of(name));
    }
}
