// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import jdk.internal.vm.annotation.Hidden;

/**
 * What the java launcher starts in place of the tool's main class: it comes back from the preparation in every launch of the image,
 * and calls the tool.
 *
 * <p>Its frame is hidden, so that stack traces are those of the tool alone. Hidden frames are for classes of the boot loader: these
 * classes are patched into java.base, where they also see the JDK's private state without opening it to the tool.
 */
public final class ToolMain {
    private ToolMain() {}

    /**
     * Prepares, and in a launch calls the tool.
     *
     * @param arguments the file with the {@link Settings}
     */
    @Hidden
    public static void main(String[] arguments) throws Throwable {
        Call call = Preparation.untilLaunch(arguments);
        call.main().invokeExact(call.arguments());
    }
}
