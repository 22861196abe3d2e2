// SPDX-License-Identifier: Apache-2.0
/**
 * What {@code org.crac} looks for: coordination of checkpoint and restore on a JDK that has none itself. The contract is the one that
 * CRaC states for its global context; {@link javax.crac.Core} says what a checkpoint is here.
 */
package javax.crac;
