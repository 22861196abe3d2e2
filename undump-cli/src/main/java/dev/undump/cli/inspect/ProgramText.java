// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.CaptureMoment;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointProcess;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.ProcessIds;
import dev.undump.checkpoint.ProcessSettings;
import dev.undump.checkpoint.Trigger;
import dev.undump.cli.Printable;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The head of the report: what was captured, when and where. */
final class ProgramText {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private ProgramText() {}

    static void print(Subject subject, PrintWriter out) {
        Checkpoint checkpoint = subject.checkpoint();
        CheckpointProcess process = checkpoint.process();
        ProcessIds ids = process.ids();
        line(out, subject.image().isPresent() ? "Image" : "Checkpoint", subject.file() + ", " + Sizes.bytes(subject.sizeBytes())
                + ", format " + checkpoint.header().version() + ", id " + checkpoint.header().id());
        line(out, "Program", process.executable() + ", named " + process.commandName() + ", pid " + ids.pid()
                + (ids.ownPid() == ids.pid() ? "" : " (" + ids.ownPid() + " inside)"));
        line(out, "Command", commandLine(process.commandLine()));
        line(out, "Directory", process.workingDirectory() + (process.workingDirectoryDeleted() ? " (deleted)" : ""));
        line(out, "Captured", captured(process));
        line(out, "Kernel", "Linux " + process.kernelRelease() + " " + process.kernelVersion());
        line(out, "Processor", checkpoint.cpu().model().toString().strip() + " (" + checkpoint.cpu().vendor() + ")");
        line(out, "Registers", String.join(" ", XstateNames.list(checkpoint.cpu().xcr0())) + ", "
                + checkpoint.cpu().xsaveSize() + " bytes");
        line(out, "Identity", "uid " + Integer.toUnsignedString(ids.uid()) + ", gid " + Integer.toUnsignedString(ids.gid())
                + ", parent " + ids.parentPid() + ", group " + ids.groupId() + ", session " + ids.sessionId());
        checkpoint.identity().threads().stream()
                .findFirst()
                .ifPresent(rights -> line(out, "Rights", RightsText.words(rights)));
        line(out, "Settings", settings(process));
        if (!checkpoint.allowances().isEmpty()) {
            line(out, "Allowed", String.join(" ", checkpoint.allowances().stream().map(NativeText::toString).toList()));
        }
    }

    private static void line(PrintWriter out, String label, String text) {
        out.println(String.format("%-11s %s", label, Printable.line(text)));
    }

    /** Returns the arguments as a shell would take them. */
    static String commandLine(NativeText zeroSeparated) {
        List<String> words = new ArrayList<>();
        for (String word : arguments(zeroSeparated)) {
            boolean plain = !word.isEmpty() && word.chars().allMatch(c -> Character.isLetterOrDigit(c) || "-_=+./:,@%".indexOf(c) >= 0);
            words.add(plain ? word : "'" + word.replace("'", "'\\''") + "'");
        }
        return String.join(" ", words);
    }

    static List<String> arguments(NativeText zeroSeparated) {
        String text = zeroSeparated.toString();
        if (text.isEmpty()) {
            return List.of();
        }
        return List.of((text.endsWith("\0") ? text.substring(0, text.length() - 1) : text).split("\0", -1));
    }

    static Instant instant(CaptureMoment moment) {
        return Instant.ofEpochSecond(
                Math.floorDiv(moment.realtimeNs(), 1_000_000_000L), Math.floorMod(moment.realtimeNs(), 1_000_000_000L));
    }

    private static String captured(CheckpointProcess process) {
        CaptureMoment moment = process.moment();
        String frozen = moment.frozenNs() == 0 ? "" : ", frozen for " + Sizes.nanoseconds(moment.frozenNs());
        frozen += moment.snapshot() ? ", from a snapshot" : "";
        return TIME.format(instant(moment)) + " by " + process.engine() + " (" + trigger(process.trigger()) + ")" + frozen;
    }

    private static String trigger(Trigger trigger) {
        return switch (trigger) {
            case PID -> "--pid";
            case SIGNAL -> "signal";
            case INTERVAL -> "interval";
            case API -> "its own call";
            case SELF -> "its own signal";
        };
    }

    private static String settings(CheckpointProcess process) {
        ProcessSettings settings = process.settings();
        List<String> words = new ArrayList<>();
        words.add(String.format("umask %03o", settings.umask()));
        words.add("nice " + process.nice());
        words.add("dumpable " + settings.dumpable());
        if (settings.noNewPrivs()) {
            words.add("no new privileges");
        }
        if (settings.childSubreaper()) {
            words.add("child subreaper");
        }
        if (settings.personality() != 0) {
            words.add("personality 0x" + Integer.toHexString(settings.personality()));
        }
        if (settings.thpDisable() != 0) {
            words.add("no transparent huge pages");
        }
        return String.join(", ", words);
    }
}
