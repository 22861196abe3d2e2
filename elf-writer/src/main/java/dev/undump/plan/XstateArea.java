// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.CpuidLeaf;
import dev.undump.nativestub.ImageLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The floating-point area of the threads' signal frames, as the kernel wants it at rt_sigreturn.
 *
 * <p>Sources: arch/x86/kernel/fpu/signal.c ({@code check_xstate_in_sigframe}), uapi/asm/sigcontext.h ({@code struct
 * _fpx_sw_bytes}), Intel SDM volume 1, 13.4. The kernel refuses an area that is larger than its own, so components that no
 * thread uses and that may be missing by default (AMX) are left out.
 */
final class XstateArea {

    static final int SW_RESERVED = 464;
    static final int MAGIC1 = 0x46505853;
    static final int MAGIC2 = 0x46505845;

    private static final int MXCSR = 24;
    private static final int MXCSR_MASK = 28;
    private static final int DEFAULT_MXCSR_MASK = 0xffbf;
    private static final int SW_RESERVED_END = 512;
    private static final int XSTATE_BV = 512;
    private static final int XCOMP_BV = 520;
    private static final int HEADER_END = 576;
    private static final int CPUID_XSAVE = 0xd;
    private static final int FIRST_EXTENDED = 2;
    private static final int PKRU = 9;
    private static final long LEGACY = 3;
    private static final long AMX = 1L << 17 | 1L << 18;
    private static final int PAGE = 4096;
    /** AVX-512 and PKRU, so that a machine with another layout of these finds room in the blocks. */
    private static final int USUAL_BYTES = 2696;

    private final long components;
    private final long used;
    private final int sizeBytes;
    private final List<XstateComponent> places;

    private XstateArea(long components, long used, int sizeBytes, List<XstateComponent> places) {
        this.components = components;
        this.used = used;
        this.sizeBytes = sizeBytes;
        this.places = places;
    }

    static XstateArea of(Checkpoint checkpoint) {
        long used = LEGACY;
        int available = Integer.MAX_VALUE;
        for (CheckpointThread thread : checkpoint.threads()) {
            used |= thread.xstate().buffer().getLong(XSTATE_BV);
            available = Math.min(available, thread.xstate().length());
        }
        long wanted = (checkpoint.cpu().xcr0() & ~(AMX & ~used)) | LEGACY;
        long components = LEGACY;
        int size = HEADER_END;
        List<XstateComponent> places = new ArrayList<>();
        for (int number = FIRST_EXTENDED; number < Long.SIZE - 1; number++) {
            Optional<CpuidLeaf> place = place(checkpoint, number);
            if ((wanted >>> number & 1) == 0 || place.isEmpty() || end(place.get()) > available) {
                continue;
            }
            components |= 1L << number;
            size = Math.max(size, end(place.get()));
            if (number > FIRST_EXTENDED && ((used >>> number & 1) != 0 || number == PKRU)) {
                places.add(new XstateComponent(number, place.get().ebx(), place.get().eax()));
            }
        }
        return new XstateArea(components, used & components, size, List.copyOf(places));
    }

    /** Components with contents, by number. */
    List<XstateComponent> places() {
        return places;
    }

    /** Bits of components that some thread has something else in than their initial state. */
    long used() {
        return used;
    }

    /** Bytes of a thread's block: the fixed part, the area with its second magic word, whole pages. */
    int blockBytes() {
        int bytes = ImageLayout.BLOCK_XSTATE + Math.max(sizeBytes, USUAL_BYTES) + 64;
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    /** Returns the area of a thread, from the first legacy byte to the second magic word. */
    Bytes contentsOf(CheckpointThread thread) {
        byte[] area = new byte[sizeBytes + Integer.BYTES];
        thread.xstate().buffer().get(0, area, 0, sizeBytes);
        ByteBuffer buffer = ByteBuffer.wrap(area).order(ByteOrder.LITTLE_ENDIAN);
        int mask = buffer.getInt(MXCSR_MASK) == 0 ? DEFAULT_MXCSR_MASK : buffer.getInt(MXCSR_MASK);
        buffer.putInt(MXCSR, buffer.getInt(MXCSR) & mask);
        clear(area, SW_RESERVED, SW_RESERVED_END);
        clear(area, XCOMP_BV, HEADER_END);
        buffer.putLong(XSTATE_BV, buffer.getLong(XSTATE_BV) & components);
        buffer.putInt(SW_RESERVED, MAGIC1);
        buffer.putInt(SW_RESERVED + 4, sizeBytes + Integer.BYTES);
        buffer.putLong(SW_RESERVED + 8, components);
        buffer.putInt(SW_RESERVED + 16, sizeBytes);
        buffer.putInt(sizeBytes, MAGIC2);
        return Bytes.copyOf(area);
    }

    private static Optional<CpuidLeaf> place(Checkpoint checkpoint, int number) {
        return checkpoint.cpuid().stream()
                .filter(leaf -> leaf.leaf() == CPUID_XSAVE && leaf.subleaf() == number)
                // ECX bit 0: a supervisor component, which has no place in the standard format.
                .filter(leaf -> (leaf.ecx() & 1) == 0 && leaf.eax() > 0 && leaf.ebx() >= HEADER_END)
                .findFirst();
    }

    private static int end(CpuidLeaf place) {
        long end = (long) place.ebx() + place.eax();
        return end > 1 << 20 ? Integer.MAX_VALUE : (int) end;
    }

    private static void clear(byte[] area, int start, int end) {
        Arrays.fill(area, start, end, (byte) 0);
    }
}
