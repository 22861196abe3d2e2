// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * What {@code undump java} wants, in a file of properties that it writes; lists are numbered from 0.
 *
 * @param mode {@code class}, {@code jar} or {@code module}
 * @param what main class, jar, or module with main class, as behind the options of java
 * @param preset arguments that stand before those of the launch
 * @param original the command that a launch becomes which the image does not fit
 * @param warmups arguments of the runs; empty: the tool is loaded only
 * @param runs how often each of them is run
 * @param limitSeconds how long one run may take
 * @param statuses with which a run may end
 * @param freshLoader whether warm-up runs use classes of their own
 * @param keepThreads whether threads that a run leaves behind may stay
 * @param restart variables of the environment that a launch must have as the capture had them
 * @param binding jar of the library that takes the checkpoint
 * @param checkpoint file to write
 * @param allow weaker restores that are accepted
 * @param report file to which notes and the failure go
 */
record Settings(
        String mode,
        String what,
        List<String> preset,
        List<String> original,
        List<List<String>> warmups,
        int runs,
        long limitSeconds,
        List<Integer> statuses,
        boolean freshLoader,
        boolean keepThreads,
        List<String> restart,
        Path binding,
        Path checkpoint,
        List<String> allow,
        Path report) {

    static Settings read(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        List<List<String>> warmups = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(properties.getProperty("warmups")); i++) {
            warmups.add(list(properties, "warmup." + i));
        }
        return new Settings(
                properties.getProperty("mode"),
                properties.getProperty("what"),
                list(properties, "preset"),
                list(properties, "original"),
                List.copyOf(warmups),
                Integer.parseInt(properties.getProperty("runs")),
                Long.parseLong(properties.getProperty("limit-seconds")),
                list(properties, "status").stream().map(Integer::valueOf).toList(),
                Boolean.parseBoolean(properties.getProperty("fresh-loader")),
                Boolean.parseBoolean(properties.getProperty("keep-threads")),
                list(properties, "restart"),
                Path.of(properties.getProperty("binding")),
                Path.of(properties.getProperty("checkpoint")),
                list(properties, "allow"),
                Path.of(properties.getProperty("report")));
    }

    private static List<String> list(Properties properties, String name) {
        List<String> values = new ArrayList<>();
        for (int i = 0; ; i++) {
            String value = properties.getProperty(name + "." + i);
            if (value == null) {
                return List.copyOf(values);
            }
            values.add(value);
        }
    }
}
