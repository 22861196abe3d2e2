// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

/** A command with {@link CommonOptions}. */
interface HasCommonOptions {

    CommonOptions common();
}
