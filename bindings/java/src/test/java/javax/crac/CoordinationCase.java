// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.undump.Outcome;
import dev.undump.UndumpException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A context with resources that log what they are told, and checkpoints that nobody takes. */
abstract class CoordinationCase {
    final List<String> log = Collections.synchronizedList(new ArrayList<>());
    final TestCheckpoint checkpoint = new TestCheckpoint();
    final Coordination coordination = new Coordination(checkpoint);
    /** Contexts hold resources weakly. */
    final List<Resource> held = new ArrayList<>();

    /** Logs "checkpoint". */
    final class TestCheckpoint implements Coordination.Checkpoint {
        boolean available = true;
        UndumpException failure;

        @Override
        public boolean isAvailable() {
            return available;
        }

        @Override
        public Outcome take() throws UndumpException {
            if (failure != null) {
                throw failure;
            }
            log.add("checkpoint");
            return Outcome.LAUNCHED;
        }
    }

    /** Logs what it is told, and throws when it has to. */
    class Logging implements Resource {
        private final String name;
        private final Exception before;
        private final Exception after;

        Logging(String name, Exception before, Exception after) {
            this.name = name;
            this.before = before;
            this.after = after;
        }

        @Override
        public void beforeCheckpoint(Context<? extends Resource> context) throws Exception {
            log.add("before " + name);
            if (before != null) {
                throw before;
            }
        }

        @Override
        public void afterRestore(Context<? extends Resource> context) throws Exception {
            log.add("after " + name);
            if (after != null) {
                throw after;
            }
        }
    }

    <R extends Resource> R register(R resource) {
        held.add(resource);
        coordination.context().register(resource);
        return resource;
    }

    Logging logging(String name) {
        return register(new Logging(name, null, null));
    }

    CheckpointException refused() {
        return catchThrowableOfType(CheckpointException.class, coordination::checkpointRestore);
    }
}
