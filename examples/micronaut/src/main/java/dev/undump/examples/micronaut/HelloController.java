// SPDX-License-Identifier: Apache-2.0
package dev.undump.examples.micronaut;

import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.serde.annotation.Serdeable;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** Greets, counts its greetings, and gives each a ticket that nobody else has. */
@Controller
class HelloController {
    private final AtomicLong greetings = new AtomicLong();

    /**
     * What a client gets as JSON.
     *
     * @param text the greeting
     * @param number how many there have been, this one included
     * @param ticket an UUID
     */
    @Serdeable
    record Greeting(String text, long number, String ticket) {}

    @Get("/hello")
    Greeting hello(@QueryValue(defaultValue = "world") String name) {
        return new Greeting("Hello, " + name, greetings.incrementAndGet(), UUID.randomUUID().toString());
    }
}
