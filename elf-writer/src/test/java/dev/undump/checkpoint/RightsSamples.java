// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Rights and seccomp filters, for tests. */
public final class RightsSamples {

    private static final int RETURN = 0x06;
    private static final int LOAD = 0x20;
    private static final int JUMP_EQUAL = 0x15;
    private static final int ALLOW = 0x7fff0000;
    private static final int KILL = 0x80000000;

    public static final SeccompFilter ALLOW_ALL = filter(instruction(RETURN, 0, 0, ALLOW));

    private RightsSamples() {}

    /** Returns what a user's program has: no capability. */
    public static ThreadRights user(int id) {
        return rights(id, new Capabilities(0, 0, 0, 0x1ff, 0, 0), List.of(5, 27), false, List.of());
    }

    /** Returns what a program of root's has that kept some capabilities. */
    public static ThreadRights root(long permitted, long bounding) {
        return rights(0, new Capabilities(1, permitted, permitted, bounding, 1, 2), List.of(), false, List.of());
    }

    /** Returns what a user's program has under filters. */
    public static ThreadRights filtered(SeccompFilter... filters) {
        return rights(1001, new Capabilities(0, 0, 0, 0x1ff, 0, 0), List.of(), true, Arrays.asList(filters));
    }

    /** Returns the same without no_new_privs. */
    public static ThreadRights filteredByRoot(long permitted, SeccompFilter... filters) {
        Capabilities capabilities = new Capabilities(0, permitted, permitted, -1, 0, 0);
        return rights(0, capabilities, List.of(), false, Arrays.asList(filters));
    }

    private static ThreadRights rights(
            int id, Capabilities capabilities, List<Integer> groups, boolean noNewPrivileges, List<SeccompFilter> filters) {
        return new ThreadRights(
                Collections.nCopies(4, id),
                Collections.nCopies(4, id + 1),
                groups,
                capabilities,
                false,
                noNewPrivileges,
                false,
                filters,
                0x4006,
                -17,
                new MemoryPolicy(3, 1));
    }

    /** Returns a filter that kills for one call and lets all others through. */
    public static SeccompFilter killing(int number) {
        return filter(
                instruction(LOAD, 0, 0, 0),
                instruction(JUMP_EQUAL, 0, 1, number),
                instruction(RETURN, 0, 0, KILL),
                instruction(RETURN, 0, 0, ALLOW));
    }

    /** Returns a filter of instructions. */
    public static SeccompFilter filter(byte[]... instructions) {
        ByteBuffer all = ByteBuffer.allocate(instructions.length * SeccompFilter.INSTRUCTION_BYTES);
        for (byte[] instruction : instructions) {
            all.put(instruction);
        }
        return new SeccompFilter(Bytes.copyOf(all.array()), 2);
    }

    /** Returns a {@code struct sock_filter}. */
    public static byte[] instruction(int code, int whenTrue, int whenFalse, int k) {
        return ByteBuffer.allocate(SeccompFilter.INSTRUCTION_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) code)
                .put((byte) whenTrue)
                .put((byte) whenFalse)
                .putInt(k)
                .array();
    }
}
