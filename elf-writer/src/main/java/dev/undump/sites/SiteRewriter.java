// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds and rewrites the system calls of a captured program. The same checkpoint gives the same bytes. */
public final class SiteRewriter {

    private SiteRewriter() {}

    /**
     * Decodes the executable memory of a checkpoint, as far as there are system calls in it.
     *
     * @param occupied where no island may be: the program's mappings, growth of its stacks, the slot; room for its heap is added
     * @param interceptEntry address of the stub's {@code undump_intercept}, see image_format.h
     * @param olderStubs of images that the program came from
     * @return what to change; look at its coverage first
     * @throws IOException if the checkpoint's page data cannot be read
     */
    public static SiteRewriting rewrite(
            Checkpoint checkpoint,
            CheckpointMemory memory,
            List<ByteRange> occupied,
            long interceptEntry,
            List<OlderStub> olderStubs)
            throws IOException {
        List<OlderStub> retired = new ArrayList<>();
        for (OlderStub stub : olderStubs) {
            if (!stub.isVisited(checkpoint, memory)) {
                retired.add(stub);
            }
        }
        Modules modules = new Modules(checkpoint, memory);
        CodeBytes code = new CodeBytes(memory, modules.stored());
        Collection<ModuleSites> byModule = judge(modules, code, retired);

        List<Islands.Entry> entries = new ArrayList<>();
        for (ModuleSites sites : byModule) {
            for (Detour detour : sites.detours()) {
                entries.add(new Islands.Entry(detour, sites.tally()));
            }
        }
        entries.sort(Comparator.comparingLong(entry -> entry.detour().call().address()));
        Islands islands = new Islands(new IslandPlaces(checkpoint, occupied), interceptEntry);
        islands.write(entries);

        List<CodePatch> patches = new ArrayList<>(islands.patches());
        retired.forEach(stub -> patches.add(stub.leadOnTo(interceptEntry)));
        patches.addAll(SavedContexts.relocate(checkpoint, memory, islands.moved()));
        patches.sort(Comparator.comparingLong(CodePatch::address));
        List<ModuleCoverage> coverage = new ArrayList<>();
        for (ModuleSites sites : byModule) {
            coverage.add(sites.tally().result());
        }
        return new SiteRewriting(patches, islands.islands(), new Coverage(coverage), islands.moved());
    }

    private static Collection<ModuleSites> judge(Modules modules, CodeBytes code, List<OlderStub> retired)
            throws IOException {
        Map<Long, Module> opened = new HashMap<>();
        // By address, so that every run gives the same.
        TreeMap<Long, ModuleSites> found = new TreeMap<>();
        for (long place : CallPatterns.find(code)) {
            if (retired.stream().anyMatch(stub -> stub.text().contains(place))) {
                continue;
            }
            Module module = modules.at(place, opened);
            found.computeIfAbsent(module.code().get(0).start(), unused -> new ModuleSites(module, code)).judge(place);
        }
        return found.values();
    }
}
