// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ExportedSymbols;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Where CPython before 3.8 keeps the id of the process that takes notice of signals: {@code main_pid} of Modules/signalmodule.c. With
 * another one, its handler takes every signal for one of a forked child and forgets it, Ctrl-C as well.
 *
 * <p>The variable has no name in the program. It is the one to which these functions, which a child calls, give what getpid()
 * has just returned.
 */
final class PythonSignals {

    private static final List<String> SETTERS = List.of("PyOS_AfterFork", "_PySignal_AfterFork");

    private static final int FUNCTION_LIMIT_BYTES = 512;

    private static final int CALL_NEAR = 0xe8;
    private static final int CALL_NEAR_BYTES = 5;
    private static final int CALL_POINTER = 0x15ff;
    private static final int CALL_POINTER_BYTES = 6;

    /** {@code mov %eax, distance(%rip)}, opcode and operand byte. */
    private static final int STORE = 0x0589;

    private static final int STORE_BYTES = 6;

    private final CheckpointMemory memory;
    private final TidPatches patches;

    PythonSignals(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    void find(int pid, List<ExportedSymbols> modules) throws IOException {
        for (ExportedSymbols module : modules) {
            for (String setter : SETTERS) {
                Optional<ExportedSymbols.Variable> function = module.variable(setter);
                if (function.isPresent()) {
                    findIn(function.get(), pid, module);
                }
            }
        }
    }

    private void findIn(ExportedSymbols.Variable function, int pid, ExportedSymbols module) throws IOException {
        int length = (int) Math.min(function.sizeBytes(), FUNCTION_LIMIT_BYTES);
        Optional<ByteBuffer> code = memory.read(function.address(), length);
        for (int at = CALL_POINTER_BYTES; code.isPresent() && at + STORE_BYTES <= length; at++) {
            long variable = function.address() + at + STORE_BYTES + code.get().getInt(at + Short.BYTES);
            if (isStoreBehindCall(code.get(), at)
                    && module.contains(variable)
                    && memory.readInt(variable).orElse(0) == pid) {
                patches.addInt(variable, pid, 0);
            }
        }
    }

    private static boolean isStoreBehindCall(ByteBuffer code, int at) {
        return Short.toUnsignedInt(code.getShort(at)) == STORE
                && (Byte.toUnsignedInt(code.get(at - CALL_NEAR_BYTES)) == CALL_NEAR
                        || Short.toUnsignedInt(code.getShort(at - CALL_POINTER_BYTES)) == CALL_POINTER);
    }
}
