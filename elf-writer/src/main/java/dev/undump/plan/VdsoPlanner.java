// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.fornwall.jelf.ElfException;
import net.fornwall.jelf.ElfFile;
import net.fornwall.jelf.ElfSymbol;
import net.fornwall.jelf.ElfSymbolTableSection;

/** Takes the captured vdso out of the checkpoint and lists its functions, with the system call that each replaces. */
final class VdsoPlanner {

    private static final int LARGEST = 1 << 20;

    /** Functions of arch/x86/entry/vdso/vdso.lds.S with numbers of the x86-64 system call table. */
    private static final Map<String, Integer> SYSTEM_CALLS = Map.of(
            "__vdso_clock_gettime", 228,
            "__vdso_gettimeofday", 96,
            "__vdso_time", 201,
            "__vdso_getcpu", 309,
            "__vdso_clock_getres", 229,
            "__vdso_getrandom", 318);

    private VdsoPlanner() {}

    static VdsoPlan plan(Checkpoint checkpoint, CheckpointMemory memory, boolean forceTrampolines)
            throws IOException, PlanException {
        Optional<Mapping> vdso = checkpoint.mappings().stream()
                .filter(mapping -> mapping.kind() == MappingKind.VDSO)
                .findFirst();
        if (vdso.isEmpty()) {
            return VdsoPlan.NONE;
        }
        ByteRange range = vdso.get().range();
        if (range.lengthBytes() > LARGEST) {
            throw new PlanException("the vdso at " + range + " has " + range.lengthBytes() + " bytes: more than any kernel's");
        }
        Optional<ByteBuffer> bytes = memory.read(range.start(), (int) range.lengthBytes());
        if (bytes.isEmpty()) {
            throw new PlanException("the checkpoint lacks the bytes of the vdso at " + range + ": capture again");
        }
        Bytes copy = Bytes.viewOf(bytes.get());
        return new VdsoPlan(range.start(), copy, symbols(copy, range), forceTrampolines);
    }

    private static List<VdsoSymbol> symbols(Bytes copy, ByteRange range) throws PlanException {
        TreeMap<Long, ElfSymbol> functions = new TreeMap<>();
        List<VdsoSymbol> found = new ArrayList<>();
        try {
            ElfSymbolTableSection table = ElfFile.from(copy.toArray()).getDynamicSymbolTableSection();
            for (ElfSymbol symbol : table == null ? new ElfSymbol[0] : table.symbols) {
                boolean inside = symbol.st_value > 0 && symbol.st_value < copy.length();
                if (symbol.getType() == ElfSymbol.STT_FUNC && inside && isPreferred(symbol, functions)) {
                    functions.put(symbol.st_value, symbol);
                }
            }
            for (ElfSymbol symbol : functions.values()) {
                Integer number = SYSTEM_CALLS.get(symbol.getName());
                if (number != null) {
                    Long next = functions.higherKey(symbol.st_value);
                    long room = next != null ? next - symbol.st_value : Math.max(symbol.st_size, 0);
                    room = Math.min(room, copy.length() - symbol.st_value);
                    found.add(new VdsoSymbol(NativeText.of(symbol.getName()), symbol.st_value, number, (int) room));
                }
            }
        } catch (ElfException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new PlanException("the vdso at " + range + " is no ELF file that can be read (" + e.getMessage()
                    + "): capture again");
        }
        return found;
    }

    /** Every function has two names, {@code time} and {@code __vdso_time}. */
    private static boolean isPreferred(ElfSymbol symbol, TreeMap<Long, ElfSymbol> functions) {
        return SYSTEM_CALLS.containsKey(symbol.getName()) || !functions.containsKey(symbol.st_value);
    }
}
