// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** One pair of the auxiliary vector, getauxval(3); {@code AT_NULL} is not among them. */
public record AuxiliaryEntry(long type, long value) {}
