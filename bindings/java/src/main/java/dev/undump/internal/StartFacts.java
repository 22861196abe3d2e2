// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the JDK looks up once in its life: process id, environment, working directory. */
final class StartFacts {
    private static final String STRING = "Ljava/lang/String;";

    private final Map<String, String> environment;
    private final Object files;
    private final boolean inItsDirectory;

    private StartFacts(Map<String, String> environment, Object files, boolean inItsDirectory) {
        this.environment = environment;
        this.files = files;
        this.inItsDirectory = inItsDirectory;
    }

    @SuppressWarnings("unchecked")
    static StartFacts find() {
        Object unmodifiable = JdkFields.ofStatic("java.lang.ProcessEnvironment", "theUnmodifiableEnvironment", "Ljava/util/Map;");
        Object environment = JdkFields.of(unmodifiable, "java.util.Collections$UnmodifiableMap", "m", "Ljava/util/Map;");
        Object files = JdkFields.ofStatic("java.io.File", "FS", "Ljava/io/FileSystem;");
        if (files == null) {
            files = JdkFields.ofStatic("java.io.File", "fs", "Ljava/io/FileSystem;");
        }
        // Whoever was started with another user.dir, or set it, means what he says.
        String directory = System.getProperty("user.dir", "");
        return new StartFacts((Map<String, String>) environment, files,
                currentDirectory().filter(current -> current.toString().equals(directory)).isPresent());
    }

    private static Optional<Path> currentDirectory() {
        try {
            return Optional.of(Files.readSymbolicLink(Path.of("/proc/self/cwd")));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** For every launch. */
    List<Throwable> renewProcess() {
        List<Throwable> failures = new ArrayList<>();
        try {
            long pid = Long.parseLong(Files.readSymbolicLink(Path.of("/proc/self")).toString());
            ProcessHandle current = ProcessHandle.current();
            String owner = "java.lang.ProcessHandleImpl";
            // A start time of 0 is that of any process.
            require(JdkFields.setLong(current, owner, "pid", pid) && JdkFields.setLong(current, owner, "startTime", 0),
                    "the process id", failures);
        } catch (IOException e) {
            failures.add(new IllegalStateException("telling the JDK its process id: /proc is missing: " + e, e));
        }
        return failures;
    }

    /** What System.getenv gives. */
    List<Throwable> renewEnvironment(Map<String, String> variables) {
        List<Throwable> failures = new ArrayList<>();
        require(environment != null, "the environment", failures);
        if (environment != null) {
            Map<String, String> given = Map.copyOf(variables);
            environment.keySet().retainAll(given.keySet());
            given.forEach((name, value) -> {
                // The JDK reads such names from the system but takes them from nobody else.
                if (name.indexOf('=') < 0) {
                    environment.put(name, value);
                }
            });
        }
        return failures;
    }

    /** What relative paths are relative to. */
    List<Throwable> renewDirectory(Path directory) {
        List<Throwable> failures = new ArrayList<>();
        if (inItsDirectory) {
            String name = directory.toString();
            System.setProperty("user.dir", name);
            byte[] bytes = name.getBytes(Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
            require(JdkFields.set(files, "java.io.UnixFileSystem", "userDir", STRING, name),
                    "the working directory of " + File.class.getName(), failures);
            require(JdkFields.set(FileSystems.getDefault(), "sun.nio.fs.UnixFileSystem", "defaultDirectory", "[B", bytes),
                    "the working directory of " + Path.class.getName(), failures);
        }
        return failures;
    }

    private static void require(boolean done, String what, List<Throwable> failures) {
        if (!done) {
            failures.add(new IllegalStateException("telling the JDK " + what + " of the launch: Java "
                    + Runtime.version() + " keeps it elsewhere than the versions that undump knows"));
        }
    }
}
