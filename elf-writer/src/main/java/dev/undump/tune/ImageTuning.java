// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.image.ImageException;
import dev.undump.image.InputStamps;
import dev.undump.image.NewFile;
import dev.undump.image.WriteProgress;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Tunes images: launches one, looks at which pages of itself its program uses first, and writes one that brings those in with few
 * large operations.
 *
 * <p>The tuned image holds the untuned one, from which tuning starts each time: the same observation gives the same bytes. Nothing
 * is seen under the image's name but the old image or the whole new one.
 */
public final class ImageTuning {

    private static final String WHAT = "the image";
    private static final Set<PosixFilePermission> OWNER_MAY_EXECUTE = PosixFilePermissions.fromString("rwx------");

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
            Optional<String> change = InputStamps.firstChange(image);
            if (change.isPresent()) {
                throw new TuneException(
                        image, change.get() + " has changed since the image was made, so it would run another program", null);
            }
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(image);
            try (NewFile file = NewFile.create(out, WHAT, mode, untuned.sizeBytes());
                    Observer observer = new Observer(image, options.limitMs(), options.arguments(), heartbeat)) {
                Observation observation = untuned.isTuned()
                        ? observeUntuned(observer, untuned, image, source, out, progress)
                        : observer.run(image);
                if (observation.gaveUp()) {
                    throw new TuneException(image, "the image does not launch here; the line above says why", null);
                }
                TunedSteps steps = TunedSteps.of(new PlanEditor(untuned).steps(), observation, untuned.sizeBytes());
                TunedTail tail = TunedTail.of(untuned, steps, observation, options.limitMs());
                file.copyFrom(image, source, untuned.sizeBytes(), progress);
                file.write(tail.tail(), tail.tailOffset());
                file.write(tail.head(), 0);
                LaunchTimes times =
                        file.asProgram(program -> LaunchTimes.of(observer, image, program, options.rounds()));
                file.commit();
                return report(observation, steps, times);
            }
        }
    }

    /** Of a tuned image a launch shows little: what is in huge pages is not the image's any more. */
    private static Observation observeUntuned(
            Observer observer, UntunedImage untuned, Path image, FileChannel source, Path out, WriteProgress progress)
            throws IOException {
        try (NewFile scratch = NewFile.create(out, WHAT, OWNER_MAY_EXECUTE, untuned.sizeBytes())) {
            scratch.copyFrom(image, source, untuned.sizeBytes(), progress);
            scratch.write(untuned.head().duplicate().clear(), 0);
            return scratch.asProgram(observer::run);
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
