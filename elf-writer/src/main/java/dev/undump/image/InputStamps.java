// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.plan.InputFiles;
import dev.undump.plan.PlannedInput;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The inputs of a finished image: files that a launch looks at, with what unchanged ones are like.
 *
 * <p>An image from another machine knows the times and inodes of that machine's files: each launch would compare contents instead.
 * {@link #renew} gives it those of this one.
 */
public final class InputStamps {

    private InputStamps() {}

    /**
     * Reads the inputs of an image.
     *
     * @return by path; empty if its launches look at nothing
     * @throws IOException if it cannot be read, is no image, or a damaged one
     */
    public static List<PlannedInput> read(Path image) throws IOException {
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
            return inputs(places(image, channel).get(0), image);
        }
    }

    /**
     * Looks for an input for which a launch here and now would leave for the fallback.
     *
     * @return the path of the first one
     * @throws IOException as {@link #read}
     */
    public static Optional<String> firstChange(Path image) throws IOException {
        return read(image).stream()
                .filter(input -> InputFiles.current(input).isEmpty())
                .findFirst()
                .map(input -> input.path().toString());
    }

    /**
     * Gives an image the stamps of this machine's files, if their contents are those that the program has seen.
     *
     * @param copy a private copy of an image, which nobody runs or reads meanwhile; changed in place and not synced
     * @return the path of the first input that is not what the program has seen: then nothing was written; empty: done
     * @throws IOException as {@link #read}; or if the copy cannot be written: then it is to be thrown away
     */
    public static Optional<String> renew(Path copy) throws IOException {
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            List<PlanPlace> places = places(copy, channel);
            Map<PlannedInput, PlannedInput> current = new HashMap<>();
            for (PlanPlace place : places) {
                for (PlannedInput input : inputs(place, copy)) {
                    Optional<PlannedInput> now = Optional.ofNullable(current.get(input)).or(() -> InputFiles.current(input));
                    if (now.isEmpty()) {
                        return Optional.of(input.path().toString());
                    }
                    current.put(input, now.get());
                }
            }
            for (PlanPlace place : places) {
                write(channel, place, inputs(place, copy).stream().map(current::get).toList());
            }
            return Optional.empty();
        }
    }

    private static void write(FileChannel channel, PlanPlace place, List<PlannedInput> inputs) throws IOException {
        List<Integer> records = records(place);
        if (records.isEmpty()) {
            return;
        }
        for (int i = 0; i < inputs.size(); i++) {
            InputRecords.writeStamp(place.plan(), records.get(i), inputs.get(i).stamp());
        }
        place.plan().putInt(Plan.PLAN_CRC, place.checksum());
        int first = records.get(0);
        int end = records.get(records.size() - 1) + ImageLayout.Input.SIZE_BYTES;
        writeFully(channel, place.plan().slice(first, end - first), place.offset() + first);
        writeFully(channel, place.plan().slice(Plan.PLAN_CRC, Integer.BYTES), place.offset() + Plan.PLAN_CRC);
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes, at + bytes.position());
        }
    }

    private static List<Integer> records(PlanPlace place) {
        return place.records(Plan.INPUTS, ImageLayout.Input.SIZE_BYTES);
    }

    private static List<PlannedInput> inputs(PlanPlace place, Path image) throws IOException {
        try {
            List<PlannedInput> inputs = new ArrayList<>();
            for (int at : records(place)) {
                inputs.add(InputRecords.read(
                        place.plan(), at, place.text(place.plan().getLong(at + ImageLayout.Input.PATH))));
            }
            return inputs;
        } catch (RuntimeException e) {
            throw damaged(image, e);
        }
    }

    private static List<PlanPlace> places(Path image, FileChannel channel) throws IOException {
        try {
            return PlanPlace.find(channel);
        } catch (EOFException | RuntimeException e) {
            // Numbers that lie lead anywhere.
            throw damaged(image, e);
        }
    }

    private static IOException damaged(Path image, Exception cause) {
        return new IOException(
                "reading the inputs of " + image + ": " + cause.getMessage()
                        + "; give an image that undump made, or copy it again from where it came",
                cause);
    }
}
