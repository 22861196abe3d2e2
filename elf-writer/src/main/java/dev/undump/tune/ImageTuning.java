// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.image.ImageException;
import dev.undump.image.NewFile;
import dev.undump.image.WriteProgress;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Tunes images: launches one, looks at which pages of itself its program uses first, and writes one that brings those in with few
 * large operations.
 *
 * <p>The tuned image holds the untuned one, from which tuning starts each time: the same observation gives the same bytes. Nothing
 * is seen under the image's name but the old image or the whole new one.
 */
public final class ImageTuning {

    private ImageTuning() {}

    /**
     * Tunes an image. Its program really runs, with the standard files of this process, for as long as the options say or until it
     * ends; then, to be timed, up to its first output, with empty input.
     *
     * @param image tuned or not
     * @param out the tuned image, with the mode of the other; may be {@code image}; an existing file is replaced at once when it
     *     is complete
     * @param progress is told about copying
     * @param heartbeat is called now and then while the image runs; what it or progress throws ends the work
     * @throws TuneException if it is no image or does not launch
     * @throws ImageException if {@code out} cannot be written; nothing is left behind, an existing file is as before
     * @throws IOException if {@code image} cannot be read
     */
    public static TuneReport tune(Path image, Path out, TuneOptions options, WriteProgress progress, Runnable heartbeat)
            throws IOException {
        try (FileChannel source = FileChannel.open(image, StandardOpenOption.READ)) {
            UntunedImage untuned = UntunedImage.read(image, source);
            try (NewFile file = NewFile.create(
                            out, "the image", Files.getPosixFilePermissions(image), untuned.sizeBytes());
                    Observer observer = new Observer(image, options.limitMs(), options.arguments(), heartbeat)) {
                file.copyFrom(image, source, untuned.sizeBytes(), progress);
                file.write(untuned.head().duplicate().clear(), 0);
                Observation observation = file.asProgram(observer::run);
                if (observation.gaveUp()) {
                    throw new TuneException(image, "the image does not launch here; the line above says why", null);
                }
                TunedSteps steps = TunedSteps.of(new PlanEditor(untuned).steps(), observation, untuned.sizeBytes());
                TunedTail tail = TunedTail.of(untuned, steps, observation, options.limitMs());
                file.write(tail.tail(), tail.tailOffset());
                file.write(tail.head(), 0);
                LaunchTimes times =
                        file.asProgram(program -> LaunchTimes.of(observer, image, program, options.rounds()));
                file.commit();
                return report(observation, steps, times);
            }
        }
    }

    private static TuneReport report(Observation observation, TunedSteps steps, LaunchTimes times) {
        return new TuneReport(
                observation.end(),
                observation.mapped().bytes(),
                observation.written().bytes(),
                steps.prefetched().bytes(),
                steps.prefetched().ranges().size(),
                steps.hugeBytes(),
                observation.isReplaced(),
                times.cold(),
                times.warm());
    }
}
