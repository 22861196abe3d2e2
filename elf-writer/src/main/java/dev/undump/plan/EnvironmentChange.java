// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;
import java.util.Optional;

/**
 * A change of the environment that the kernel shows of a launch, which otherwise is the one that it was started with.
 *
 * @param name not empty, without {@code =}
 * @param value empty: the variable is left out
 */
public record EnvironmentChange(NativeText name, Optional<NativeText> value) {

    public EnvironmentChange {
        if (name.isEmpty() || name.toString().indexOf('=') >= 0) {
            throw new IllegalArgumentException("name of a variable is \"" + name + "\"");
        }
    }

    /** Returns {@code NAME=VALUE}, or {@code NAME} alone. */
    public NativeText text() {
        return value.map(text -> NativeText.of(name + "=" + text)).orElse(name);
    }
}
