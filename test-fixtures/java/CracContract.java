// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.crac.CheckpointException;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;
import org.crac.RestoreException;
import org.crac.management.CRaCMXBean;

/**
 * The rules of org.crac's contract, with a checkpoint that is taken and launched. What goes on, here or in an image, checks
 * all of them and prints PASS.
 */
public final class CracContract {
    private static final List<String> LOG = new ArrayList<>();
    /** Contexts hold resources weakly. */
    private static final List<Resource> HELD = new ArrayList<>();

    private static Exception beforeFails = new Exception("before");
    private static Exception afterFails = new IllegalStateException("after");

    private record Logging(String name) implements Resource {
        @Override
        public void beforeCheckpoint(Context<? extends Resource> context) throws Exception {
            LOG.add("before " + name);
            if (name.equals("fails") && beforeFails != null) {
                throw beforeFails;
            }
            if (name.equals("registers")) {
                register(new Logging("late"));
            }
            if (name.equals("asks")) {
                expect(thrown().getSuppressed()[0] instanceof IllegalStateException, "a checkpoint of a resource is refused");
            }
        }

        @Override
        public void afterRestore(Context<? extends Resource> context) throws Exception {
            LOG.add("after " + name);
            if (name.equals("fails") && afterFails != null) {
                throw afterFails;
            }
        }
    }

    /** A context of the program's own, which tells in the order of registration and gives on what it heard. */
    private static final class Group extends Context<Resource> {
        private final List<Resource> members = new ArrayList<>();

        @Override
        public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
            CheckpointException collected = new CheckpointException();
            for (Resource member : members) {
                try {
                    member.beforeCheckpoint(this);
                } catch (Exception e) {
                    collected.addSuppressed(e);
                }
            }
            if (collected.getSuppressed().length > 0) {
                throw collected;
            }
        }

        @Override
        public void afterRestore(Context<? extends Resource> context) throws RestoreException {
            for (Resource member : members) {
                try {
                    member.afterRestore(this);
                } catch (Exception e) {
                    RestoreException restore = new RestoreException();
                    restore.addSuppressed(e);
                    throw restore;
                }
            }
        }

        @Override
        public void register(Resource resource) {
            members.add(resource);
        }
    }

    private static void register(Resource resource) {
        HELD.add(resource);
        Core.getGlobalContext().register(resource);
    }

    private static Throwable thrown() {
        try {
            Core.checkpointRestore();
            return null;
        } catch (CheckpointException | RestoreException e) {
            return e;
        }
    }

    private static void expect(boolean holds, String what) {
        if (!holds) {
            System.out.println("FAIL: " + what + "; " + LOG);
            System.exit(1);
        }
    }

    private static void expectLog(String what, String... lines) {
        expect(LOG.equals(Arrays.asList(lines)), what + ": not " + Arrays.toString(lines));
        LOG.clear();
    }

    public static void main(String[] arguments) throws Exception {
        // Nobody holds this one.
        Core.getGlobalContext().register(new Logging("forgotten"));
        Stream.of("first", "fails", "registers", "asks").map(Logging::new).forEach(CracContract::register);
        Group group = new Group();
        group.register(new Logging("fails"));
        register(group);
        register(new Logging("last"));
        for (int i = 0; i < 3; i++) {
            System.gc();
        }

        Throwable refused = thrown();
        expect(refused instanceof CheckpointException, "a failure before: " + refused);
        expect(Stream.of(refused.getSuppressed()).map(Throwable::getMessage).toList().equals(List.of("before", "before", "after", "after")),
                "its exceptions: " + Arrays.toString(refused.getSuppressed()));
        expectLog("all are told, in reverse order and in order, though some fail", "before last", "before fails", "before asks",
                "before registers", "before fails", "before first", "after first", "after fails", "after registers", "after asks",
                "after fails", "after last");

        beforeFails = null;
        AtomicReference<Throwable> ofOther = new AtomicReference<>();
        Thread other = new Thread(() -> {
            register(new Logging("of another thread"));
            ofOther.set(new Exception("done"));
        });
        other.start();
        other.join();
        Throwable failed = thrown();
        expect(failed instanceof RestoreException, "a failure behind: " + failed);
        expect(Stream.of(failed.getSuppressed()).map(Throwable::getMessage).toList().equals(List.of("after", "after")),
                "its exceptions: " + Arrays.toString(failed.getSuppressed()));
        expectLog("what was registered late is told from the next checkpoint on", "before of another thread", "before late", "before last",
                "before fails", "before asks", "before registers", "before fails", "before first", "after first", "after fails",
                "after registers", "after asks", "after fails", "after last", "after late", "after of another thread");
        expect(ofOther.get() != null, "the other thread went on");
        expect(CRaCMXBean.getCRaCMXBean().getUptimeSinceRestore() == -1, "the bean has no answer");
        System.out.println("PASS");
    }
}
