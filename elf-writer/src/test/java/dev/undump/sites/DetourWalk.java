// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.nativestub.ImageLayout;
import dev.undump.sites.Instruction.Flow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Follows rewritten code instruction by instruction and compares what would run with what ran before. */
final class DetourWalk {

    private static final int MOST = 64;

    private final CheckpointMemory memory;
    private final SiteRewriting rewriting;

    DetourWalk(CheckpointMemory memory, SiteRewriting rewriting) {
        this.memory = memory;
        this.rewriting = rewriting;
    }

    /** Asserts that a detour does what the code that it covers did, with the stub in between. */
    void check(Detour detour) throws IOException {
        String site = ByteRange.format(detour.call().address());
        long at = skipJumps(detour.covered().start());
        for (Instruction expected : detour.before()) {
            assertSame(at, expected, site);
            at = skipJumps(at + expected.length());
        }
        long call = detour.compares() ? comparisons(at, site) : handOver(at, site);
        assertThat(instruction(call).flow()).as(site).isEqualTo(Flow.SYSTEM_CALL);
        if (detour.keepsCall()) {
            assertThat(call).as(site).isEqualTo(detour.call().address());
        }
        at = call + 2;
        for (Instruction expected : detour.after()) {
            at = detour.hop().isEmpty() ? at : skipJumps(at);
            at = moved(at, expected, site);
        }
        if (detour.after().isEmpty() || detour.after().get(detour.after().size() - 1).fallsThrough()) {
            // The program's own code may go on with a jump there.
            assertThat(detour.keepsCall() ? at : instruction(at).target()).as(site).isEqualTo(detour.back());
        }
    }

    /** An instruction behind the call, on the island; jumps have become far there. */
    private long moved(long at, Instruction expected, String site) throws IOException {
        Instruction found = instruction(at);
        if (expected.isDirectJump()) {
            assertThat(found.flow()).as(site).isEqualTo(expected.flow());
            assertThat(found.target()).as(site).isEqualTo(expected.target());
        } else {
            assertSame(at, expected, site);
        }
        return found.end();
    }

    private void assertSame(long at, Instruction expected, String site) throws IOException {
        Instruction found = instruction(at);
        assertThat(List.of(found.length(), found.map(), found.opcode(), found.modrm(), found.prefixes(), found.rex()))
                .as(site)
                .isEqualTo(List.of(
                        expected.length(), expected.map(), expected.opcode(), expected.modrm(), expected.prefixes(), expected.rex()));
        assertThat(found.immediate()).as(site).isEqualTo(expected.immediate());
        if (expected.displacementAt() > 0) {
            assertThat(found.end() + displacement(found))
                    .as(site)
                    .isEqualTo(expected.end() + original(expected.address() + expected.displacementAt()));
        }
    }

    /** lea behind(%rip),%r11; jmp *entry(%rip): returns the call that the stub makes. */
    private long handOver(long at, String site) throws IOException {
        Instruction lea = instruction(at);
        assertThat(lea.opcode()).as(site).isEqualTo(0x8d);
        assertThat(lea.reg()).as(site).isEqualTo(11);
        Instruction jump = instruction(lea.end());
        assertThat(jump.flow()).as(site).isEqualTo(Flow.INDIRECT_JUMP);
        assertThat(word(jump.end() + displacement(jump))).as(site).isEqualTo(CodeSample.ENTRY);
        return lea.end() + displacement(lea) - 2;
    }

    private long comparisons(long start, String site) throws IOException {
        long at = start;
        List<Integer> numbers = new ArrayList<>();
        long call = 0;
        while (instruction(at).opcode() == 0x8d) {
            numbers.add((int) -word32(instruction(at).end() - 4));
            Instruction branch = instruction(instruction(at).end());
            assertThat(branch.opcode()).as(site).isEqualTo(0xe3);
            call = handOver(branch.target(), site);
            at = branch.end();
        }
        assertThat(numbers).as(site).isEqualTo(ImageLayout.INTERCEPTED_CALLS);
        assertThat(skipJumps(at)).as("%s: other numbers pass", site).isEqualTo(call);
        return call;
    }

    private long skipJumps(long start) throws IOException {
        long at = start;
        for (int i = 0; i < MOST && instruction(at).flow() == Flow.JUMP; i++) {
            at = instruction(at).target();
        }
        return at;
    }

    private long displacement(Instruction in) throws IOException {
        return word32(in.address() + in.displacementAt());
    }

    private long word32(long address) throws IOException {
        byte[] b = bytes(address, 4);
        return (b[0] & 0xff) | (b[1] & 0xff) << 8 | (b[2] & 0xff) << 16 | b[3] << 24;
    }

    private long word(long address) throws IOException {
        return (word32(address) & 0xffffffffL) | word32(address + 4) << 32;
    }

    private long original(long address) throws IOException {
        return memory.readInt(address).orElseThrow();
    }

    private Instruction instruction(long address) throws IOException {
        return new InstructionDecoder(bytes(address, InstructionDecoder.LONGEST), address).at(address).orElseThrow();
    }

    private byte[] bytes(long address, int length) throws IOException {
        for (Island island : rewriting.islands()) {
            if (island.range().contains(address)) {
                byte[] all = island.content().toArray();
                int at = (int) (address - island.address());
                return java.util.Arrays.copyOfRange(all, at, at + length);
            }
        }
        byte[] result = memory.read(address, length).orElseThrow().array();
        for (CodePatch patch : rewriting.patches()) {
            for (int i = 0; i < patch.content().length(); i++) {
                long at = patch.address() + i - address;
                if (at >= 0 && at < length) {
                    result[(int) at] = patch.content().buffer().get(i);
                }
            }
        }
        return result;
    }
}
