// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.File;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** From the start of the JVM over the warm-up and the checkpoint to the call of the tool in a launch. */
final class Preparation {
    private static final int FAILED = 1;
    private static final int STUB_FAILED = 125;
    private static final int LAST_STANDARD = 2;

    private Preparation() {}

    /**
     * Prepares.
     *
     * @param arguments the file with the {@link Settings}
     * @return in every launch; never in the process that prepares
     */
    static Call untilLaunch(String[] arguments) throws IOException {
        Settings settings = Settings.read(Path.of(arguments[0]));
        Report report = new Report(settings.report());
        try {
            return prepare(settings, report);
        } catch (Unprepared e) {
            report.failed(e.getMessage());
            halt(FAILED);
            throw e;
        }
    }

    private static Call prepare(Settings settings, Report report) {
        System.setProperty("sun.java.command", settings.what());
        Binding binding = Binding.load(settings.binding());
        binding.obstacle().ifPresent(obstacle -> {
            throw new Unprepared(obstacle);
        });
        Class<?> type = MainMethod.load(settings);
        MethodHandle main = MainMethod.of(type);
        if (!settings.warmups().isEmpty()) {
            new Warmup(settings, report, type).run(binding);
        }
        StartConditions conditions = new StartConditions(settings.restart());
        LaunchState state = new LaunchState();
        Quiet.await();
        int[] descriptors = openDescriptors();
        List<Throwable> stale = binding.checkpoint(settings.checkpoint(), settings.allow());
        return launch(settings, binding, conditions, state, descriptors, stale, main);
    }

    private static Call launch(
            Settings settings,
            Binding binding,
            StartConditions conditions,
            LaunchState state,
            int[] descriptors,
            List<Throwable> stale,
            MethodHandle main) {
        List<String> arguments = new ArrayList<>(settings.preset());
        arguments.addAll(binding.arguments());
        Optional<String> difference = stale.stream().map(Throwable::toString).findFirst()
                .or(() -> binding.isInADirectory() ? conditions.difference() : Optional.of("the working directory"));
        difference.ifPresent(what -> becomeOriginal(settings, binding, descriptors, what));
        state.refresh(settings.what(), arguments);
        return new Call(main, arguments.toArray(String[]::new));
    }

    private static void becomeOriginal(Settings settings, Binding binding, int[] descriptors, String difference) {
        List<String> command = Stream.concat(settings.original().stream(), binding.arguments().stream()).toList();
        int error = binding.execute(command, descriptors);
        System.err.println("undump: " + difference + " is not as it was when this image was made, and " + command.get(0)
                + " cannot be started instead (errno " + error + "); make the image anew here");
        halt(STUB_FAILED);
    }

    /** Runtime.halt may be closed for the tool. */
    private static void halt(int status) {
        Class<?> shutdown = Internals.type("java.lang.Shutdown").orElseThrow();
        Internals.call(Internals.method(shutdown, "halt", int.class).orElseThrow(), null, status);
    }

    /** Those of the capture, which the original command shall not have. */
    private static int[] openDescriptors() {
        String[] numbers = new File("/proc/self/fd").list();
        return Stream.of(numbers == null ? new String[0] : numbers)
                .filter(number -> new File("/proc/self/fd", number).exists())
                .mapToInt(Integer::parseInt)
                .filter(number -> number > LAST_STANDARD)
                .toArray();
    }
}
