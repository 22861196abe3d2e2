// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import dev.undump.internal.Engine;
import dev.undump.internal.NativeEngine;
import dev.undump.internal.Refresh;
import java.util.List;
import java.util.Optional;

/**
 * Checkpoints of this process, taken when the program itself wants one.
 *
 * <pre>{@code
 *     if (Undump.checkpoint(Options.defaults().withCheckpoint(Path.of("warm.ckpt"))) == Outcome.LAUNCHED) {
 *         serve(Undump.launch().orElseThrow().arguments());
 *     }
 * }</pre>
 *
 * <p>{@code undump --out tool warm.ckpt} makes an executable of the checkpoint. All methods may be called from any thread. Before
 * the first call nothing is loaded or started.
 */
public final class Undump {
    /** Of the whole process: there is one checkpoint at a time and one order of hooks. */
    private static final class Process {
        static final Checkpoints CHECKPOINTS = new Checkpoints(NativeEngine.load(), Refresh.ofThisJvm());
    }

    private Undump() {}

    /**
     * Takes a checkpoint of the whole process, with hooks around it.
     *
     * @return {@link Outcome#RESUMED} in the process that goes on, when the file is complete (with {@link Options#end} there is none);
     *     {@link Outcome#LAUNCHED} in every launch of an image that is made of it
     * @throws UndumpException when there is no checkpoint, with the reason, and everything is as before; or, with
     *     {@link UndumpException#outcome}, when hooks failed afterwards
     */
    public static Outcome checkpoint(Options options) throws UndumpException {
        return Process.CHECKPOINTS.take(options);
    }

    /** {@link #checkpoint(Options)} with {@link Options#defaults}. */
    public static Outcome checkpoint() throws UndumpException {
        return checkpoint(Options.defaults());
    }

    /** Whether checkpoints can be asked for here; else {@link #checkpoint} throws and says why. */
    public static boolean isAvailable() {
        return Process.CHECKPOINTS.engine().isAvailable();
    }

    /** What this process was launched with; empty in a process that never was. */
    public static Optional<Launch> launch() {
        return Process.CHECKPOINTS.engine().launched();
    }

    /**
     * Registers hooks, which are held until they are removed.
     *
     * @param name for messages
     * @return what removes them again
     */
    public static Registration addHooks(String name, Hooks hooks) {
        return Process.CHECKPOINTS.add(name, hooks);
    }

    /** What was registered; to close it removes it, to close it again does nothing. */
    @FunctionalInterface
    public interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The sessions that are kept in {@code $UNDUMP_SESSIONS}, else {@code $XDG_STATE_HOME/undump/sessions}, else
     * {@code ~/.local/state/undump/sessions}.
     *
     * @return oldest first
     */
    public static List<Session> sessions() throws UndumpException {
        return Process.CHECKPOINTS.engine().sessions();
    }

    /** Makes the image of a session when it is not there yet or older than its checkpoint. */
    public static void makeImage(String session) throws UndumpException {
        Engine.check(Process.CHECKPOINTS.engine(), engine -> engine.sessionImage(session));
    }

    /** Removes a session's files; {@link UndumpException#ENOENT} when there is no such session. */
    public static void removeSession(String session) throws UndumpException {
        Engine.check(Process.CHECKPOINTS.engine(), engine -> engine.sessionRemove(session));
    }

    /**
     * Turns this process into the one that it was at the checkpoint of that session: {@link #checkpoint} returns
     * {@link Outcome#LAUNCHED} there. Process id, standard files and parent stay. Nothing of the program runs any more before: no hook, no
     * finally, no shutdown hook.
     *
     * @throws UndumpException when it cannot be done; then nothing has changed. It never returns otherwise
     */
    public static void rollback(String session) throws UndumpException {
        Engine.check(Process.CHECKPOINTS.engine(), engine -> engine.rollback(session));
        throw new IllegalStateException("a rollback to " + session + " returned");
    }
}
