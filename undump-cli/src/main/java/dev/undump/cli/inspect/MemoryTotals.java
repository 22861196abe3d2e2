// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.MemoryFile;

/**
 * Sums over all mappings, in bytes.
 *
 * @param mappedBytes address space
 * @param residentBytes private memory that was resident at capture
 * @param storedBytes bytes in the checkpoint
 * @param zeroBytes accessible, but absent from the checkpoint: reads as zero
 */
record MemoryTotals(long mappedBytes, long residentBytes, long storedBytes, long zeroBytes) {

    static MemoryTotals of(Checkpoint checkpoint) {
        long mapped = 0;
        long stored = 0;
        long zero = 0;
        for (Mapping mapping : checkpoint.mappings()) {
            mapped += mapping.range().lengthBytes();
            stored += mapping.storedBytes();
            if (mapping.kind() != MappingKind.VVAR && mapping.protection() != 0 && !mapping.hasMemoryFile()) {
                long covered = mapping.extents().stream().mapToLong(Extent::lengthBytes).sum();
                zero += mapping.range().lengthBytes() - covered;
            }
        }
        for (MemoryFile file : checkpoint.memoryFiles()) {
            stored += file.storedBytes();
        }
        return new MemoryTotals(mapped, checkpoint.process().residentBytes(), stored, zero);
    }
}
