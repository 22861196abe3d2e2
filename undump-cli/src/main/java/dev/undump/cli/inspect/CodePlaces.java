// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Mapping;
import java.util.Optional;

/** Says in which mapping, at which offset and near which symbol an address lies. */
final class CodePlaces {

    private final Checkpoint checkpoint;
    private final SymbolFiles symbols = new SymbolFiles();

    CodePlaces(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /** Returns for instance {@code /usr/lib/libc.so.6+0xd1234 (clock_nanosleep+0x23)}. */
    String describe(long address) {
        return mappingAt(address).map(mapping -> describe(mapping, address)).orElse("in no mapping");
    }

    /** Returns the name of the function at an address, with the distance from its start. */
    Optional<String> symbol(long address) {
        return mappingAt(address)
                .filter(Mapping::isFile)
                .flatMap(mapping -> symbols.nearest(mapping, fileOffset(mapping, address)));
    }

    Optional<Mapping> mappingAt(long address) {
        return checkpoint.mappings().stream().filter(mapping -> mapping.range().contains(address)).findFirst();
    }

    private String describe(Mapping mapping, long address) {
        long offset = fileOffset(mapping, address);
        String name = mapping.name().isEmpty() ? "anonymous memory at " + ByteRange.format(mapping.range().start()) : mapping.name().toString();
        return name + "+" + ByteRange.format(offset) + symbol(address).map(symbol -> " (" + symbol + ")").orElse("");
    }

    static long fileOffset(Mapping mapping, long address) {
        return address - mapping.range().start() + (mapping.isFile() ? mapping.fileOffset() : 0);
    }
}
