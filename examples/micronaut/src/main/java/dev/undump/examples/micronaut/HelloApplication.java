// SPDX-License-Identifier: Apache-2.0
package dev.undump.examples.micronaut;

import io.micronaut.runtime.Micronaut;

/** Micronaut's HTTP server, with all that it configures by itself. */
public final class HelloApplication {
    private HelloApplication() {}

    public static void main(String[] arguments) {
        Micronaut.run(HelloApplication.class, arguments);
    }
}
