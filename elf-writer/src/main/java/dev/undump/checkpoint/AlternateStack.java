// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** A signal stack, {@code stack_t} of sigaltstack(2). */
public record AlternateStack(long address, long sizeBytes, int flags) {}
