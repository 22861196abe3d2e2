// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

/** Called by native code for every session. */
interface SessionVisitor {
    void visit(byte[] name, byte[] checkpoint, byte[] image, long realtimeNanos, long sizeBytes);
}
