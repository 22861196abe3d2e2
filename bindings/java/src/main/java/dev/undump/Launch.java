// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a process was launched with.
 *
 * @param program name that the image was called by (argv[0])
 * @param arguments what followed it
 * @param environment of the launch, in its order; of variables given twice the first, as getenv(3)
 * @param directory working directory of the launch; empty when it has no name
 * @param generation 1 in a launch, 2 in a launch of an image that was taken in such a launch, and so on
 * @param nonce 32 random bytes from the kernel, others for every launch
 */
public record Launch(
        String program,
        List<String> arguments,
        Map<String, String> environment,
        Optional<Path> directory,
        long generation,
        byte[] nonce) {

    /** Copies what is mutable. */
    public Launch {
        arguments = List.copyOf(arguments);
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        nonce = nonce.clone();
    }

    @Override
    public byte[] nonce() {
        return nonce.clone();
    }

    /** The nonce may seed secrets: it is not shown. */
    @Override
    public String toString() {
        return "launch " + generation + " of " + program + " " + arguments;
    }
}
