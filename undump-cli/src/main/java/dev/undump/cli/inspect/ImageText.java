// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.NativeText;
import dev.undump.cli.Printable;
import java.io.PrintWriter;

/** How an image is laid out and what its launch does. */
final class ImageText {

    private ImageText() {}

    static void print(ImageSummary image, PrintWriter out) {
        out.println("  stub at " + ByteRange.format(image.slot()) + ", needs Linux " + image.minimumKernel() + " or newer and "
                + Sizes.count(image.cpuFeatures(), "processor feature"));
        out.println("  steps: " + image.memorySteps() + " for memory, " + image.fileSteps() + " for descriptors, "
                + image.signalSteps() + " for signals, " + Sizes.count(image.threads(), "thread") + ", "
                + Sizes.count(image.threadIdPatches(), "thread id") + " to renew");
        NativeText directory = image.steps().workingDirectory();
        out.println(Printable.line(
                "  goes on in " + (directory.isEmpty() ? "the launch's working directory" : directory.toString())));
        for (NativeText change : image.steps().variables()) {
            boolean set = change.toString().indexOf('=') >= 0;
            out.println(Printable.line("  /proc/PID/environ: the launch's, but " + change + (set ? "" : " is left out")));
        }
        image.inputs().fallback().ifPresent(command -> InputText.printFallback(command, out));
        image.tuning()
                .ifPresent(tuning -> out.println("  tuned by a run of at most " + tuning.limitMs() + " ms: "
                        + Sizes.bytes(tuning.prefetchBytes()) + " asked for at once in "
                        + Sizes.count(tuning.prefetchPieces(), "piece") + ", " + Sizes.bytes(tuning.hugeBytes())
                        + " read into huge pages"));
    }
}
