// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.cli.Printable;
import dev.undump.sites.Coverage;
import dev.undump.sites.ModuleCoverage;
import java.io.PrintWriter;

/** How much memory a launch maps and reads, and whether lazy memory is exact. */
final class LaunchMemoryText {

    private LaunchMemoryText() {}

    static void print(LaunchMemory memory, PrintWriter out) {
        out.println("  memory: " + Sizes.bytes(memory.lazyBytes()) + " lazy in " + Sizes.count(memory.lazyRanges(), "piece")
                + ", " + Sizes.bytes(memory.eagerBytes()) + " read at start, " + Sizes.bytes(memory.mappedBytes())
                + " of files mapped");
        if (memory.coverage().isPresent()) {
            coverage(memory.coverage().get(), out);
        }
    }

    private static void coverage(Coverage coverage, PrintWriter out) {
        out.println("  system calls that lazy memory has to know about: "
                + (coverage.isComplete()
                        ? "all are covered"
                        : Sizes.count(coverage.uncovered(), "place") + " not covered, so all memory is read"));
        Table table = new Table(" UNTOUCHED", " INTERCEPTED", " COMPARED", " NO CODE", "MODULE");
        for (ModuleCoverage module : coverage.modules()) {
            table.row(
                    Integer.toString(module.constant()),
                    Integer.toString(module.rewritten()),
                    Integer.toString(module.dynamic()),
                    Integer.toString(module.notCode()),
                    module.module());
        }
        table.print(out);
        for (ModuleCoverage module : coverage.modules()) {
            module.uncovered()
                    .forEach(site -> out.println("  not covered: " + Printable.line(module.module() + " at " + site)));
        }
    }
}
