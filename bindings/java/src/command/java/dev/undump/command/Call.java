// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.lang.invoke.MethodHandle;

/**
 * A call of the tool.
 *
 * @param main of type {@code (String[])void}
 * @param arguments of main
 */
record Call(MethodHandle main, String[] arguments) {}
