// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.checkpoint.RightsSamples.filter;
import static dev.undump.checkpoint.RightsSamples.instruction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.RightsSamples;
import dev.undump.checkpoint.SeccompFilter;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FilterProgramTest {

    private static final int ALLOW = 0x7fff0000;
    private static final int ERROR = 0x00050001;

    private static final int LOAD = 0x20;
    private static final int LOAD_X = 0x01;
    private static final int STORE = 0x02;
    private static final int LOAD_MEMORY = 0x60;
    private static final int AND = 0x54;
    private static final int ADD_X = 0x0c;
    private static final int RSHIFT = 0x74;
    private static final int JUMP = 0x05;
    private static final int JUMP_EQUAL = 0x15;
    private static final int JUMP_GREATER = 0x25;
    private static final int RETURN = 0x06;
    private static final int RETURN_A = 0x16;

    @Test
    void allows_numberInTheList_isDecidedByIt() throws Exception {
        FilterProgram program = new FilterProgram(RightsSamples.killing(15));
        assertThat(program.allows(15, 0)).isFalse();
        assertThat(program.allows(16, 0)).isTrue();
    }

    @Test
    void allows_architecture_isThatOf64Bits() throws Exception {
        assertThat(decides(instruction(LOAD, 0, 0, 4), instruction(JUMP_EQUAL, 0, 1, 0xc000003e))).isTrue();
    }

    @Test
    void allows_argumentsAndAddress_areInTheirPlaces() throws Exception {
        FilterProgram high = program(instruction(LOAD, 0, 0, 28), instruction(JUMP_EQUAL, 0, 1, 0x77));
        assertThat(high.allows(1, 0, 0, 0x77_0000_0000L)).isTrue();
        assertThat(high.allows(1, 0, 0x77_0000_0000L)).isFalse();
        FilterProgram address = program(instruction(LOAD, 0, 0, 8), instruction(JUMP_EQUAL, 0, 1, 0x1234));
        assertThat(address.allows(1, 0x1234)).isTrue();
    }

    @Test
    void allows_arithmeticAndMemory_areThoseOfBpf() throws Exception {
        assertThat(decides(
                        instruction(LOAD, 0, 0, 0), // 231
                        instruction(AND, 0, 0, 0xf0), // 224
                        instruction(STORE, 0, 0, 3),
                        instruction(LOAD_X, 0, 0, 16),
                        instruction(LOAD_MEMORY, 0, 0, 3),
                        instruction(ADD_X, 0, 0, 0), // 240
                        instruction(RSHIFT, 0, 0, 4), // 15
                        instruction(JUMP_EQUAL, 0, 1, 15)))
                .isTrue();
    }

    @Test
    void allows_comparison_isUnsigned() throws Exception {
        assertThat(decides(instruction(LOAD, 0, 0, 4), instruction(JUMP_GREATER, 0, 1, 1))).isTrue();
    }

    @Test
    void allows_jumpOverInstructions_skipsThem() throws Exception {
        FilterProgram program = new FilterProgram(filter(
                instruction(JUMP, 0, 0, 1), instruction(RETURN, 0, 0, ERROR), instruction(RETURN, 0, 0, ALLOW)));
        assertThat(program.allows(1, 0)).isTrue();
    }

    @Test
    void allows_computedAction_isTaken() throws Exception {
        assertThat(new FilterProgram(filter(instruction(LOAD, 0, 0, 0), instruction(RETURN_A, 0, 0, 0))).allows(1, 0))
                .isFalse();
    }

    @Test
    void allows_programWithoutEnd_isRefused() {
        SeccompFilter endless = filter(instruction(LOAD, 0, 0, 0));
        assertThatThrownBy(() -> new FilterProgram(endless).allows(1, 0))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("without a decision");
    }

    @Test
    void allows_loadOutsideOfTheData_isRefused() {
        SeccompFilter outside = filter(instruction(LOAD, 0, 0, 64), instruction(RETURN, 0, 0, ALLOW));
        assertThatThrownBy(() -> new FilterProgram(outside).allows(1, 0)).isInstanceOf(PlanException.class);
    }

    @Test
    void allows_jumpBackwards_isRefused() {
        SeccompFilter loop = filter(instruction(JUMP, 0, 0, -1));
        assertThatThrownBy(() -> new FilterProgram(loop).allows(1, 0)).isInstanceOf(PlanException.class);
    }

    /** Puts "allow if the last comparison holds" behind. */
    private static FilterProgram program(byte[]... instructions) {
        byte[][] all = Arrays.copyOf(instructions, instructions.length + 2);
        all[instructions.length] = instruction(RETURN, 0, 0, ALLOW);
        all[instructions.length + 1] = instruction(RETURN, 0, 0, ERROR);
        return new FilterProgram(filter(all));
    }

    private static boolean decides(byte[]... instructions) throws PlanException {
        return program(instructions).allows(231, 0);
    }
}
