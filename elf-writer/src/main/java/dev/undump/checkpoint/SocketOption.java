// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * An option of a socket that differs from a fresh one's.
 *
 * @param level as for setsockopt(2)
 * @param name number within its level
 * @param detail whether a launch may do without it
 * @param label like {@code SO_REUSEADDR}
 * @param value what setsockopt takes
 */
public record SocketOption(int level, int name, boolean detail, NativeText label, Bytes value) {}
