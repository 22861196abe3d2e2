// SPDX-License-Identifier: Apache-2.0
/**
 * The native half as Java sees it: {@link dev.undump.nativestub.NativeBinaries} for the built programs, and the layout
 * classes that the build generates from the headers in {@code native-stub/format}.
 */
package dev.undump.nativestub;
