// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.StubLayout;
import java.util.Arrays;
import net.fornwall.jelf.ElfException;
import net.fornwall.jelf.ElfFile;
import net.fornwall.jelf.ElfSegment;
import net.fornwall.jelf.ElfSymbol;

/**
 * The built restore stub: its bytes as they are loaded, and where its symbols say that things are. It is linked at 0 and
 * runs at any slot.
 *
 * @param text text and read-only data, from slot + 0
 * @param data initial bytes of the writable part
 * @param dataStart where the writable part begins, bytes from the slot
 * @param layout entries, and where the plan goes
 */
record StubFile(byte[] text, byte[] data, long dataStart, StubLayout layout) {

    private static final int PAGE = 4096;
    private static final int PF_WRITE = 2;

    /**
     * Reads a stub.
     *
     * @throws IllegalStateException if the build made a stub that is laid out otherwise
     */
    static StubFile of(byte[] elf) {
        try {
            ElfFile file = ElfFile.from(elf);
            long base = symbol(file, "undump_base");
            StubLayout layout = new StubLayout(
                    symbol(file, "undump_start") - base,
                    symbol(file, "undump_resume_call") - base,
                    symbol(file, "undump_intercept") - base,
                    symbol(file, "undump_plan") - base);
            byte[] text = new byte[0];
            byte[] data = new byte[0];
            for (ElfSegment segment : file.segmentsOfType(ElfSegment.PT_LOAD)) {
                byte[] bytes = Arrays.copyOfRange(
                        elf, Math.toIntExact(segment.p_offset), Math.toIntExact(segment.p_offset + segment.p_filesz));
                if ((segment.p_flags & PF_WRITE) != 0) {
                    check(segment.p_vaddr - base == symbol(file, "undump_rw_start") - base, "writable segment");
                    data = bytes;
                } else {
                    check(segment.p_vaddr == base, "text segment");
                    text = bytes;
                }
            }
            long dataStart = symbol(file, "undump_rw_start") - base;
            check(text.length > 0 && text.length <= dataStart && dataStart % PAGE == 0, "text");
            check(dataStart + data.length <= layout.planOffset(), "data");
            return new StubFile(text, data, dataStart, layout);
        } catch (ElfException e) {
            throw new IllegalStateException("the restore stub of this build is no ELF file: " + e.getMessage(), e);
        }
    }

    /** Bytes of the writable part in memory. */
    long dataMemoryBytes() {
        return layout.planOffset() - dataStart;
    }

    private static void check(boolean right, String what) {
        if (!right) {
            throw new IllegalStateException("the restore stub of this build has its " + what + " at another place than its"
                    + " linker script says");
        }
    }

    private static long symbol(ElfFile file, String name) {
        ElfSymbol symbol = file.getELFSymbol(name);
        if (symbol == null) {
            throw new IllegalStateException("the restore stub of this build lacks the symbol " + name);
        }
        return symbol.st_value;
    }
}
