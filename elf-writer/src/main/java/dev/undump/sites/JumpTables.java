// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.sites.Instruction.Flow;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds where the jumps of {@code switch} statements lead: those whose index is compared with a constant right in front, and whose
 * table is constant.
 *
 * <p>Follows the index from the comparison to the jump, over code that nobody may jump into; that is asked when all labels are
 * known. A table counts only if all of its entries are instructions of the same function.
 */
final class JumpTables {

    private static final int FURTHEST = 24;
    private static final int MOST_ENTRIES = 4096;
    /** Registers that callers put something into: psABI 3.2.3. rax and r10 have no pointers to tables. */
    private static final Set<Integer> ARGUMENTS = Set.of(Opcodes.RDI, Opcodes.RSI, Opcodes.RDX, Opcodes.RCX, 8, 9);

    private final CodeBlock block;
    private final CodeBytes code;
    /** The first instruction that counts for a jump. */
    private int start;

    /** What is in a register or goes into it. */
    private sealed interface Value {}

    /** The index times a factor. */
    private record Index(long factor) implements Value {}

    /** The index in the lowest 8 or 16 bits; what is above was not compared. */
    private record Low(int bits) implements Value {}

    private record Address(long value) implements Value {}

    /** A distance of 32 bits from a table, as it is read and when it is extended. */
    private record Distance(long table, boolean extended) implements Value {}

    /** Where to jump: a table of distances from a base, or of addresses. */
    private record Target(long table, long base, boolean isDistance) implements Value {}

    private enum Nothing implements Value {
        KNOWN
    }

    private JumpTables(CodeBlock block, CodeBytes code) {
        this.block = block;
        this.code = code;
    }

    /** Returns the block with all tables that are understood. */
    static CodeBlock resolve(CodeBlock block, CodeBytes code) throws IOException {
        Map<Integer, JumpTable> tables = new HashMap<>();
        for (int i = 0; i < block.instructions().size(); i++) {
            if (block.instructions().get(i).isComputedJump()) {
                int jump = i;
                new JumpTables(block, code).table(jump).ifPresent(table -> tables.put(jump, table));
            }
        }
        return tables.isEmpty() ? block : block.with(tables);
    }

    private Optional<JumpTable> table(int jump) throws IOException {
        for (int i = jump - 1; i >= 0 && i >= jump - FURTHEST; i--) {
            Instruction in = block.instructions().get(i);
            if (in.flow() != Flow.NEXT && in.flow() != Flow.BRANCH) {
                return Optional.empty();
            }
            int count = entriesAfter(i);
            if (count > 0) {
                start = i;
                Optional<Target> target = follow(i, jump);
                if (target.isPresent()) {
                    long first = block.instructions().get(start).address();
                    return entries(target.get(), count).map(targets -> new JumpTable(first, targets));
                }
            }
        }
        return Optional.empty();
    }

    // ---- the comparison ----

    /** Returns how many values of the index pass a comparison and the branch behind it; 0 when it is none. */
    private int entriesAfter(int compare) {
        Instruction in = block.instructions().get(compare);
        boolean immediate = in.map() == Instruction.ONE_BYTE
                && ((in.opcode() == 0x83 || in.opcode() == 0x81 || in.opcode() == 0x80) && in.operation() == 7
                        || in.opcode() == 0x3c
                        || in.opcode() == 0x3d);
        if (!immediate || in.immediate() < 0 || in.immediate() >= MOST_ENTRIES) {
            return 0;
        }
        int next = compare + 1;
        while (next < block.instructions().size() && keepsFlags(block.instructions().get(next))) {
            next++;
        }
        if (next == block.instructions().size() || block.instructions().get(next).flow() != Flow.BRANCH) {
            return 0;
        }
        Instruction branch = block.instructions().get(next);
        boolean conditional = branch.map() == Instruction.TWO_BYTE || (branch.opcode() & 0xf0) == 0x70;
        int condition = conditional ? branch.opcode() & 0x0f : -1;
        return condition == 0x7 ? (int) in.immediate() + 1 : condition == 0x3 ? (int) in.immediate() : 0;
    }

    private static boolean keepsFlags(Instruction in) {
        if (in.map() == Instruction.TWO_BYTE) {
            return in.opcode() == 0xb6 || in.opcode() == 0xb7 || in.opcode() == 0xbe || in.opcode() == 0xbf;
        }
        return in.map() == Instruction.ONE_BYTE && switch (in.opcode()) {
            case 0x63, 0x88, 0x89, 0x8a, 0x8b, 0x8d, 0xc6, 0xc7 -> true;
            default -> in.opcode() >= 0xb0 && in.opcode() <= 0xbf;
        };
    }

    // ---- from the comparison to the jump ----

    private Optional<Target> follow(int compare, int jump) throws IOException {
        Instruction first = block.instructions().get(compare);
        int bits = first.opcode() == 0x80 || first.opcode() == 0x3c ? 8 : first.has(Instruction.OPERAND_SIZE) ? 16 : 32;
        // No table has entries for what more bits could hold.
        Value compared = bits == 32 ? new Index(1) : new Low(bits);
        Optional<MemoryOperand> inMemory = operand(first);
        Map<Integer, Value> values = new HashMap<>();
        if (inMemory.isEmpty()) {
            boolean highByte = first.opcode() == 0x80 && first.rex() == 0 && first.rm() >= 4;
            if (highByte || (first.modrm() >= 0 && !first.rmIsRegister())) {
                return Optional.empty();
            }
            values.put(first.modrm() < 0 ? Opcodes.RAX : first.rm(), compared);
        }
        for (int i = compare + 1; i < jump; i++) {
            Instruction in = block.instructions().get(i);
            Value result = isSame(in, inMemory) ? read(in, compared) : result(in, values, compare);
            int written = in.flow() == Flow.NEXT ? Opcodes.writes(in) : 0;
            for (int register = 0; register < 16; register++) {
                if ((written & 1 << register) != 0) {
                    values.put(register, Nothing.KNOWN);
                }
            }
            if (result != Nothing.KNOWN) {
                values.put(destination(in), result);
            }
            inMemory = inMemory.filter(operand -> !mayWriteMemory(in) && !operand.dependsOn(written));
        }
        Instruction last = block.instructions().get(jump);
        Value target = last.rmIsRegister() ? values.get(last.rm()) : loaded(last, values, true, false, compare);
        return target instanceof Target known ? Optional.of(known) : Optional.empty();
    }

    private static int destination(Instruction in) {
        return switch (in.opcode()) {
            case 0x89, 0x01, 0xc7, 0xc1 -> in.rm();
            case 0x98 -> Opcodes.RAX;
            default -> in.map() == Instruction.ONE_BYTE && in.opcode() >= 0xb8 && in.opcode() <= 0xbf
                    ? Opcodes.opcodeRegister(in)
                    : in.reg();
        };
    }

    /** Returns what a load of the index puts into its destination. */
    private static Value read(Instruction in, Value compared) {
        boolean plain = in.map() == Instruction.ONE_BYTE && (in.opcode() == 0x8b || in.opcode() == 0x63);
        boolean zeroExtends = in.map() == Instruction.TWO_BYTE && (in.opcode() == 0xb6 || in.opcode() == 0xb7);
        if (in.has(Instruction.OPERAND_SIZE)) {
            return Nothing.KNOWN;
        }
        return zeroExtends ? zeroExtended(in, compared) : plain && compared instanceof Index ? compared : Nothing.KNOWN;
    }

    private static Value zeroExtended(Instruction in, Value value) {
        int bits = in.opcode() == 0xb6 ? 8 : 16;
        boolean all = value instanceof Index index && index.factor() == 1 || value instanceof Low low && bits <= low.bits();
        return all ? new Index(1) : Nothing.KNOWN;
    }

    /** Returns what an instruction puts into its destination. */
    private Value result(Instruction in, Map<Integer, Value> values, int compare) throws IOException {
        boolean wide = (in.rex() & 8) != 0;
        if (in.has(Instruction.OPERAND_SIZE) || in.flow() != Flow.NEXT) {
            return Nothing.KNOWN;
        }
        if (in.map() == Instruction.TWO_BYTE) {
            boolean extends8 = in.opcode() == 0xb6 && in.rmIsRegister() && (in.rex() != 0 || in.rm() < 4);
            boolean extends16 = in.opcode() == 0xb7 && in.rmIsRegister();
            return extends8 || extends16 ? zeroExtended(in, value(in.rm(), values, compare)) : Nothing.KNOWN;
        }
        if (in.map() != Instruction.ONE_BYTE) {
            return Nothing.KNOWN;
        }
        if (in.opcode() >= 0xb8 && in.opcode() <= 0xbf) {
            return new Address(wide ? in.immediate() : in.immediate() & 0xffffffffL);
        }
        return in.rmIsRegister() ? ofRegister(in, values, wide, compare) : switch (in.opcode()) {
            case 0x8b -> loaded(in, values, wide, false, compare);
            case 0x63 -> wide ? loaded(in, values, false, true, compare) : Nothing.KNOWN;
            case 0x8d -> wide ? lea(in, values) : Nothing.KNOWN;
            case 0x98 -> wide ? extended(value(Opcodes.RAX, values, compare)) : Nothing.KNOWN;
            default -> Nothing.KNOWN;
        };
    }

    private Value ofRegister(Instruction in, Map<Integer, Value> values, boolean wide, int compare) throws IOException {
        return switch (in.opcode()) {
            case 0x89 -> copied(value(in.reg(), values, compare), wide);
            case 0x8b -> copied(value(in.rm(), values, compare), wide);
            case 0x63 -> wide ? extended(value(in.rm(), values, compare)) : Nothing.KNOWN;
            case 0xc7 -> new Address(wide ? in.immediate() : in.immediate() & 0xffffffffL);
            case 0xc1 -> shifted(in, values, wide);
            case 0x01, 0x03 -> wide ? sum(value(in.rm(), values, compare), value(in.reg(), values, compare)) : Nothing.KNOWN;
            default -> Nothing.KNOWN;
        };
    }

    private static Value copied(Value value, boolean wide) {
        boolean same = wide
                || value instanceof Index
                || value instanceof Low
                || (value instanceof Address address && address.value() == (address.value() & 0xffffffffL))
                || (value instanceof Distance distance && !distance.extended());
        return same ? value : Nothing.KNOWN;
    }

    private static Value extended(Value value) {
        if (value instanceof Distance distance) {
            return new Distance(distance.table(), true);
        }
        return value instanceof Index ? value : Nothing.KNOWN;
    }

    private static Value shifted(Instruction in, Map<Integer, Value> values, boolean wide) {
        boolean left = in.operation() == 4 && in.rmIsRegister() && wide && in.immediate() >= 0 && in.immediate() <= 3;
        return left && values.get(in.rm()) instanceof Index index ? new Index(index.factor() << in.immediate()) : Nothing.KNOWN;
    }

    private static Value sum(Value one, Value other) {
        if (one instanceof Distance && other instanceof Address) {
            return sum(other, one);
        }
        return one instanceof Address base && other instanceof Distance distance && distance.extended()
                ? new Target(distance.table(), base.value(), true)
                : Nothing.KNOWN;
    }

    private Value lea(Instruction in, Map<Integer, Value> values) throws IOException {
        Optional<MemoryOperand> operand = operand(in);
        if (operand.isEmpty()) {
            return Nothing.KNOWN;
        }
        MemoryOperand o = operand.get();
        if (o.base() < 0 && o.index() < 0) {
            return new Address(o.displacement());
        }
        boolean scales = o.base() < 0 && o.displacement() == 0 && values.get(o.index()) instanceof Index;
        return scales ? new Index(((Index) values.get(o.index())).factor() * o.scale()) : Nothing.KNOWN;
    }

    /** What is read from memory, if that is an entry of a table. */
    private Value loaded(Instruction in, Map<Integer, Value> values, boolean wide, boolean extended, int compare)
            throws IOException {
        Optional<MemoryOperand> operand = operand(in);
        if (operand.isEmpty() || operand.get().index() < 0) {
            return Nothing.KNOWN;
        }
        MemoryOperand o = operand.get();
        Value base = o.base() < 0 ? new Address(0) : value(o.base(), values, compare);
        Value index = value(o.index(), values, compare);
        if (o.scale() == 1 && base instanceof Index && index instanceof Address) {
            Value swap = base;
            base = index;
            index = swap;
        }
        if (!(base instanceof Address start) || !(index instanceof Index factor) || factor.factor() * o.scale() != (wide ? 8 : 4)) {
            return Nothing.KNOWN;
        }
        long table = start.value() + o.displacement();
        return wide ? new Target(table, 0, false) : new Distance(table, extended);
    }

    /** Returns what is in a register; when it was set before the comparison, an address or nothing. */
    private Value value(int register, Map<Integer, Value> values, int compare) throws IOException {
        Value known = values.get(register);
        return known != null ? known : ARGUMENTS.contains(register) ? setInFront(register, compare) : setOnce(register);
    }

    /** An address that is loaded in front of the comparison, with nothing in between that is jumped to or writes the register. */
    private Value setInFront(int register, int compare) throws IOException {
        for (int i = compare - 1; i >= 0 && i >= compare - FURTHEST; i--) {
            Instruction in = block.instructions().get(i);
            if (in.flow() != Flow.NEXT && in.flow() != Flow.BRANCH) {
                return Nothing.KNOWN;
            }
            if ((Opcodes.writes(in) & 1 << register) != 0) {
                start = Math.min(start, i);
                return isAddress(in) ? new Address(operand(in).orElseThrow().displacement()) : Nothing.KNOWN;
            }
        }
        return Nothing.KNOWN;
    }

    /**
     * An address, when every instruction of the function that writes a register loads that, those apart that restore it: what the
     * caller left there is no address of a table.
     */
    private Value setOnce(int register) throws IOException {
        Value result = Nothing.KNOWN;
        for (Instruction in : block.instructions()) {
            boolean pop = in.map() == Instruction.ONE_BYTE && (in.opcode() & 0xf8) == 0x58;
            if ((Opcodes.writes(in) & 1 << register) == 0 || pop) {
                continue;
            }
            Value value = isAddress(in) ? new Address(operand(in).orElseThrow().displacement()) : Nothing.KNOWN;
            if (value == Nothing.KNOWN || (result != Nothing.KNOWN && !result.equals(value))) {
                return Nothing.KNOWN;
            }
            result = value;
        }
        return result;
    }

    private static boolean isAddress(Instruction in) {
        return in.map() == Instruction.ONE_BYTE && in.opcode() == 0x8d && (in.rex() & 8) != 0 && in.displacementAt() > 0;
    }

    private boolean isSame(Instruction in, Optional<MemoryOperand> inMemory) throws IOException {
        return inMemory.isPresent() && in.flow() == Flow.NEXT && operand(in).equals(inMemory);
    }

    /** Only jumps, loads and lea are known not to. */
    private static boolean mayWriteMemory(Instruction in) {
        boolean loads = in.map() == Instruction.ONE_BYTE
                && (in.opcode() == 0x8b || in.opcode() == 0x8d || in.opcode() == 0x63 || in.opcode() == 0x98);
        return in.flow() == Flow.NEXT && !loads && !in.rmIsRegister();
    }

    private Optional<MemoryOperand> operand(Instruction in) throws IOException {
        return MemoryOperand.of(in, code.copy(new ByteRange(in.address(), in.end())));
    }

    // ---- the table ----

    private Optional<List<Long>> entries(Target target, int count) throws IOException {
        int size = target.isDistance() ? Integer.BYTES : Long.BYTES;
        Optional<ByteBuffer> table = code.constants(target.table(), count * size);
        if (table.isEmpty()) {
            return Optional.empty();
        }
        List<Long> targets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long entry = target.isDistance() ? target.base() + table.get().getInt(i * size) : table.get().getLong(i * size);
            if (block.indexOf(entry) < 0) {
                return Optional.empty();
            }
            targets.add(entry);
        }
        return Optional.of(targets.stream().distinct().sorted().toList());
    }
}
