// SPDX-License-Identifier: Apache-2.0
package dev.undump.examples.hello;

import java.util.concurrent.atomic.AtomicLong;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Greets, and counts its greetings. */
@RestController
class HelloController {
    private final AtomicLong greetings = new AtomicLong();

    /**
     * What a client gets as JSON.
     *
     * @param text the greeting
     * @param number how many there have been, this one included
     */
    record Greeting(String text, long number) {}

    @GetMapping("/hello")
    Greeting hello(@RequestParam(defaultValue = "world") String name) {
        return new Greeting("Hello, " + name, greetings.incrementAndGet());
    }
}
