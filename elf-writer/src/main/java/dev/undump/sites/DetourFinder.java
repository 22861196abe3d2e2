// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;
import dev.undump.sites.Instruction.Flow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Chooses how a system call is led over an island.
 *
 * <p>Best is what leaves every instruction at its address: a near jump in place of the call to padding that holds the far jump.
 * For calls of unknown number it is better still to keep the call itself, so that a thread that sleeps in it stands where
 * debuggers, unwinders and the program's own signal handlers expect it: then one long instruction in front makes room. Else
 * several instructions in front of or behind the call move to the island, and whoever stands inside is moved along.
 */
final class DetourFinder {

    private static final int NEAR_REACH_BACK = -128;
    private static final int NEAR_REACH = 127;
    private static final int MOST_MOVED = 6;

    private final CodeBytes code;
    private final Labels labels;
    /** By start: what earlier detours have changed. */
    private final TreeMap<Long, ByteRange> taken = new TreeMap<>();

    DetourFinder(CodeBytes code, Labels labels) {
        this.code = code;
        this.labels = labels;
    }

    /**
     * Returns a way for one call and takes what it needs.
     *
     * @param block the decoded code around the call
     * @param padding what was found near it
     * @param compares whether the number is not known
     */
    Optional<Detour> find(CodeBlock block, int index, List<ByteRange> padding, boolean compares) throws IOException {
        List<Optional<Detour>> ways = new ArrayList<>();
        Optional<Detour> hop = overPadding(block.instructions().get(index), padding, compares);
        Optional<Detour> oneBefore = before(block, index, compares, 1);
        ways.add(compares ? oneBefore : hop);
        ways.add(compares ? hop : oneBefore);
        ways.add(before(block, index, compares, MOST_MOVED));
        ways.add(behind(block, index, compares));
        for (Optional<Detour> way : ways) {
            if (way.isPresent()) {
                take(way.get().covered());
                take(way.get().hop());
                return way;
            }
        }
        return Optional.empty();
    }

    private Optional<Detour> overPadding(Instruction call, List<ByteRange> padding, boolean compares)
            throws IOException {
        if (!isFree(new ByteRange(call.address(), call.end()))) {
            return Optional.empty();
        }
        for (ByteRange run : padding) {
            for (long start = run.start(); start + Detour.FAR_JUMP <= run.end(); start++) {
                ByteRange hop = ByteRange.ofLength(start, Detour.FAR_JUMP);
                long distance = start - call.end();
                if (distance >= NEAR_REACH_BACK && distance <= NEAR_REACH && isFree(hop)) {
                    return Optional.of(detour(call, compares, hop, run, List.of(), List.of()));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Detour> before(CodeBlock block, int index, boolean compares, int most) throws IOException {
        Instruction call = block.instructions().get(index);
        List<Instruction> moved = new ArrayList<>();
        // Whoever jumps to what the far jump covers, or to the call past it, must be known not to exist.
        boolean open = block.hasTableJump(index, labels) || labels.isTarget(call.address());
        for (int i = index - 1; i >= 0 && index - i <= most && !open; i--) {
            Instruction in = block.instructions().get(i);
            if (in.flow() != Flow.NEXT || !isMovable(in)) {
                break;
            }
            moved.add(0, in);
            if (call.address() - in.address() >= Detour.FAR_JUMP) {
                boolean free = isFree(new ByteRange(in.address(), call.end()))
                        && !labels.isTargetIn(in.address() + 1, call.end());
                return free ? Optional.of(detour(call, compares, none(), none(), moved, List.of())) : Optional.empty();
            }
            open = labels.isTarget(in.address());
        }
        return Optional.empty();
    }

    private Optional<Detour> behind(CodeBlock block, int index, boolean compares) throws IOException {
        Instruction call = block.instructions().get(index);
        List<Instruction> moved = new ArrayList<>();
        for (int i = index + 1; i < block.instructions().size() && !block.hasTableJump(index, labels); i++) {
            Instruction in = block.instructions().get(i);
            boolean movable = isMovable(in) && (in.flow() != Flow.BRANCH || isNearOrFarBranch(in));
            boolean kind = in.flow() == Flow.NEXT || in.isDirectJump() || in.flow() == Flow.RETURN;
            if (!movable || !kind || moved.size() == MOST_MOVED) {
                break;
            }
            moved.add(in);
            boolean enough = in.end() - call.address() >= Detour.FAR_JUMP;
            if (enough) {
                boolean free =
                        isFree(new ByteRange(call.address(), in.end())) && !labels.isTargetIn(call.address() + 1, in.end());
                return free ? Optional.of(detour(call, compares, none(), none(), List.of(), moved)) : Optional.empty();
            }
            if (!in.fallsThrough()) {
                break;
            }
        }
        return Optional.empty();
    }

    private Detour detour(
            Instruction call,
            boolean compares,
            ByteRange hop,
            ByteRange gap,
            List<Instruction> before,
            List<Instruction> after)
            throws IOException {
        Bytes original = Bytes.copyOf(code.copy(Detour.covered(call, before, after)));
        return new Detour(call, compares, hop, gap, before, after, original);
    }

    private static ByteRange none() {
        return new ByteRange(0, 0);
    }

    /** Returns whether the island can hold it: apart from jumps, only operands relative to it have to be adapted. */
    private static boolean isMovable(Instruction in) {
        boolean oddJump = in.isDirectJump() && in.has(Instruction.OPERAND_SIZE | Instruction.ADDRESS_SIZE);
        return !oddJump && !(in.displacementAt() > 0 && in.has(Instruction.ADDRESS_SIZE)) && !in.strange();
    }

    /** Those that only exist with a near distance (loop, jrcxz) stay, and xbegin too. */
    private static boolean isNearOrFarBranch(Instruction in) {
        return in.map() == Instruction.TWO_BYTE || (in.map() == Instruction.ONE_BYTE && (in.opcode() & 0xf0) == 0x70);
    }

    private boolean isFree(ByteRange range) {
        var below = taken.floorEntry(range.end() - 1);
        return below == null || !below.getValue().overlaps(range);
    }

    private void take(ByteRange range) {
        if (!range.isEmpty()) {
            taken.put(range.start(), range);
        }
    }
}
