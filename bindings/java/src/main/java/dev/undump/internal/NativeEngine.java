// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import dev.undump.Launch;
import dev.undump.Options;
import dev.undump.Session;
import dev.undump.UndumpException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The engine that is in libundump-java.so. */
public final class NativeEngine implements Engine {
    /** That of file names: an argument that names a file names the same file. */
    private static final Charset NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private NativeEngine() {
        // The variables of undump.h come first, as for C.
        Native.setCommands(
                command("UNDUMP_CKPT", "../ckpt", "../../../native-stub/target/native/ckpt"),
                command("UNDUMP_COMMAND", "../../../bin/undump"));
    }

    /** The command that belongs to our jar, in an installed tree or a checkout; null when there is none or the variable names one. */
    private static byte[] command(String variable, String... places) {
        String given = System.getenv(variable);
        if (given != null && !given.isEmpty()) {
            return null;
        }
        return NativeLibrary.home().stream()
                .flatMap(home -> Stream.of(places).map(home::resolve))
                .map(Path::normalize)
                .filter(Files::isExecutable)
                .filter(Files::isRegularFile)
                .findFirst()
                .map(path -> bytes(path.toString()))
                .orElse(null);
    }

    /** The engine, or one whose every call says why there is none. */
    public static Engine load() {
        return NativeLibrary.failure().<Engine>map(MissingEngine::new).orElseGet(NativeEngine::new);
    }

    @Override
    public boolean isAvailable() {
        return true;
    }

    @Override
    public int checkpoint(Options options) {
        return Native.checkpoint(
                options.checkpoint().map(file -> bytes(file.toString())).orElse(null),
                options.session().map(NativeEngine::bytes).orElse(null),
                options.end(),
                options.cow(),
                options.keepEnvironment(),
                options.resume(),
                options.allow().stream().map(NativeEngine::bytes).toArray(byte[][]::new));
    }

    @Override
    public String error() {
        return text(Native.error());
    }

    @Override
    public Optional<Launch> launched() {
        Object[] parts = Native.launched();
        if (parts == null) {
            return Optional.empty();
        }
        List<String> arguments = Stream.of((byte[][]) parts[2]).map(NativeEngine::text).toList();
        Map<String, String> environment = new LinkedHashMap<>();
        for (byte[] variable : (byte[][]) parts[3]) {
            String line = text(variable);
            // The name may begin with an equals sign, as for the JDK.
            int equals = line.indexOf('=', 1);
            if (equals > 0) {
                environment.putIfAbsent(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        String directory = text((byte[]) parts[4]);
        return Optional.of(new Launch(
                arguments.isEmpty() ? "" : arguments.get(0),
                arguments.subList(Math.min(1, arguments.size()), arguments.size()),
                environment,
                directory.isEmpty() ? Optional.empty() : Optional.of(Path.of(directory)),
                ((long[]) parts[0])[0],
                (byte[]) parts[1]));
    }

    @Override
    public List<Session> sessions() throws UndumpException {
        List<Session> sessions = new ArrayList<>();
        Engine.check(this, engine -> Native.sessions((name, checkpoint, image, realtimeNanos, sizeBytes) -> sessions.add(new Session(
                text(name), Path.of(text(checkpoint)), Path.of(text(image)), Instant.ofEpochSecond(0, realtimeNanos), sizeBytes))));
        return List.copyOf(sessions);
    }

    @Override
    public int sessionImage(String session) {
        return Native.sessionImage(bytes(session));
    }

    @Override
    public int sessionRemove(String session) {
        return Native.sessionRemove(bytes(session));
    }

    @Override
    public int rollback(String session) {
        return Native.rollback(bytes(session));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(NAMES);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, NAMES);
    }
}
