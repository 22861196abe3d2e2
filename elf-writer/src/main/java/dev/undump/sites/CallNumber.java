// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.sites.Instruction.Flow;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the number of a system call: all values that eax can have there, if they are all constants of the same function.
 *
 * <p>Goes back from the call over every way that leads to it, following copies from register to register. A way that comes from
 * outside of the decoded block, through a jump that the block does not explain, or over an instruction whose effects are not
 * known, ends the search: the number is not known then. Behind a jump through a table, only code without any label counts.
 */
final class CallNumber {

    private static final int MOST_STEPS = 4000;

    private final CodeBlock block;
    private final Labels labels;
    private final boolean straight;
    private final ArrayDeque<Question> open = new ArrayDeque<>();
    private final Set<Question> asked = new HashSet<>();
    private final Set<Integer> numbers = new TreeSet<>();

    /** What is in a register in front of an instruction? */
    private record Question(int index, int register) {}

    private CallNumber(CodeBlock block, int index, Labels labels) {
        this.block = block;
        this.labels = labels;
        this.straight = block.hasTableJump(index, labels);
    }

    /**
     * Returns the possible numbers.
     *
     * @param index of the system call in the block
     * @return empty when they are not known
     */
    static Optional<Set<Integer>> of(CodeBlock block, int index, Labels labels) {
        CallNumber search = new CallNumber(block, index, labels);
        search.ask(index, Opcodes.RAX);
        return search.run() ? Optional.of(search.numbers) : Optional.empty();
    }

    private boolean run() {
        for (int steps = 0; !open.isEmpty(); steps++) {
            if (steps > MOST_STEPS || !answer(open.pop())) {
                return false;
            }
        }
        return !numbers.isEmpty();
    }

    private boolean answer(Question question) {
        int index = question.index();
        long[] sources = labels.sourcesOf(block.instructions().get(index).address());
        if (straight && sources.length > 0) {
            return false;
        }
        boolean fallsInto = index > 0 && block.instructions().get(index - 1).fallsThrough();
        if (index == 0 || (!fallsInto && sources.length == 0)) {
            // Padding in front of a loop is passed by nobody.
            return index > 0 && block.instructions().get(index).isPadding();
        }
        if (fallsInto && !behind(index - 1, question.register())) {
            return false;
        }
        for (long end : sources) {
            int source = block.indexAt(end - 1);
            boolean explained = source >= 0
                    && block.instructions().get(source).end() == end
                    && (block.instructions().get(source).isDirectJump() || block.tables().containsKey(source));
            if (!explained || !behind(source, question.register())) {
                return false;
            }
        }
        return true;
    }

    /** Says what is in a register behind an instruction, or asks further in front of it; false when it cannot be known. */
    private boolean behind(int index, int register) {
        Instruction in = block.instructions().get(index);
        if ((Opcodes.writes(in) & 1 << register) == 0) {
            ask(index, register);
            return true;
        }
        if (in.has(Instruction.OPERAND_SIZE) || in.map() != Instruction.ONE_BYTE) {
            return false;
        }
        int opcode = in.opcode();
        if (opcode >= 0xb8 && opcode <= 0xbf) {
            return constant(in.immediate());
        }
        if (opcode == 0xb0 && register == Opcodes.RAX) {
            return lowByte(index);
        }
        if (opcode == 0xc7 && in.rmIsRegister()) {
            return constant(in.immediate());
        }
        if (opcode == 0x31 || opcode == 0x33 || opcode == 0x29 || opcode == 0x2b) {
            return in.rmIsRegister() && in.rm() == in.reg() && constant(0);
        }
        if (opcode == 0x89 && in.rmIsRegister()) {
            ask(index, in.reg());
            return true;
        }
        if ((opcode == 0x8b || opcode == 0x63) && in.rmIsRegister()) {
            ask(index, in.rm());
            return true;
        }
        return opcode >= 0x58 && opcode <= 0x5f && pushed(index);
    }

    /** {@code xor %eax,%eax} some instructions in front of {@code mov $number,%al}, with nothing that jumps between them. */
    private boolean lowByte(int index) {
        for (int i = index - 1; i >= 0; i--) {
            Instruction in = block.instructions().get(i);
            if (labels.isTarget(block.instructions().get(i + 1).address()) || !in.fallsThrough()) {
                return false;
            }
            if ((Opcodes.writes(in) & 1) != 0) {
                boolean zero = in.map() == Instruction.ONE_BYTE && in.opcode() == 0x31 && in.modrm() == 0xc0 && in.rex() == 0;
                return zero && constant(block.instructions().get(index).immediate() & 0xff);
            }
        }
        return false;
    }

    /** {@code push imm; pop register}, as compilers write it for size. */
    private boolean pushed(int index) {
        if (index == 0 || labels.isTarget(block.instructions().get(index).address())) {
            return false;
        }
        Instruction push = block.instructions().get(index - 1);
        boolean constant = push.map() == Instruction.ONE_BYTE && (push.opcode() == 0x6a || push.opcode() == 0x68);
        return constant && push.flow() == Flow.NEXT && constant(push.immediate());
    }

    private boolean constant(long value) {
        numbers.add((int) value);
        return true;
    }

    private void ask(int index, int register) {
        Question question = new Question(index, register);
        if (asked.add(question)) {
            open.push(question);
        }
    }
}
