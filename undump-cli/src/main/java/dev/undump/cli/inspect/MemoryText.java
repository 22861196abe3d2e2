// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Mapping;
import dev.undump.nativestub.CheckpointLayout;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Every mapping, and totals. */
final class MemoryText {

    /** Flags worth a word, by bit. */
    static final Map<Integer, String> FLAGS = new TreeMap<>(Map.ofEntries(
            Map.entry(CheckpointLayout.VMA_GROWSDOWN, "growsdown"),
            Map.entry(CheckpointLayout.VMA_NORESERVE, "noreserve"),
            Map.entry(CheckpointLayout.VMA_LOCKED, "locked"),
            Map.entry(CheckpointLayout.VMA_LOCKED_ON_FAULT, "locked-on-fault"),
            Map.entry(CheckpointLayout.VMA_DONTFORK, "dontfork"),
            Map.entry(CheckpointLayout.VMA_DONTDUMP, "dontdump"),
            Map.entry(CheckpointLayout.VMA_WIPEONFORK, "wipeonfork"),
            Map.entry(CheckpointLayout.VMA_MERGEABLE, "mergeable"),
            Map.entry(CheckpointLayout.VMA_HUGEPAGE, "hugepage"),
            Map.entry(CheckpointLayout.VMA_NOHUGEPAGE, "nohugepage"),
            Map.entry(CheckpointLayout.VMA_SEQUENTIAL, "sequential"),
            Map.entry(CheckpointLayout.VMA_RANDOM, "random"),
            Map.entry(CheckpointLayout.VMA_DROPPABLE, "droppable"),
            Map.entry(CheckpointLayout.VMA_SEALED, "sealed"),
            Map.entry(CheckpointLayout.VMA_DELETED, "deleted")));

    private MemoryText() {}

    static void print(Subject subject, PrintWriter out) {
        List<Mapping> mappings = subject.checkpoint().mappings();
        MemoryTotals totals = MemoryTotals.of(subject.checkpoint());
        out.println();
        out.println(Sizes.count(mappings.size(), "mapping") + ": " + Sizes.bytes(totals.mappedBytes()) + " mapped, "
                + Sizes.bytes(totals.residentBytes()) + " private resident, " + Sizes.bytes(totals.storedBytes())
                + " stored, " + Sizes.bytes(totals.zeroBytes()) + " zero");
        if (mappings.isEmpty()) {
            return;
        }
        Table table = new Table("ADDRESS", " SIZE", " STORED", "PROT", "KIND", "NAME");
        for (Mapping mapping : mappings) {
            table.row(
                    String.format("%012x", mapping.range().start()),
                    Sizes.bytes(mapping.range().lengthBytes()),
                    mapping.storedBytes() == 0 ? "-" : Sizes.bytes(mapping.storedBytes()),
                    protection(mapping),
                    kind(mapping),
                    name(mapping));
        }
        table.print(out);
    }

    static String protection(Mapping mapping) {
        int protection = mapping.protection();
        return ((protection & Mapping.READ) != 0 ? "r" : "-")
                + ((protection & Mapping.WRITE) != 0 ? "w" : "-")
                + ((protection & Mapping.EXECUTE) != 0 ? "x" : "-");
    }

    private static String kind(Mapping mapping) {
        return switch (mapping.kind()) {
            case ANONYMOUS -> "anonymous";
            case PRIVATE_FILE -> "file";
            case SHARED_FILE -> "shared file";
            case SHARED_ANONYMOUS -> "shared " + mapping.shareId();
            case VDSO, VVAR -> "kernel";
        };
    }

    static List<String> flags(Mapping mapping) {
        List<String> words = new ArrayList<>();
        FLAGS.forEach((bit, word) -> {
            if (mapping.hasFlags(bit)) {
                words.add(word);
            }
        });
        return words;
    }

    private static String name(Mapping mapping) {
        String name = mapping.name().toString();
        String offset = mapping.isFile() && mapping.fileOffset() != 0 ? "+0x" + Long.toHexString(mapping.fileOffset()) : "";
        List<String> flags = flags(mapping);
        return (name + offset + (flags.isEmpty() ? "" : " " + flags)).strip();
    }
}
