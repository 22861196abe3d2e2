// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.NativeText;
import dev.undump.plan.DescriptorPolicy;
import dev.undump.plan.EnvironmentChange;
import dev.undump.plan.LaunchPolicies;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The arguments of options that decide about launches. What cannot be understood is an IllegalArgumentException in words. */
final class PolicyWords {

    private static final int LAST_PORT = 65535;
    private static final int LONGEST_NUMBER = 9;
    private static final Pattern PAIR = Pattern.compile("([0-9]+)=(.*)", Pattern.DOTALL);
    private static final String REOPEN = "reopen:";

    private PolicyWords() {}

    /** Parses {@code OLD=NEW}. */
    static Map.Entry<Integer, Integer> ports(String text) {
        Matcher matcher = PAIR.matcher(text);
        int from = matcher.matches() ? number(matcher.group(1)) : -1;
        int to = matcher.matches() ? number(matcher.group(2)) : -1;
        if (from < 1 || from > LAST_PORT || to < 0 || to > LAST_PORT) {
            throw new IllegalArgumentException(
                    "takes OLD=NEW, two port numbers such as 8080=8081, not \"" + Printable.line(text) + "\"");
        }
        return Map.entry(from, to);
    }

    /** Parses {@code N=inherit|reopen:PATH|null|close}. */
    static Map.Entry<Integer, DescriptorPolicy> descriptor(String text) {
        Matcher matcher = PAIR.matcher(text);
        int fd = matcher.matches() ? number(matcher.group(1)) : -1;
        Optional<DescriptorPolicy> policy = fd < 0 ? Optional.empty() : policy(matcher.group(2));
        if (policy.isEmpty()) {
            throw new IllegalArgumentException("takes N=inherit, N=reopen:PATH, N=null or N=close, with the number of a descriptor such as"
                    + " 3=null, not \"" + Printable.line(text) + "\"");
        }
        return Map.entry(fd, policy.get());
    }

    private static Optional<DescriptorPolicy> policy(String word) {
        if (word.startsWith(REOPEN) && word.length() > REOPEN.length()) {
            return Optional.of(DescriptorPolicy.reopen(text(word.substring(REOPEN.length()))));
        }
        return switch (word) {
            case "inherit" -> Optional.of(DescriptorPolicy.INHERIT);
            case "null" -> Optional.of(DescriptorPolicy.NULL);
            case "close" -> Optional.of(DescriptorPolicy.CLOSE);
            default -> Optional.empty();
        };
    }

    /** Parses {@code NAME=VALUE}. */
    static EnvironmentChange variable(String text) {
        int equals = text.indexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException("takes NAME=VALUE, not \"" + Printable.line(text)
                    + "\"; --unset-env NAME leaves a variable out");
        }
        return new EnvironmentChange(text(text.substring(0, equals)), Optional.of(text(text.substring(equals + 1))));
    }

    /** Parses {@code NAME}. */
    static EnvironmentChange unset(String text) {
        if (text.isEmpty() || text.indexOf('=') >= 0) {
            throw new IllegalArgumentException("takes the name of a variable, not \"" + Printable.line(text) + "\"");
        }
        return new EnvironmentChange(text(text), Optional.empty());
    }

    /** Parses {@code restore|launch} of rights. */
    static boolean keepsLaunchRights(String text) {
        return switch (text) {
            case "restore" -> false;
            case "launch" -> true;
            default -> throw new IllegalArgumentException("takes restore or launch, not \"" + Printable.line(text) + "\"");
        };
    }

    /** Parses {@code restore|launch}. */
    static LaunchPolicies.Directory directory(String text) {
        return switch (text) {
            case "restore" -> LaunchPolicies.Directory.RESTORE;
            case "launch" -> LaunchPolicies.Directory.LAUNCH;
            default -> throw new IllegalArgumentException(
                    "takes restore or launch, not \"" + Printable.line(text) + "\"");
        };
    }

    /** Parses a word of {@code --allow}. */
    static LaunchPolicies.Weaker weaker(String text) {
        return switch (text) {
            case "file-lock" -> LaunchPolicies.Weaker.FILE_LOCK;
            case "mapped-copy" -> LaunchPolicies.Weaker.MAPPED_COPY;
            default -> throw new IllegalArgumentException("takes file-lock or mapped-copy, not \"" + Printable.line(text)
                    + "\"; what a capture refuses is allowed there, by ckpt --allow");
        };
    }

    /** Parses what launches do about files that the program has seen. */
    static boolean looksAtInputs(String text) {
        return switch (text) {
            case "image" -> true;
            case "none" -> false;
            default -> throw new IllegalArgumentException("takes none or image, not \"" + Printable.line(text) + "\"");
        };
    }

    /** Parses what follows the words of a fallback. */
    static boolean takesArguments(String text) {
        return switch (text) {
            case "launch" -> true;
            case "none" -> false;
            default -> throw new IllegalArgumentException("takes none or launch, not \"" + Printable.line(text) + "\"");
        };
    }

    private static NativeText text(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("takes no zero character, as in \"" + Printable.line(text) + "\"");
        }
        return NativeText.of(text);
    }

    /** Returns a number of decimal digits; -1 when it is something else. */
    private static int number(String text) {
        boolean digits = !text.isEmpty() && text.length() <= LONGEST_NUMBER && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return digits ? Integer.parseInt(text) : -1;
    }
}
