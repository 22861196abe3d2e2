// SPDX-License-Identifier: Apache-2.0
package dev.undump.examples.hello;

import jakarta.servlet.http.HttpSession;
import java.util.UUID;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Gives every visit a session, and a ticket that nobody else has. */
@RestController
class VisitController {
    /**
     * What a client gets as JSON.
     *
     * @param session id of its session
     * @param ticket an UUID
     * @param lucky number between 0 and 1
     */
    record Visit(String session, String ticket, double lucky) {}

    @GetMapping("/visit")
    Visit visit(HttpSession session) {
        return new Visit(session.getId(), UUID.randomUUID().toString(), Math.random());
    }
}
