// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JumpTablesTest {

    private static final long CODE = CodeSample.CODE;
    private static final long TABLE = CODE + 0x10000;

    private static final String COMPARE = "83ff02"; // cmp $2,%edi
    private static final String ABOVE = "77";
    /** movslq (%rdx,%rdi,4),%rax; add %rdx,%rax; jmp *%rax. */
    private static final String DISTANCE = "486304ba 4801d0 ffe0";
    /** jmp *(%rdx,%rdi,8). */
    private static final String ABSOLUTE = "ff24fa";
    /** xor %eax,%eax; ret; mov $1,%eax; ret; nop; ret. */
    private static final String CASES = "31c0 c3 b801000000 c3 90 c3";

    private static final int FIRST = 0;
    private static final int SECOND = 3;
    private static final int INSIDE_SECOND = 5;
    private static final int DEFAULT = 9;

    @TempDir
    private Path folder;

    private boolean writable;
    private boolean absolute;

    /** What was found, and what it means when all labels are known. */
    private record Answer(List<Long> targets, boolean goesAnywhere) {}

    // ---- what compilers write ----

    @Test
    void distances_areFollowed() throws Exception {
        Answer answer = resolve(COMPARE, ABOVE, lea(), DISTANCE, FIRST, SECOND, FIRST);

        assertThat(answer.targets()).containsExactly(cases(DISTANCE, COMPARE, lea()), cases(DISTANCE, COMPARE, lea()) + SECOND);
        assertThat(answer.goesAnywhere()).isFalse();
    }

    @Test
    void addresses_areFollowed() throws Exception {
        absolute = true;
        Answer answer = resolve(COMPARE, ABOVE, lea(), ABSOLUTE, SECOND, SECOND, FIRST);

        assertThat(answer.targets()).containsExactly(cases(ABSOLUTE, COMPARE, lea()), cases(ABSOLUTE, COMPARE, lea()) + SECOND);
    }

    @Test
    void indexInMemory_isFollowed() throws Exception {
        // cmpl $2,-4(%rbp); mov -4(%rbp),%eax; lea 0(,%rax,4),%rdi; mov (%rdi,%rdx,1),%eax; cltq; add %rdx,%rax; notrack jmp *%rax
        Answer answer = resolve(
                "837dfc02", ABOVE, "8b45fc 488d3c8500000000" + lea(), "8b0417 4898 4801d0 3effe0", FIRST, SECOND, FIRST);

        assertThat(answer.targets()).hasSize(2);
    }

    @Test
    void tableLoadedInFrontOfTheComparison_isFollowed() throws Exception {
        assertThat(resolve(lea() + COMPARE, ABOVE, "", DISTANCE, FIRST, SECOND, FIRST).targets()).hasSize(2);
    }

    @Test
    void belowInsteadOfAbove_isOneLess() throws Exception {
        assertThat(resolve(COMPARE, "73", lea(), DISTANCE, FIRST, FIRST, INSIDE_SECOND).targets()).hasSize(1);
    }

    @Test
    void comparedByte_countsOnlyWhenItIsExtended() throws Exception {
        String compareByte = "4080ff02"; // cmp $2,%dil
        String extend = "400fb6ff"; // movzbl %dil,%edi

        assertThat(resolve(compareByte, ABOVE, extend + lea(), DISTANCE, FIRST, SECOND, FIRST).targets()).hasSize(2);
        assertThat(resolve(compareByte, ABOVE, lea(), DISTANCE, FIRST, SECOND, FIRST).targets()).isEmpty();
    }

    // ---- what proves nothing ----

    @ParameterizedTest
    @ValueSource(strings = {"7f", "76", "74", "7c", "eb"})
    void otherBranches_areNoBound(String branch) throws Exception {
        assertThat(resolve(COMPARE, branch, lea(), DISTANCE, FIRST, SECOND, FIRST).targets()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "89f7", // mov %esi,%edi
        "83c701", // add $1,%edi
        "e800000000", // call
        "8b3f", // mov (%rdi),%edi
        "5f", // pop %rdi
        "0fa2", // cpuid, of which rdx is the table
        "87fe", // xchg %edi,%esi
    })
    void changedIndexOrTable_isNotFollowed(String change) throws Exception {
        assertThat(resolve(COMPARE, ABOVE, lea() + change, DISTANCE, FIRST, SECOND, FIRST).targets()).isEmpty();
    }

    @Test
    void indexInMemoryThatIsWritten_isNotFollowed() throws Exception {
        String load = "8b45fc 488d3c8500000000";
        String rest = "8b0417 4898 4801d0 ffe0";

        // mov %esi,-8(%rbp), which may be the same under another name; mov %rsp,%rbp
        assertThat(resolve("837dfc02", ABOVE, "8975f8" + load + lea(), rest, FIRST, SECOND, FIRST).targets()).isEmpty();
        assertThat(resolve("837dfc02", ABOVE, "4889e5" + load + lea(), rest, FIRST, SECOND, FIRST).targets()).isEmpty();
    }

    @Test
    void argumentAsTable_isNotFollowed() throws Exception {
        assertThat(resolve(COMPARE, ABOVE, "", DISTANCE, FIRST, SECOND, FIRST).targets()).isEmpty();
    }

    @Test
    void entryThatIsNoInstruction_isNotFollowed() throws Exception {
        assertThat(resolve(COMPARE, ABOVE, lea(), DISTANCE, FIRST, INSIDE_SECOND, FIRST).targets()).isEmpty();
    }

    @Test
    void entryOutsideOfTheFunction_isNotFollowed() throws Exception {
        assertThat(resolve(COMPARE, ABOVE, lea(), DISTANCE, FIRST, SECOND, 0x100).targets()).isEmpty();
    }

    @Test
    void writableTable_isNotFollowed() throws Exception {
        writable = true;

        assertThat(resolve(COMPARE, ABOVE, lea(), DISTANCE, FIRST, SECOND, FIRST).targets()).isEmpty();
    }

    @Test
    void jumpInBetween_goesAnywhere() throws Exception {
        // The first case jumps back to the code between comparison and jump: to the nop.
        String cases = "ebXX" + "90" + CASES.substring(4);
        String way = lea() + "90";
        int nop = length(COMPARE) + 2 + length(lea());
        int end = length(COMPARE) + 2 + length(way) + length(DISTANCE) + 2;
        Answer answer = resolve(COMPARE, ABOVE, way, DISTANCE, cases.replace("XX", hex(nop - end)), FIRST, SECOND, FIRST);

        assertThat(answer.targets()).isNotEmpty();
        assertThat(answer.goesAnywhere()).isTrue();
    }

    @Test
    void withoutComparison_isNotFollowed() throws Exception {
        assertThat(resolve("85ff", ABOVE, lea(), DISTANCE, FIRST, SECOND, FIRST).targets()).isEmpty();
    }

    // ---- assembling ----

    /** {@code lea TABLE(%rip),%rdx}, its distance to be filled in. */
    private static String lea() {
        return "488d15LLLLLLLL";
    }

    private static int length(String hexadecimal) {
        return hexadecimal.replace(" ", "").length() / 2;
    }

    private static String hex(int value) {
        return HexFormat.of().toHexDigits((byte) value);
    }

    /** Where the cases start. */
    private static long cases(String jump, String compare, String way) {
        return CODE + length(compare) + 2 + length(way) + length(jump);
    }

    private Answer resolve(String compare, String branch, String way, String jump, int... entries) throws Exception {
        return resolve(compare, branch, way, jump, CASES, entries);
    }

    private Answer resolve(String compare, String branch, String way, String jump, String cases, int... entries)
            throws Exception {
        int toDefault = length(way) + length(jump) + DEFAULT;
        String text = (compare + branch + hex(toDefault) + way + jump + cases).replace(" ", "");
        int lea = text.indexOf("LLLLLLLL");
        if (lea >= 0) {
            int distance = (int) (TABLE - (CODE + lea / 2 + 4));
            text = text.replace("LLLLLLLL", HexFormat.of().toHexDigits(Integer.reverseBytes(distance)));
        }
        byte[] function = HexFormat.of().parseHex(text);
        byte[] code = new byte[CodeSample.PAGE];
        System.arraycopy(function, 0, code, 0, function.length);
        Checkpoint checkpoint = checkpoint(code, table(cases(jump, compare, way), entries));
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            Modules modules = new Modules(checkpoint, memory);
            CodeBytes bytes = new CodeBytes(memory, modules.stored());
            ByteRange range = ByteRange.ofLength(CODE, function.length);
            CodeBlock block = JumpTables.resolve(CodeBlock.decode(bytes.decoder(range), range, true), bytes);
            Module module = modules.at(CODE, new HashMap<>());
            Labels labels = new Labels(module);
            labels.add(block);
            labels.findFarJumps(bytes, module);
            List<Long> targets = block.tables().values().stream().flatMap(table -> table.targets().stream()).toList();
            return new Answer(targets, block.hasTableJump(0, labels));
        }
    }

    private byte[] table(long cases, int... entries) {
        ByteBuffer table = ByteBuffer.allocate(CodeSample.PAGE).order(ByteOrder.LITTLE_ENDIAN);
        for (int entry : entries) {
            if (absolute) {
                table.putLong(cases + entry);
            } else {
                table.putInt((int) (cases + entry - TABLE));
            }
        }
        return table.array();
    }

    private Checkpoint checkpoint(byte[] code, byte[] table) {
        int protection = writable ? Mapping.READ | Mapping.WRITE : Mapping.READ;
        return new CodeSample(folder)
                .code(code, MappingKind.PRIVATE_FILE, 0)
                .mapping(CodeSample.mapping(TABLE, table.length, MappingKind.PRIVATE_FILE, protection, 0, "/usr/lib/libsample.so"))
                .bytes(TABLE, table)
                .rewrite(code)
                .checkpoint();
    }
}
