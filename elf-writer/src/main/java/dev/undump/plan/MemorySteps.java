// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The memory steps in the order in which the stub takes them: first every mapping, then which pages may be huge and from which nodes they come, contents,
 * protections, other advice, names, locks and at last seals. Steps that continue their predecessor become one.
 *
 * <p>The order matters: page sizes are decided when contents come, contents need write access, guards and locks need contents,
 * nothing may touch what is sealed.
 */
final class MemorySteps {

    private static final int MAP_GROWSDOWN = 0x100;
    private static final Set<MemoryOp.Kind> JOINABLE = EnumSet.of(
            MemoryOp.Kind.ANONYMOUS,
            MemoryOp.Kind.IMAGE,
            MemoryOp.Kind.LAZY,
            MemoryOp.Kind.PROTECT,
            MemoryOp.Kind.ADVISE,
            MemoryOp.Kind.LOCK,
            MemoryOp.Kind.SEAL);

    private final List<MemoryOp> maps = new ArrayList<>();
    private final List<MemoryOp> pageSizes = new ArrayList<>();
    /** Address, length, data offset. */
    private final LongRows contents = new LongRows();

    private final List<MemoryOp> protections = new ArrayList<>();
    private final List<MemoryOp> advice = new ArrayList<>();
    private final List<MemoryOp> names = new ArrayList<>();
    private final List<MemoryOp> locks = new ArrayList<>();
    private final List<MemoryOp> seals = new ArrayList<>();

    void add(MemoryOp op) {
        List<MemoryOp> phase = phaseOf(op);
        if (!phase.isEmpty()) {
            Optional<MemoryOp> joined = join(phase.get(phase.size() - 1), op);
            if (joined.isPresent()) {
                phase.set(phase.size() - 1, joined.get());
                return;
            }
        }
        phase.add(op);
    }

    /** Adds a step that reads bytes of the page data. */
    void read(ByteRange range, long dataOffset) {
        int last = contents.size() - 1;
        if (last >= 0
                && contents.get(last, 0) + contents.get(last, 1) == range.start()
                && contents.get(last, 2) + contents.get(last, 1) == dataOffset) {
            contents.set(
                    last, contents.get(last, 0), contents.get(last, 1) + range.lengthBytes(), contents.get(last, 2));
        } else {
            contents.add(range.start(), range.lengthBytes(), dataOffset);
        }
    }

    /** Adds all steps of another list behind those of the same kind. */
    void addAll(MemorySteps others) {
        for (List<MemoryOp> phase : others.behindContents()) {
            phase.forEach(this::add);
        }
        others.maps.forEach(this::add);
        others.pageSizes.forEach(this::add);
        for (int i = 0; i < others.contents.size(); i++) {
            read(ByteRange.ofLength(others.contents.get(i, 0), others.contents.get(i, 1)), others.contents.get(i, 2));
        }
    }

    List<MemoryOp> inOrder() {
        List<MemoryOp> before = new ArrayList<>(maps);
        before.addAll(pageSizes);
        List<MemoryOp> behind = new ArrayList<>();
        behindContents().forEach(behind::addAll);
        return new StepList(before, contents, behind);
    }

    private List<List<MemoryOp>> behindContents() {
        return List.of(protections, advice, names, locks, seals);
    }

    private List<MemoryOp> phaseOf(MemoryOp op) {
        return switch (op.kind()) {
            case ANONYMOUS, SHARED, IMAGE, LAZY, FILE, OBJECT, OBJECT_MAP, DESCRIPTOR_MAP, SEGMENT, DROPPABLE -> maps;
            case READ -> throw new IllegalArgumentException("reading is added as such");
            case PROTECT, UNMAP -> protections;
            case ADVISE -> VmaAdvice.decidesPageSize(op.argument()) ? pageSizes : advice;
            case POLICY -> pageSizes;
            case NAME -> names;
            case LOCK -> locks;
            case SEAL -> seals;
        };
    }

    private static Optional<MemoryOp> join(MemoryOp first, MemoryOp second) {
        boolean alike = first.kind() == second.kind()
                && JOINABLE.contains(first.kind())
                && first.range().end() == second.range().start()
                && first.protection() == second.protection()
                && first.flags() == second.flags()
                && (first.flags() & MAP_GROWSDOWN) == 0
                && first.argument() == second.argument()
                && first.optional() == second.optional();
        if (!alike || !continues(first, second)) {
            return Optional.empty();
        }
        ByteRange both = new ByteRange(first.range().start(), second.range().end());
        return Optional.of(new MemoryOp(
                first.kind(), first.protection(), both, first.offset(), first.flags(), first.argument(), first.optional()));
    }

    private static boolean continues(MemoryOp first, MemoryOp second) {
        if (first.offset() instanceof PlanOffset.InData a && second.offset() instanceof PlanOffset.InData b) {
            return a.offset() + first.range().lengthBytes() == b.offset();
        }
        return first.offset().equals(PlanOffset.ZERO) && second.offset().equals(PlanOffset.ZERO);
    }
}
