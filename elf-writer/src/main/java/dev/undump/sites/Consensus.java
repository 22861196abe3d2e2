// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Tells instructions from bytes inside of them where nothing says where a function starts.
 *
 * <p>x86 code is decoded from many addresses in front of the place, every one in a stretch that is longer than an instruction. If
 * that stretch is code, one of them is right and stays right; the others soon fall into step with it. So a place that none of them
 * takes for an instruction is none, and a place behind the point where all have met is what all say.
 */
final class Consensus {

    private static final int DISTANCE = 512;
    private static final int STARTS = 64;
    private static final int NEAREST = 32;
    private static final int BEHIND = 256;
    /** How many neighbours are looked at to tell code from data. */
    private static final int NEIGHBOURS = 16;
    /** How much bytes that are no instruction count. */
    private static final int NO_INSTRUCTION = 2;
    /** How much it counts that the streams only meet at the place itself. */
    private static final int ALONE = 2;

    /** What a place is. */
    enum Verdict {
        INSTRUCTION,
        INSIDE,
        UNCLEAR
    }

    /**
     * The answer about a place.
     *
     * @param block decoded from where all agree, when it is an instruction
     * @param strange how many of its neighbours are no instructions or such that compilers do not emit
     */
    record Answer(Verdict verdict, Optional<CodeBlock> block, int strange) {}

    private Consensus() {}

    /** Looks at one place in stored code. */
    static Answer at(CodeBytes code, long place) throws IOException {
        ByteRange run = code.runAt(place).orElseThrow();
        long lowest = Math.max(run.start(), place - DISTANCE);
        long highest = Math.max(lowest + 1, Math.min(lowest + STARTS, place - NEAREST));
        long end = Math.min(run.end(), place + BEHIND);
        InstructionDecoder decoder = code.decoder(new ByteRange(lowest, end));
        Set<Long> reference = new HashSet<>();
        boolean first = walk(decoder, lowest, place, reference, null) == place;
        boolean same = true;
        long met = lowest;
        for (long start = lowest + 1; start < highest; start++) {
            long[] meeting = {-1};
            if (reference.contains(start)) {
                continue;
            }
            boolean hits = walk(decoder, start, place, reference, meeting) == place;
            same &= hits == first;
            met = Math.max(met, meeting[0] < 0 ? Long.MAX_VALUE : meeting[0]);
        }
        if (!same) {
            return new Answer(Verdict.UNCLEAR, Optional.empty(), 0);
        }
        if (!first) {
            return new Answer(Verdict.INSIDE, Optional.empty(), 0);
        }
        long from = Math.min(met, place);
        CodeBlock block = CodeBlock.decode(decoder, new ByteRange(from, end), false);
        int index = block.indexOf(place);
        if (index < 0) {
            // A byte that is no instruction lies between: the place is behind data.
            block = CodeBlock.decode(decoder, new ByteRange(place, end), false);
            index = 0;
        }
        return new Answer(Verdict.INSTRUCTION, Optional.of(block), strange(block, index));
    }

    /**
     * Follows instructions up to a place; a byte where none starts is stepped over.
     *
     * @param meeting gets the first address that the reference has too, and then the rest is known; null: fill the reference
     * @return the place when it is the start of one, or else where the one that holds it ends
     */
    private static long walk(
            InstructionDecoder decoder, long start, long place, Set<Long> reference, long[] meeting) {
        long address = start;
        while (address < place) {
            if (meeting == null) {
                reference.add(address);
            } else if (reference.contains(address)) {
                meeting[0] = address;
                return reference.contains(place) ? place : place + 1;
            }
            Optional<Instruction> next = decoder.at(address);
            address = next.isPresent() ? next.get().end() : address + 1;
        }
        if (meeting == null && address == place) {
            reference.add(place);
        } else if (meeting != null && address == place && reference.contains(place)) {
            meeting[0] = place;
        }
        return address;
    }

    private static int strange(CodeBlock block, int index) {
        int around = strange(block, index, -1) + strange(block, index, 1);
        return around + (block.range().start() == block.instructions().get(index).address() ? ALONE : 0);
    }

    /** Zeros are neither: behind the last function stands nothing else. */
    private static int strange(CodeBlock block, int index, int step) {
        int count = 0;
        for (int i = 1; i <= NEIGHBOURS; i++) {
            int neighbour = index + i * step;
            if (neighbour >= block.instructions().size() && block.decodedEnd() < block.range().end()) {
                return count + NO_INSTRUCTION;
            }
            if (neighbour < 0 || neighbour >= block.instructions().size() || isZeros(block.instructions().get(neighbour))) {
                return count;
            }
            count += block.instructions().get(neighbour).strange() ? 1 : 0;
        }
        return count;
    }

    private static boolean isZeros(Instruction in) {
        return in.map() == Instruction.ONE_BYTE && in.opcode() == 0 && in.modrm() == 0 && in.length() == 2;
    }
}
