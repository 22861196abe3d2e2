// SPDX-License-Identifier: Apache-2.0
package dev.undump.examples.hello;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Spring Boot's web starter, with all that it configures by itself. */
@SpringBootApplication
public class HelloApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(HelloApplication.class, arguments);
    }
}
