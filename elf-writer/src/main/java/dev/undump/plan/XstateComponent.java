// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * Place of a component in the threads' xsave areas, {@code struct image_xstate_component}.
 *
 * @param number bit of XCR0, 3 or more
 * @param offset bytes from the start of the area
 * @param sizeBytes of the component
 */
public record XstateComponent(int number, int offset, int sizeBytes) {}
