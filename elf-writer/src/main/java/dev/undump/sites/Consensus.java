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

    /** What a place is. */
    enum Verdict {
        INSTRUCTION,
        INSIDE,
        UNCLEAR
    }

    /**
     * The answer about a place.
     *
     * @param block decoded from where all agree; when it is unclear, as one stream sees it that takes it for an instruction;
     *     empty when none does
     */
    record Answer(Verdict verdict, Optional<CodeBlock> block) {}

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
        boolean any = first;
        boolean all = first;
        // Where the reference met the others, or where one starts that disagrees with it.
        long from = lowest;
        for (long start = lowest + 1; start < highest; start++) {
            long[] meeting = {place};
            if (!reference.contains(start)) {
                boolean hits = walk(decoder, start, place, reference, meeting) == place;
                if (hits && !any) {
                    from = start;
                } else if (first && all) {
                    from = Math.max(from, meeting[0]);
                }
                any |= hits;
                all &= hits;
            }
        }
        if (!any) {
            return new Answer(Verdict.INSIDE, Optional.empty());
        }
        CodeBlock block = blockTo(decoder, from, place, end);
        return new Answer(all ? Verdict.INSTRUCTION : Verdict.UNCLEAR, Optional.of(block));
    }

    /** Decodes what leads to a place; where a byte is stepped over, from behind it. */
    private static CodeBlock blockTo(InstructionDecoder decoder, long from, long place, long end) {
        long start = from;
        while (true) {
            CodeBlock block = CodeBlock.decode(decoder, new ByteRange(start, end), false);
            if (block.indexOf(place) >= 0 || start >= place) {
                return block;
            }
            start = Math.min(place, block.decodedEnd() + 1);
        }
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
}
