// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import net.fornwall.jelf.ElfFile;
import net.fornwall.jelf.ElfSegment;
import net.fornwall.jelf.ElfSymbol;
import net.fornwall.jelf.ElfSymbolTableSection;

/** Functions of mapped files, as far as a file is still there as it was; whatever is wrong with it, there are no symbols. */
final class SymbolFiles {

    /** Symbol tables of larger files would not fit beside everything else. */
    private static final long MAX_FILE_BYTES = 64 << 20;

    private final Map<String, Optional<Functions>> files = new HashMap<>();

    /** Functions by address, and how file offsets become addresses. */
    private record Functions(ElfFile elf, TreeMap<Long, Function> byAddress) {

        Optional<String> nearest(long fileOffset) {
            for (ElfSegment segment : elf.segmentsOfType(ElfSegment.PT_LOAD)) {
                long into = fileOffset - segment.p_offset;
                if (into >= 0 && into < segment.p_filesz) {
                    return at(segment.p_vaddr + into);
                }
            }
            return Optional.empty();
        }

        private Optional<String> at(long address) {
            Map.Entry<Long, Function> entry = byAddress.floorEntry(address);
            if (entry == null || address - entry.getKey() >= entry.getValue().size()) {
                return Optional.empty();
            }
            long distance = address - entry.getKey();
            return Optional.of(entry.getValue().name() + (distance == 0 ? "" : "+" + ByteRange.format(distance)));
        }
    }

    private record Function(String name, long size) {}

    Optional<String> nearest(Mapping mapping, long fileOffset) {
        try {
            return files.computeIfAbsent(mapping.name().toString(), path -> load(path, mapping))
                    .flatMap(functions -> functions.nearest(fileOffset));
        } catch (RuntimeException e) {
            // The library reads what a file claims; a broken one is as good as none.
            return Optional.empty();
        }
    }

    private static Optional<Functions> load(String path, Mapping mapping) {
        try {
            Path file = Path.of(path);
            if (!isUnchanged(file, mapping)) {
                return Optional.empty();
            }
            ElfFile elf = ElfFile.from(file);
            TreeMap<Long, Function> functions = new TreeMap<>();
            add(elf.getDynamicSymbolTableSection(), functions);
            add(elf.getSymbolTableSection(), functions);
            return Optional.of(new Functions(elf, functions));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static boolean isUnchanged(Path file, Mapping mapping) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return attributes.isRegularFile()
                && attributes.size() == mapping.fileSize()
                && attributes.size() <= MAX_FILE_BYTES
                && attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS) == mapping.fileMtimeNs();
    }

    private static void add(ElfSymbolTableSection table, TreeMap<Long, Function> functions) {
        if (table == null) {
            return;
        }
        for (ElfSymbol symbol : table.symbols) {
            if (symbol.getType() == ElfSymbol.STT_FUNC && symbol.st_size > 0 && symbol.getName() != null) {
                functions.putIfAbsent(symbol.st_value, new Function(symbol.getName(), symbol.st_size));
            }
        }
    }
}
