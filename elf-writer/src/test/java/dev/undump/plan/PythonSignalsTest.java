// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.ModuleSample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The variable that CPython's functions for forked children set: their code as compilers make it. */
class PythonSignalsTest {

    private static final int CODE = 0x100;
    private static final int VARIABLE = 0x790;

    /** From the end of the store to the variable: the code has 32 bytes before that. */
    private static final int DISTANCE = VARIABLE - CODE - 32;

    /** sub $8,%rsp, and so on; call of getpid; mov %eax,main_pid(%rip). */
    private static final String NEAR = "4883ec08 90909090 90909090 90909090 90909090 90 e886d3f0ff 8905";

    private static final String POINTER = "4883ec08 90909090 90909090 90909090 90909090 ff1586d3f0ff 8905";

    @TempDir
    private Path folder;

    @Test
    void find_storeBehindCall_itsVariable() throws Exception {
        for (String function : List.of("PyOS_AfterFork", "_PySignal_AfterFork")) {
            for (String code : List.of(NEAR, POINTER)) {
                assertThat(find(python(function, code, IdSearch.PID)))
                        .containsExactly(new TidPatch(ModuleSample.DATA + VARIABLE, 0, 0, 4));
            }
        }
    }

    @Test
    void find_variableThatHoldsSomethingElse_nothing() throws Exception {
        assertThat(find(python("PyOS_AfterFork", NEAR, IdSearch.PID - 1))).isEmpty();
    }

    @Test
    void find_otherFunctionOrInstruction_nothing() throws Exception {
        assertThat(find(python("PyOS_BeforeFork", NEAR, IdSearch.PID))).isEmpty();
        assertThat(find(python("PyOS_AfterFork", NEAR.replace("e886d3f0ff", "b886d3f0ff"), IdSearch.PID))).isEmpty();
        assertThat(find(python("PyOS_AfterFork", NEAR.replace("8905", "8b05"), IdSearch.PID))).isEmpty();
    }

    private static ModuleSample python(String function, String code, int id) {
        ModuleSample python = new ModuleSample().exports(function, CODE, 105);
        byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));
        python.data().put(CODE, bytes).putInt(CODE + bytes.length, DISTANCE).putInt(VARIABLE, id);
        return python;
    }

    private List<TidPatch> find(ModuleSample module) throws IOException {
        return IdSearch.in(
                module.addTo(PlanSamples.builder(PlanSamples.heap()), MappingKind.PRIVATE_FILE, "/usr/lib/libpython2.7.so.1.0"),
                folder,
                (checkpoint, memory, patches, modules) -> new PythonSignals(memory, patches).find(IdSearch.PID, modules));
    }
}
