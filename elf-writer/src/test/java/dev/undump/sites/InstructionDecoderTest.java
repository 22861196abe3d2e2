// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.sites.Instruction.Flow;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InstructionDecoderTest {

    private static final long BASE = 0x401000;

    private static Optional<Instruction> decode(String hexadecimal) {
        byte[] code = HexFormat.of().parseHex(hexadecimal.replace(" ", ""));
        return new InstructionDecoder(code, BASE).at(BASE);
    }

    /** Each is one whole instruction, as the GNU assembler writes it. */
    @ParameterizedTest
    @ValueSource(strings = {
        "90", "c3", "c20800", "cc", "c8100000", "0f05", "0f34", "cd80", "0f0b", "f4",
        "b81c000000", "48b88877665544332211", "66b82211", "48c7c01c000000", "c7042401000000", "66c704240100",
        "648b042528000000", "488b05aabbccdd", "67488b05aabbccdd", "8b44244c", "8b842488000000", "8b04cd00000000", "8b4500",
        "f6c101", "f7c100010000", "66f7c10001", "f7d8", "48f7e1", "6a27", "6800010000", "69c100010000", "6bc108",
        "48a18877665544332211", "67a188776655",
        "0f8400010000", "7402", "eb00", "e900000000", "e800000000", "e3fe", "c7f800000000",
        "660f1f840000000000", "662e0f1f840000000000", "f30f1efa", "f3c3", "f2ff2500000000",
        "0fa4c108", "0fbae100", "0fc74d00", "660f3a0fc108", "660f3800c1", "f20f38f0c1",
        "c5f877", "c5f96fc1", "c5f970c108", "c4e27918c1", "c4e37904c108", "c4e2f8f2c1", "c4e3fd00c108",
        "62f17f486f00", "62f37d483fc104", "62f17c48104e01", "62f15548fec1",
        "8f00", "d9c0", "ddd8", "f0480fb10f", "f3a4", "f348ab",
    })
    void instruction_hasItsLength(String hexadecimal) {
        assertThat(decode(hexadecimal)).hasValueSatisfying(in -> assertThat(in.length()).isEqualTo(hexadecimal.length() / 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"06", "0e", "60", "82c001", "9a0000000000", "ea0000000000", "d4", "0f04", "0f0a", "c6c8", "ffff", "8dc0"})
    void noInstruction_isEmpty(String hexadecimal) {
        assertThat(decode(hexadecimal)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"b81c0000", "0f", "48", "e8000000", "8b0425000000", "c5f9", "62f17f48"})
    void endOfBytes_isEmpty(String hexadecimal) {
        assertThat(decode(hexadecimal)).isEmpty();
    }

    @Test
    void moreThanFifteenBytes_isEmpty() {
        assertThat(decode("66".repeat(15) + "90")).isEmpty();
    }

    @Test
    void jumps_haveTargets() {
        assertThat(decode("ebfe").orElseThrow().target()).isEqualTo(BASE);
        assertThat(decode("e900010000").orElseThrow().target()).isEqualTo(BASE + 5 + 0x100);
        assertThat(decode("0f84fafeffff").orElseThrow().target()).isEqualTo(BASE - 0x100);
        assertThat(decode("7410").orElseThrow().flow()).isEqualTo(Flow.BRANCH);
    }

    @Test
    void jumpThroughTheGot_isNoTable() {
        assertThat(decode("ff2500010000").orElseThrow().isComputedJump()).isFalse();
        assertThat(decode("ff6018").orElseThrow().isComputedJump()).isFalse();
        assertThat(decode("ffe0").orElseThrow().isComputedJump()).isTrue();
        assertThat(decode("3effe0").orElseThrow().isComputedJump()).isTrue();
        assertThat(decode("ff24c500000000").orElseThrow().isComputedJump()).isTrue();
    }

    @Test
    void writes_namesChangedRegisters() {
        assertThat(Opcodes.writes(decode("89f8").orElseThrow())).as("mov %edi,%eax").isEqualTo(1 << Opcodes.RAX);
        assertThat(Opcodes.writes(decode("31f6").orElseThrow())).as("xor %esi,%esi").isEqualTo(1 << Opcodes.RSI);
        assertThat(Opcodes.writes(decode("4881ec08100000").orElseThrow())).as("sub, %rsp").isEqualTo(1 << Opcodes.RSP);
        assertThat(Opcodes.writes(decode("b4 01").orElseThrow())).as("mov $1,%ah").matches(mask -> (mask & 1) != 0);
        assertThat(Opcodes.writes(decode("0f94c4").orElseThrow())).as("sete %ah").matches(mask -> (mask & 1) != 0);
        assertThat(Opcodes.writes(decode("4585d2").orElseThrow())).as("test").isZero();
        assertThat(Opcodes.writes(decode("f00fb117").orElseThrow())).as("cmpxchg").isEqualTo(1 << Opcodes.RAX);
        assertThat(Opcodes.writes(decode("0fa2").orElseThrow())).as("cpuid").isEqualTo(Opcodes.ALL);
        assertThat(Opcodes.writes(decode("0f05").orElseThrow())).as("syscall").isEqualTo(1 | 1 << 1 | 1 << 11);
        assertThat(Opcodes.writes(decode("c4e2f8f2c1").orElseThrow())).as("andn").isEqualTo(Opcodes.ALL);
        assertThat(Opcodes.writes(decode("c5fa2cc0").orElseThrow())).as("vcvttss2si").isEqualTo(1);
    }
}
