// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;
import java.util.Locale;

/**
 * What a launch does about a descriptor, instead of what the planner would choose.
 *
 * @param path of {@link Action#REOPEN}, not empty; of others empty
 */
public record DescriptorPolicy(Action action, NativeText path) {

    /** What the program finds at the descriptor. */
    public static final DescriptorPolicy INHERIT = new DescriptorPolicy(Action.INHERIT, NativeText.EMPTY);

    public static final DescriptorPolicy NULL = new DescriptorPolicy(Action.NULL, NativeText.EMPTY);

    public static final DescriptorPolicy CLOSE = new DescriptorPolicy(Action.CLOSE, NativeText.EMPTY);

    /** Ways to treat a descriptor. */
    public enum Action {
        /** The launch's own descriptor of that number, which it must have. */
        INHERIT,
        /** A file opened by path, with access mode, flags and, of regular files, offset as the descriptor had them. */
        REOPEN,
        /** The null device, with the access mode that the descriptor had. */
        NULL,
        /** Nothing: the program finds it closed. */
        CLOSE
    }

    public DescriptorPolicy {
        if ((action == Action.REOPEN) == path.isEmpty()) {
            throw new IllegalArgumentException("policy " + action + " with the path \"" + path + "\"");
        }
    }

    /** Returns it as the user writes it, for instance {@code reopen:/var/log/app.log}. */
    public String words() {
        return action.name().toLowerCase(Locale.ROOT) + (path.isEmpty() ? "" : ":" + path);
    }

    /** Opens a file; a relative path counts from the launch's directory. */
    public static DescriptorPolicy reopen(NativeText path) {
        return new DescriptorPolicy(Action.REOPEN, path);
    }
}
