// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.NativeText;
import dev.undump.image.InputRecords;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.plan.FallbackCommand;
import dev.undump.plan.PlannedInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the launches of an image look at.
 *
 * @param files by path
 * @param fallback what runs when one has changed; present if there are some
 */
record ImageInputs(List<PlannedInput> files, Optional<FallbackCommand> fallback) {

    static ImageInputs read(PlanReader plan) throws IOException {
        ByteBuffer table = plan.table(Plan.INPUTS, ImageLayout.Input.SIZE_BYTES, "inputs");
        List<PlannedInput> files = new ArrayList<>();
        for (int at = 0; at < table.limit(); at += ImageLayout.Input.SIZE_BYTES) {
            NativeText path = plan.string(table.getLong(at + ImageLayout.Input.PATH));
            files.add(InputRecords.read(table, at, path));
        }
        if (files.isEmpty()) {
            return new ImageInputs(files, Optional.empty());
        }
        ByteBuffer words = plan.table(Plan.FALLBACK_ARGUMENTS, Long.BYTES, "arguments of the fallback");
        List<NativeText> arguments = new ArrayList<>();
        for (int at = 0; at < words.limit(); at += Long.BYTES) {
            arguments.add(plan.string(words.getLong(at)));
        }
        NativeText program = plan.string(plan.head().getLong(Plan.FALLBACK_PATH));
        boolean takesArguments = plan.head().getInt(Plan.FALLBACK_TAKES_ARGUMENTS) != 0;
        return new ImageInputs(files, Optional.of(new FallbackCommand(program, arguments, takesArguments)));
    }
}
