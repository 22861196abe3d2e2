// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.nativestub.ImageLayout;
import dev.undump.sites.Instruction.Flow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Decides about every place in one module that looks like a system call. */
final class ModuleSites {

    /** A near jump reaches this far, its own length included. */
    private static final long NEAR = 132;

    private final Module module;
    private final CodeBytes code;
    private final AddressWords addresses;
    private final Tally tally;
    private final Labels labels;
    private final List<Site> sites = new ArrayList<>();
    private final Map<Long, CodeBlock> functions = new HashMap<>();
    private final Set<ByteRange> labelled = new HashSet<>();

    ModuleSites(Module module, CodeBytes code) {
        this.module = module;
        this.code = code;
        this.addresses = new AddressWords(module.mapped(), code);
        this.tally = new Tally(module.name());
        this.labels = new Labels(module);
    }

    Tally tally() {
        return tally;
    }

    /** Finds out what a place is; those that are system calls are remembered. */
    void judge(long place) throws IOException {
        if (module.hotSpot().isPresent() && module.hotSpot().get().contains(place)) {
            tally.notCode();
            return;
        }
        Optional<ByteRange> function = functionAt(place);
        if (function.isPresent()) {
            CodeBlock whole = functionBlock(function.get());
            int holder = whole.indexAt(place);
            if (holder >= 0) {
                judgeInside(whole, holder, place);
                return;
            }
        }
        if (function.isEmpty() && module.functions().isPresent() && module.functions().get().isApart(place)) {
            tally.notCode();
            return;
        }
        if (addresses.holdBoth(place)) {
            tally.notCode();
            return;
        }
        Consensus.Answer answer = Consensus.at(code, place);
        CodeBlock block = answer.block().orElse(null);
        int index = block == null ? -1 : block.indexOf(place);
        if (index >= 0 && answer.verdict() == Consensus.Verdict.INSTRUCTION && isCall(block, index)) {
            found(block, place);
        } else if (index >= 0 && isHarmless(NumberSource.inFront(block, index))) {
            tally.constant();
        } else if (index >= 0 ? CallShape.mayBeCall(block, index) : followsNumber(place)) {
            tally.uncovered(place, "may be a system call or data: decoding does not tell");
        } else {
            tally.notCode();
        }
    }

    private boolean isCall(CodeBlock block, int index) {
        return module.kind() == Module.Kind.GENERATED
                ? CallShape.isCertainCall(block, index)
                : CallShape.isCall(block, index);
    }

    /** Whether it may be code or data: as code, it is not a call that matters. */
    private static boolean isHarmless(OptionalInt number) {
        return number.isPresent() && !ImageLayout.INTERCEPTED_CALLS.contains(number.getAsInt());
    }

    /** Decides how each system call found is led to the stub, if it must be. */
    List<Detour> detours() throws IOException {
        if (sites.isEmpty()) {
            return List.of();
        }
        List<Site> plain = new ArrayList<>();
        List<Site> others = new ArrayList<>();
        for (Site site : sites) {
            (isPlain(site) ? plain : others).add(site);
        }
        plain.forEach(site -> labels.add(site.call().address()));
        addBlocks(others);
        labels.findFarJumps(code, module);
        List<Site> reached = plain.stream().filter(site -> labels.isTarget(site.call().address())).toList();
        if (!reached.isEmpty()) {
            // Somebody jumps to the call past the number: all ways to it have to be looked at, which is rare.
            addBlocks(reached);
            labels.findFarJumps(code, module);
            others.addAll(reached);
        }
        for (int i = reached.size(); i < plain.size(); i++) {
            tally.constant();
        }
        return detours(others);
    }

    private List<Detour> detours(List<Site> others) throws IOException {
        List<Detour> detours = new ArrayList<>();
        DetourFinder finder = new DetourFinder(code, labels);
        for (Site site : others) {
            Optional<Set<Integer>> numbers = CallNumber.of(site.block(), site.index(), labels);
            boolean some = numbers.isEmpty() || numbers.get().stream().anyMatch(ImageLayout.INTERCEPTED_CALLS::contains);
            if (!some || (numbers.isEmpty() && CancellationPoint.is(site))) {
                tally.constant();
                continue;
            }
            boolean all = numbers.isPresent() && ImageLayout.INTERCEPTED_CALLS.containsAll(numbers.get());
            detour(site, finder, !all).ifPresent(detours::add);
        }
        return detours;
    }

    /**
     * Returns whether a harmless number stands right in front of a call, and nothing near jumps to the call past it: true for
     * nine of ten.
     */
    private boolean isPlain(Site site) throws IOException {
        long call = site.call().address();
        if (!isHarmless(NumberSource.inFront(site.block(), site.index()))) {
            return false;
        }
        if (jumpsTo(site.block(), call)) {
            return false;
        }
        for (ByteRange part : outsideNear(site)) {
            if (NearJumps.mayLeadTo(code.copy(part), part.start(), call)) {
                return false;
            }
        }
        return true;
    }

    private static boolean jumpsTo(CodeBlock block, long address) {
        for (Instruction in : block.instructions()) {
            if (in.target() == address && in.isDirectJump()) {
                return true;
            }
        }
        return false;
    }

    /** Returns the code from which near jumps reach a call, the decoded block left out. */
    private List<ByteRange> outsideNear(Site site) {
        ByteRange run = code.runAt(site.call().address()).orElseThrow();
        long lowest = Math.max(run.start(), site.call().address() - NEAR);
        long highest = Math.min(run.end(), site.call().end() + NEAR);
        List<ByteRange> parts = new ArrayList<>();
        if (lowest < site.block().range().start()) {
            parts.add(new ByteRange(lowest, site.block().range().start() + 1));
        }
        if (highest > site.block().decodedEnd()) {
            parts.add(new ByteRange(site.block().decodedEnd(), highest));
        }
        return parts;
    }

    private void addBlocks(List<Site> some) throws IOException {
        for (Site site : some) {
            label(site.block());
            for (CodeBlock neighbour : neighbours(site)) {
                label(neighbour);
            }
            if (!site.block().isFunction()) {
                for (ByteRange part : outsideNear(site)) {
                    NearJumps.all(code.copy(part), part.start()).forEach(labels::add);
                }
            }
        }
    }

    private void label(CodeBlock block) {
        if (labelled.add(block.range())) {
            labels.add(block);
        }
    }

    private Optional<Detour> detour(Site site, DetourFinder finder, boolean compares) throws IOException {
        if (module.kind() == Module.Kind.UNCHANGEABLE) {
            tally.uncovered(site.call().address(), "the file is mapped shared, and a launch takes its bytes as they are");
            return Optional.empty();
        }
        Optional<Detour> detour = finder.find(site.block(), site.index(), padding(site), compares);
        if (detour.isEmpty()) {
            tally.uncovered(site.call().address(), "there is no room for a jump at this system call");
        }
        return detour;
    }

    private void judgeInside(CodeBlock block, int index, long place) {
        Instruction holder = block.instructions().get(index);
        if (holder.address() == place) {
            found(block, place);
        } else if (holder.flow() == Flow.SYSTEM_CALL || holder.flow() == Flow.OLD_SYSTEM_CALL) {
            tally.uncovered(place, "a system call with a prefix");
        } else if (jumpsTo(block, place)) {
            tally.uncovered(place, "a jump leads into the middle of an instruction");
        } else {
            tally.notCode();
        }
    }

    private void found(CodeBlock block, long place) {
        int index = block.indexOf(place);
        Flow flow = block.instructions().get(index).flow();
        if (flow == Flow.SYSTEM_CALL) {
            sites.add(new Site(block, index));
        } else {
            tally.uncovered(place, "a 32-bit system call (int $0x80)");
        }
    }

    /** Whether {@code mov $number,%eax} stands in front: too much of a chance for data. */
    private boolean followsNumber(long place) throws IOException {
        ByteRange before = new ByteRange(place - 5, place);
        if (!code.runAt(place).orElseThrow().contains(before)) {
            return false;
        }
        byte[] bytes = code.copy(before);
        return bytes[0] == (byte) 0xb8 && bytes[2] <= 3 && bytes[2] >= 0 && bytes[3] == 0 && bytes[4] == 0;
    }

    private Optional<ByteRange> functionAt(long address) throws IOException {
        return module.functions().isPresent() ? inCode(module.functions().get().functionAt(address)) : Optional.empty();
    }

    private Optional<ByteRange> inCode(Optional<ByteRange> function) {
        return function.filter(range -> code.runAt(range.start()).filter(run -> run.contains(range)).isPresent());
    }

    private CodeBlock functionBlock(ByteRange function) throws IOException {
        CodeBlock known = functions.get(function.start());
        if (known == null) {
            known = JumpTables.resolve(CodeBlock.decode(code.decoder(function), function, true), code);
            functions.put(function.start(), known);
        }
        return known;
    }

    /** Returns the functions that near jumps to the call may come from, or whose padding it may reach; itself left out. */
    private List<CodeBlock> neighbours(Site site) throws IOException {
        List<CodeBlock> result = new ArrayList<>();
        if (!site.block().isFunction()) {
            return result;
        }
        UnwindTable table = module.functions().orElseThrow();
        long lowest = site.call().address() - NEAR;
        long highest = site.call().end() + NEAR;
        long start = site.block().range().start();
        while (start > lowest) {
            Optional<ByteRange> before = inCode(table.functionBefore(start));
            if (before.isEmpty() || before.get().end() <= lowest || before.get().start() >= start) {
                break;
            }
            result.add(0, functionBlock(before.get()));
            start = before.get().start();
        }
        long end = site.block().range().end();
        while (end < highest) {
            Optional<ByteRange> next = inCode(table.functionFrom(end));
            if (next.isEmpty() || next.get().start() >= highest || next.get().end() <= end) {
                break;
            }
            result.add(functionBlock(next.get()));
            end = next.get().end();
        }
        return result;
    }

    private List<ByteRange> padding(Site site) throws IOException {
        Padding padding = new Padding(code, labels);
        List<CodeBlock> blocks = neighbours(site);
        blocks.add(site.block());
        blocks.sort((a, b) -> a.range().compareTo(b.range()));
        List<ByteRange> result = new ArrayList<>();
        for (CodeBlock block : blocks) {
            long next = Long.MAX_VALUE;
            if (block.isFunction()) {
                Optional<ByteRange> following = module.functions().orElseThrow().functionFrom(block.range().end());
                next = following.map(ByteRange::start).orElse(block.range().end());
            }
            result.addAll(padding.of(block, next));
        }
        return result;
    }
}
