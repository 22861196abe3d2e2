// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.nativestub.ImageLayout;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The code of one detour on an island. Its length does not depend on where it stands.
 *
 * <p>Free at a system call are rcx and r11 only, and the flags belong to the program: numbers are compared with lea and jrcxz.
 * Behind the last jump stand traps, enough for a near jump's far one: a later capture of the launched program rewrites this again.
 */
final class Stub {

    private static final int ALIGNMENT = 16;
    private static final int INT3 = 0xcc;
    private static final int COMPARE = 6 + 2;
    private static final int HAND_OVER = 7 + 6;
    private static final int NEAR_REACH = 127;

    /** Thrown when a distance does not fit into 32 bits. */
    static final class TooFarException extends Exception {
        private static final long serialVersionUID = 1;
    }

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Map<Long, Long> moved = new HashMap<>();
    private final Detour detour;
    private final long start;
    private final long entryPointer;

    private Stub(Detour detour, long start, long entryPointer) {
        this.detour = detour;
        this.start = start;
        this.entryPointer = entryPointer;
    }

    /**
     * Writes the code of a detour.
     *
     * @param start where it will stand
     * @param entryPointer address of 8 bytes that hold the address of the stub's entry
     */
    static Stub write(Detour detour, long start, long entryPointer) throws TooFarException {
        Stub stub = new Stub(detour, start, entryPointer);
        stub.write();
        return stub;
    }

    /** Returns how much room a detour takes. */
    static int sizeOf(Detour detour) {
        try {
            // Next to the site everything that it refers to is as near as it will ever be.
            return write(detour, detour.call().address(), detour.call().address()).bytes().length;
        } catch (TooFarException e) {
            throw new IllegalArgumentException("instruction that cannot be moved at all: " + detour, e);
        }
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    /** Returns where addresses inside the rewritten code went. */
    Map<Long, Long> moved() {
        return moved;
    }

    private void write() throws TooFarException {
        for (Instruction in : detour.before()) {
            if (in.address() != detour.covered().start()) {
                moved.put(in.address(), here());
            }
            copy(in);
        }
        if (detour.keepsCall()) {
            moved.put(detour.call().address(), here());
        }
        if (detour.compares()) {
            compareAndPass();
        } else {
            handOver(detour.keepsCall() ? detour.call().end() : here() + HAND_OVER + 2);
            if (!detour.keepsCall()) {
                callAndReturn();
            }
        }
        int filled = out.size() + Detour.FAR_JUMP;
        while (filled % ALIGNMENT != 0) {
            filled++;
        }
        while (out.size() < filled) {
            out.write(INT3);
        }
    }

    /** The hand-over stands between: jrcxz reaches 127 bytes only, and moved instructions may be long. */
    private void compareAndPass() throws TooFarException {
        List<Integer> numbers = ImageLayout.INTERCEPTED_CALLS;
        if ((numbers.size() - 1) * COMPARE + Detour.NEAR_JUMP > NEAR_REACH) {
            throw new IllegalStateException("jrcxz does not reach over the comparisons with " + numbers.size() + " numbers");
        }
        for (int i = 0; i < numbers.size(); i++) {
            out.writeBytes(new byte[] {(byte) 0x8d, (byte) 0x88}); // lea -number(%rax),%ecx
            writeInt(out, -numbers.get(i));
            out.write(0xe3); // jrcxz
            out.write((numbers.size() - i - 1) * COMPARE + Detour.NEAR_JUMP);
        }
        out.write(0xeb);
        out.write(HAND_OVER);
        if (detour.keepsCall()) {
            handOver(detour.call().end());
            jump(detour.call().address());
        } else {
            handOver(here() + HAND_OVER + 2);
            callAndReturn();
        }
    }

    /** {@code lea behind(%rip),%r11; jmp *entry(%rip)}. */
    private void handOver(long behind) throws TooFarException {
        out.writeBytes(new byte[] {0x4c, (byte) 0x8d, 0x1d});
        relative(behind);
        out.writeBytes(new byte[] {(byte) 0xff, 0x25});
        relative(entryPointer);
    }

    private void callAndReturn() throws TooFarException {
        out.writeBytes(new byte[] {0x0f, 0x05});
        for (Instruction in : detour.after()) {
            moved.put(in.address(), here());
            copy(in);
        }
        int last = detour.after().size() - 1;
        if (last < 0 || detour.after().get(last).fallsThrough()) {
            jump(detour.back());
        }
    }

    private void copy(Instruction in) throws TooFarException {
        switch (in.flow()) {
            case JUMP -> jump(in.target());
            case BRANCH -> {
                out.write(0x0f);
                out.write(0x80 | (in.opcode() & 0x0f));
                relative(in.target());
            }
            default -> {
                byte[] bytes = detour.bytesOf(in);
                int at = in.displacementAt();
                if (at > 0) {
                    long target = in.end() + readInt(bytes, at);
                    long distance = target - (here() + bytes.length);
                    requireNear(distance);
                    for (int i = 0; i < 4; i++) {
                        bytes[at + i] = (byte) (distance >> (8 * i));
                    }
                }
                out.writeBytes(bytes);
            }
        }
    }

    private void jump(long target) throws TooFarException {
        out.write(0xe9);
        relative(target);
    }

    /** A distance from behind itself. */
    private void relative(long target) throws TooFarException {
        long distance = target - (here() + 4);
        requireNear(distance);
        writeInt(out, (int) distance);
    }

    private static void requireNear(long distance) throws TooFarException {
        if (distance != (int) distance) {
            throw new TooFarException();
        }
    }

    private long here() {
        return start + out.size();
    }

    private static int readInt(byte[] bytes, int at) {
        return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }

    private static void writeInt(ByteArrayOutputStream out, int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            out.write(value >> (8 * i));
        }
    }
}
