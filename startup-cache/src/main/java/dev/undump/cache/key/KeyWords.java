// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Says what a part is, and how it has changed. */
final class KeyWords {

    private static final int LONG_VALUE = 300;

    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("directory", "the working directory"),
            Map.entry("executable.name", "the path by which the program was found"),
            Map.entry("executable.file", "the file that the program is"),
            Map.entry("executable.digest", "the content of the program's file"),
            Map.entry("loader.file", "the dynamic loader"),
            Map.entry("loader.digest", "the content of the dynamic loader"),
            Map.entry("libc.file", "the C library"),
            Map.entry("libc.digest", "the content of the C library"),
            Map.entry("start", "how launches start"),
            Map.entry("ready", "the condition under which the program counts as warm"),
            Map.entry("inputs", "how inputs are found"),
            Map.entry("architecture", "the machine's architecture"),
            Map.entry("cpu.model", "the processor's vendor, family and model"),
            Map.entry("cpu.features", "the processor's features"),
            Map.entry("cpu.signal-frame", "the size of the processor's register state"),
            Map.entry("cpu.count", "the number of processors that the program may use"),
            Map.entry("cpu.quota", "the number of processors that the control group pays for"),
            Map.entry("memory.class", "the machine's or control group's memory, rounded up to a power of two"),
            Map.entry("kernel", "the kernel's series"),
            Map.entry("uid", "the user"),
            Map.entry("gid", "the group"),
            Map.entry("groups", "the supplementary groups"),
            Map.entry("capabilities", "the capabilities"),
            Map.entry("no-new-privileges", "no_new_privs"),
            Map.entry("umask", "the umask"),
            Map.entry("undump.version", "undump's version"),
            Map.entry("undump.checkpoint", "undump's checkpoint format"),
            Map.entry("undump.image", "undump's image format"));

    private static final Map<String, String> PREFIXES = Map.of(
            "environment.", "the environment variable ",
            "file.", "the content of the file ",
            "limit.", "the resource limit ",
            "stream.", "the kind of standard file ",
            "option.", "the option ",
            "argv.", "argument ");

    private KeyWords() {}

    static String of(KeyChange change) {
        String what = what(change.name());
        if (change.name().equals("cpu.features")) {
            return what + features(change);
        }
        if (change.before().isEmpty()) {
            return what + " was not there, is " + quoted(change.name(), change.after().orElseThrow());
        }
        if (change.after().isEmpty()) {
            return what + " was " + quoted(change.name(), change.before().get()) + ", is not there";
        }
        if (isContent(change.name())) {
            return what + " has changed";
        }
        return what + " was " + quoted(change.name(), change.before().get()) + ", is "
                + quoted(change.name(), change.after().get());
    }

    private static String what(String name) {
        if (NAMES.containsKey(name)) {
            return NAMES.get(name);
        }
        if (name.startsWith("interpreter.")) {
            String[] words = name.split("\\.", 3);
            return "the " + words[2] + " of interpreter " + words[1];
        }
        return PREFIXES.entrySet().stream()
                .filter(prefix -> name.startsWith(prefix.getKey()))
                .map(prefix -> prefix.getValue() + name.substring(prefix.getKey().length()))
                .findFirst()
                .orElse(name);
    }

    private static boolean isContent(String name) {
        return name.endsWith(".digest") && !name.startsWith("environment.") || name.startsWith("file.");
    }

    private static String quoted(String name, String value) {
        if (isContent(name)) {
            return value;
        }
        return '"' + (value.length() > LONG_VALUE ? value.substring(0, LONG_VALUE) + "…" : value) + '"';
    }

    private static String features(KeyChange change) {
        TreeSet<String> before = words(change.before().orElse(""));
        TreeSet<String> after = words(change.after().orElse(""));
        String added = after.stream().filter(word -> !before.contains(word)).collect(Collectors.joining(", "));
        String gone = before.stream().filter(word -> !after.contains(word)).collect(Collectors.joining(", "));
        return (added.isEmpty() ? "" : " have " + added + " now")
                + (added.isEmpty() || gone.isEmpty() ? "" : ", and")
                + (gone.isEmpty() ? "" : " lack " + gone + " now");
    }

    private static TreeSet<String> words(String text) {
        return new TreeSet<>(Arrays.asList(text.isEmpty() ? new String[0] : text.split(" ")));
    }
}
