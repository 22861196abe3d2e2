// SPDX-License-Identifier: Apache-2.0

import dev.undump.Hooks;
import dev.undump.Launch;
import dev.undump.Options;
import dev.undump.Outcome;
import dev.undump.Undump;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Asks for its checkpoint, goes on, and is a command in every launch: with arguments, environment and directory of the launch. */
public final class JavaCommand {
    private static final List<String> LOG = new ArrayList<>();

    private record Logging(String name) implements Hooks {
        @Override
        public void beforeCheckpoint() {
            LOG.add("before " + name);
        }

        @Override
        public void afterResume() {
            LOG.add("resume " + name);
        }

        @Override
        public void afterLaunch(Launch launch) {
            LOG.add("launch " + name + " " + System.getenv("WORD"));
        }
    }

    public static void main(String[] arguments) throws Exception {
        Undump.addHooks("first", new Logging("first"));
        Undump.addHooks("second", new Logging("second"));
        Undump.addHooks("removed", new Logging("removed")).close();
        if (Undump.launch().isPresent() || !Undump.isAvailable()) {
            throw new IllegalStateException("before any launch");
        }
        Outcome outcome = Undump.checkpoint(Options.fromProperties());
        System.out.println(outcome + " " + LOG);
        Undump.launch().ifPresent(JavaCommand::command);
        System.out.println("PASS");
    }

    private static void command(Launch launch) {
        try {
            System.out.println("generation " + launch.generation());
            System.out.println("arguments " + launch.arguments());
            System.out.println("environment " + launch.environment().get("WORD") + " " + System.getenv("WORD") + " " + System.getenv("LATER"));
            System.out.println("directory " + launch.directory().orElseThrow() + " " + new File("x").getAbsoluteFile().getParent() + " "
                    + Path.of("x").toAbsolutePath().getParent() + " " + System.getProperty("user.dir"));
            System.out.println("input " + Files.readString(Path.of("input")).trim());
            System.out.println("pid " + Files.readSymbolicLink(Path.of("/proc/self")).toString().equals(Long.toString(ProcessHandle.current().pid())));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
