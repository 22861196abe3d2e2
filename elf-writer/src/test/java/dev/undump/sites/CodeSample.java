// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.AlternateStack;
import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.ThreadSample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** A program of hand-made code or of an ELF file's segments, as a checkpoint. */
final class CodeSample {

    static final long CODE = 0x7f3000000000L;
    static final long ENTRY = 0xfff00001000L;
    static final int READ_EXECUTE = Mapping.READ | Mapping.EXECUTE;
    static final int PAGE = CheckpointSamples.PAGE;

    private final Path file;
    private final CheckpointBuilder builder = new CheckpointBuilder();
    private final List<OlderStub> olderStubs = new ArrayList<>();

    CodeSample(Path folder) {
        this.file = folder.resolve("code.dat");
    }

    /** What a rewriting is applied to, and what came out. */
    record Result(Checkpoint checkpoint, SiteRewriting rewriting, byte[] code) {

        ModuleCoverage module() {
            return rewriting.coverage().modules().get(0);
        }

        /** The code with all patches. */
        byte[] patched() {
            byte[] result = code.clone();
            for (CodePatch patch : rewriting.patches()) {
                long at = patch.address() - CODE;
                if (at >= 0 && at < result.length) {
                    patch.content().buffer().get(result, (int) at, patch.content().length());
                }
            }
            return result;
        }

        /** Decodes patched code or an island. */
        Instruction at(long address) {
            for (Island island : rewriting.islands()) {
                if (island.range().contains(address)) {
                    return new InstructionDecoder(island.content().toArray(), island.address()).at(address).orElseThrow();
                }
            }
            return new InstructionDecoder(patched(), CODE).at(address).orElseThrow();
        }

        /** The 8 bytes that an instruction refers to relative to itself. */
        long word(Instruction in) {
            Island island = rewriting.islands().get(0);
            int displacement = island.content()
                    .buffer()
                    .getInt((int) (in.address() - island.address()) + in.displacementAt());
            return island.content().buffer().getLong((int) (in.end() + displacement - island.address()));
        }

        /** What {@code lea x(%rip)} puts into its register. */
        long leaTarget(Instruction in) {
            Island island = rewriting.islands().get(0);
            int at = (int) (in.address() - island.address()) + in.displacementAt();
            return in.end() + island.content().buffer().getInt(at);
        }
    }

    /** Adds the pages of some code. */
    CodeSample code(byte[] code, MappingKind kind, int flags) {
        builder.mapping(mapping(CODE, code.length, kind, READ_EXECUTE, flags, "/usr/lib/libsample.so"));
        builder.bytes(CODE, ExtentKind.PRIVATE, code);
        return this;
    }

    CodeSample mapping(Mapping mapping) {
        builder.mapping(mapping);
        return this;
    }

    CodeSample bytes(long address, byte[] bytes) {
        builder.bytes(address, ExtentKind.PRIVATE, bytes);
        return this;
    }

    CodeSample thread(CheckpointThread thread) {
        builder.thread(thread);
        return this;
    }

    CodeSample olderStub(OlderStub stub) {
        olderStubs.add(stub);
        return this;
    }

    Result rewrite(byte[] code) {
        return rewrite(code, List.of());
    }

    Result rewrite(byte[] code, List<ByteRange> furtherOccupied) {
        try {
            Checkpoint checkpoint = CheckpointReader.read(builder.write(file));
            List<ByteRange> occupied = new ArrayList<>(furtherOccupied);
            checkpoint.mappings().forEach(mapping -> occupied.add(mapping.range()));
            try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
                return new Result(checkpoint, SiteRewriter.rewrite(checkpoint, memory, occupied, ENTRY, olderStubs), code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Mapping mapping(long start, int bytes, MappingKind kind, int protection, int flags, String name) {
        long end = start + (bytes + PAGE - 1) / PAGE * PAGE;
        boolean isFile = kind == MappingKind.PRIVATE_FILE || kind == MappingKind.SHARED_FILE;
        return new Mapping(
                new ByteRange(start, end),
                kind,
                protection,
                flags,
                kind == MappingKind.SHARED_ANONYMOUS ? 1 : 0,
                isFile ? PAGE : 0,
                isFile ? 77 : 0,
                isFile ? 8 : 0,
                isFile ? 1 : 0,
                NativeText.of(isFile ? name : ""),
                isFile ? 1 << 20 : 0,
                0,
                List.of());
    }

    static CheckpointThread thread(long stackPointer, AlternateStack alternate) {
        CheckpointThread sample = CheckpointSamples.thread(1000);
        var r = sample.registers();
        var registers = new Registers(
                r.r15(), r.r14(), r.r13(), r.r12(), r.rbp(), r.rbx(), r.r11(), r.r10(), r.r9(), r.r8(), r.rax(), r.rcx(), r.rdx(),
                r.rsi(), r.rdi(), r.origRax(), CODE, r.cs(), r.eflags(), stackPointer, r.ss(), r.fsBase(), r.gsBase(), r.ds(),
                r.es(), r.fs(), r.gs());
        return ThreadSample.like(sample).registers(registers).alternateStack(alternate).build();
    }

    /** push %rbx; mov %rdi,%rbx; add $1,%rbx; test %rbx,%rbx; jne +2; xor %ecx,%ecx; mov %rbx,%rdx; pop %rbx; ret. */
    private static final String ORDINARY = "53 4889fb 4883c301 4885db 7502 31c9 4889da 5b c3";

    /** The same in 16 bytes, so that no gap is left. */
    private static final String TIGHT = "53 4889fb 4883c301 4885db 4885c0 5b c3";

    private static final int AROUND = 12;

    /** Assembles functions of hexadecimal text, each at the next multiple of 16 behind traps, among ordinary ones. */
    static byte[] functions(String... functions) {
        return assemble(ORDINARY, functions);
    }

    /** The same among functions without a gap. */
    static byte[] tightFunctions(String... functions) {
        return assemble(TIGHT, functions);
    }

    /** Address of the first function of {@link #functions}. */
    static long firstFunction() {
        return CODE + AROUND * 32;
    }

    /** Address of the first function of {@link #tightFunctions}. */
    static long firstTightFunction() {
        return CODE + AROUND * 16;
    }

    private static byte[] assemble(String around, String... functions) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < AROUND; i++) {
            append(out, around);
        }
        for (String function : functions) {
            append(out, function);
        }
        for (int i = 0; i < AROUND; i++) {
            append(out, around);
        }
        return out.toByteArray();
    }

    private static void append(ByteArrayOutputStream out, String hexadecimal) {
        out.writeBytes(HexFormat.of().parseHex(hexadecimal.replace(" ", "")));
        while (out.size() % 16 != 0) {
            out.write(0xcc);
        }
    }

    /** Takes the segments of an ELF file, mapped as a program would have them. */
    static Optional<CodeSample> ofElf(Path folder, Path elf) throws IOException {
        var bytes = java.nio.ByteBuffer.wrap(Files.readAllBytes(elf)).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        boolean program = bytes.limit() > 64 && bytes.getInt(0) == 0x464c457f && bytes.get(4) == 2 && bytes.getShort(18) == 62;
        if (!program || (bytes.getShort(16) != 2 && bytes.getShort(16) != 3)) {
            return Optional.empty();
        }
        CodeSample sample = new CodeSample(folder);
        long bias = biasOf(elf);
        long free = 0;
        for (int i = 0; i < bytes.getShort(56); i++) {
            int at = (int) bytes.getLong(32) + i * 56;
            int flags = bytes.getInt(at + 4);
            if (bytes.getInt(at) == 1 && bytes.getLong(at + 32) > 0) {
                long offset = bytes.getLong(at + 8) & -PAGE;
                long start = bytes.getLong(at + 16) & -PAGE;
                long end = (bytes.getLong(at + 16) + bytes.getLong(at + 32) + PAGE - 1) & -PAGE;
                if (start < free) { // two segments in one page
                    offset += free - start;
                    start = free;
                }
                free = end;
                int protection = ((flags & 4) != 0 ? Mapping.READ : 0)
                        | ((flags & 2) != 0 ? Mapping.WRITE : 0)
                        | ((flags & 1) != 0 ? Mapping.EXECUTE : 0);
                sample.builder.mapping(new Mapping(
                        new ByteRange(bias + start, bias + end), MappingKind.PRIVATE_FILE, protection, 0, 0, offset, 77, 8, 1,
                        NativeText.of(elf.getFileName().toString()), bytes.limit(), 0, List.of()));
                byte[] content = new byte[(int) (Math.min(bytes.limit(), offset + end - start) - offset)];
                bytes.get((int) offset, content);
                sample.builder.bytes(bias + start, ExtentKind.FILE, content);
            }
        }
        return Optional.of(sample);
    }

    /** What {@link #ofElf} adds to a file's addresses. */
    static long biasOf(Path elf) throws IOException {
        try (var channel = Files.newByteChannel(elf)) {
            var header = java.nio.ByteBuffer.allocate(18).order(java.nio.ByteOrder.LITTLE_ENDIAN);
            channel.read(header);
            return header.getShort(16) == 2 ? 0 : CODE;
        }
    }
}
