// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.checkpoint.Capabilities;
import dev.undump.checkpoint.MemoryPolicy;
import dev.undump.checkpoint.ThreadRights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a thread may do. */
final class RightsText {

    private static final List<String> IO_CLASSES = List.of("none", "real-time", "best-effort", "idle");
    private static final List<String> POLICIES = List.of(
            "default", "preferred", "bind", "interleave", "local", "preferred-many", "weighted-interleave");
    private static final int IO_CLASS_SHIFT = 13;
    private static final int IO_LEVEL = 7;
    private static final int POLICY_MODE = 0xff;

    private RightsText() {}

    /** Returns in words what all threads of a program have, mostly. */
    static String words(ThreadRights rights) {
        List<String> words = new ArrayList<>();
        words.add("user " + Integer.toUnsignedString(rights.effectiveUser()));
        if (!rights.groups().isEmpty()) {
            words.add("groups "
                    + rights.groups().stream().map(Integer::toUnsignedString).collect(Collectors.joining(" ")));
        }
        Capabilities capabilities = rights.capabilities();
        words.add(
                rights.otherUsers()
                        ? "another user namespace"
                        : "capabilities " + (capabilities.permitted() == 0 ? "none" : hex(capabilities.permitted())));
        if (rights.oomScoreAdj() != 0) {
            words.add("oom_score_adj " + rights.oomScoreAdj());
        }
        return String.join(", ", words);
    }

    /** Returns what few threads have. */
    static List<String> particulars(ThreadRights rights) {
        List<String> words = new ArrayList<>();
        if (rights.strictSeccomp()) {
            words.add("seccomp strict mode");
        }
        if (!rights.filters().isEmpty()) {
            words.add(Sizes.count(rights.filters().size(), "seccomp filter"));
        }
        if (rights.ioPriority() != 0) {
            words.add("I/O priority " + ioClass(rights.ioPriority()) + " " + (rights.ioPriority() & IO_LEVEL));
        }
        if (rights.policy().mode() != 0) {
            words.add("memory policy " + policy(rights.policy()) + " of nodes " + hex(rights.policy().nodes()));
        }
        return words;
    }

    static void writeJson(ThreadRights rights, JsonGenerator json) throws IOException {
        Capabilities capabilities = rights.capabilities();
        json.writeObjectFieldStart("rights");
        numbers("uids", rights.userIds(), json);
        numbers("gids", rights.groupIds(), json);
        numbers("groups", rights.groups(), json);
        json.writeBooleanField("other_user_namespace", rights.otherUsers());
        json.writeStringField("inheritable", hex(capabilities.inheritable()));
        json.writeStringField("permitted", hex(capabilities.permitted()));
        json.writeStringField("effective", hex(capabilities.effective()));
        json.writeStringField("bounding", hex(capabilities.bounding()));
        json.writeStringField("ambient", hex(capabilities.ambient()));
        json.writeStringField("securebits", hex(capabilities.securebits()));
        json.writeBooleanField("no_new_privs", rights.noNewPrivileges());
        json.writeBooleanField("seccomp_strict", rights.strictSeccomp());
        json.writeNumberField("seccomp_filters", rights.filters().size());
        json.writeStringField("io_priority", hex(rights.ioPriority()));
        json.writeNumberField("oom_score_adj", rights.oomScoreAdj());
        json.writeStringField("memory_policy", policy(rights.policy()));
        json.writeStringField("memory_nodes", hex(rights.policy().nodes()));
        json.writeEndObject();
    }

    private static void numbers(String name, List<Integer> values, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart(name);
        for (int value : values) {
            json.writeNumber(Integer.toUnsignedLong(value));
        }
        json.writeEndArray();
    }

    private static String ioClass(int priority) {
        int number = priority >> IO_CLASS_SHIFT;
        return number < IO_CLASSES.size() ? IO_CLASSES.get(number) : Integer.toString(number);
    }

    private static String policy(MemoryPolicy policy) {
        int mode = policy.mode() & POLICY_MODE;
        return mode < POLICIES.size() ? POLICIES.get(mode) : Integer.toString(mode);
    }

    private static String hex(long bits) {
        return "0x" + Long.toHexString(bits);
    }
}
