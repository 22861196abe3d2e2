// SPDX-License-Identifier: Apache-2.0
/**
 * The commands: {@link dev.undump.cli.Main} parses, calls the libraries, prints, and turns every failure into one line and an
 * exit status. Nothing else in the project prints or exits.
 */
package dev.undump.cli;
