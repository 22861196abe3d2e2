// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.FileOp;
import dev.undump.plan.PlanOffset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What an image does about the world around the program.
 *
 * @param files steps for descriptors; numbers are those of the file
 * @param workingDirectory empty: the launch's
 * @param variables {@code NAME=VALUE} is set, {@code NAME} left out
 */
record ImageSteps(List<FileOp> files, NativeText workingDirectory, List<NativeText> variables) {

    private static final Map<Integer, FileOp.Kind> KINDS = new HashMap<>();

    static {
        for (FileOp.Kind kind : FileOp.Kind.values()) {
            KINDS.put(kind.code(), kind);
        }
    }

    static ImageSteps read(PlanReader plan) throws IOException {
        int recordSize = ImageLayout.FileOp.SIZE_BYTES;
        ByteBuffer table = plan.table(ImageLayout.Plan.FILE_OPS, recordSize, "steps for descriptors");
        List<FileOp> files = new ArrayList<>();
        for (int at = 0; at < table.limit(); at += recordSize) {
            FileOp.Kind kind = KINDS.get(table.getInt(at + ImageLayout.FileOp.KIND));
            if (kind != null) {
                files.add(step(kind, table, at, plan));
            }
        }
        int changeSize = ImageLayout.EnvironmentChange.SIZE_BYTES;
        ByteBuffer changes = plan.table(ImageLayout.Plan.ENVIRONMENT, changeSize, "changes of the environment");
        List<NativeText> variables = new ArrayList<>();
        for (int at = 0; at < changes.limit(); at += changeSize) {
            variables.add(plan.string(changes.getLong(at + ImageLayout.EnvironmentChange.TEXT)));
        }
        NativeText directory = plan.string(plan.head().getLong(ImageLayout.Plan.WORKING_DIRECTORY));
        return new ImageSteps(files, directory, variables);
    }

    private static FileOp step(FileOp.Kind kind, ByteBuffer table, int at, PlanReader plan) throws IOException {
        List<PlanOffset> values = new ArrayList<>();
        for (int i = 0; i < ImageLayout.FileOp.VALUES_BYTES; i += Long.BYTES) {
            values.add(new PlanOffset.Plain(table.getLong(at + ImageLayout.FileOp.VALUES + i)));
        }
        return new FileOp(
                kind,
                table.getInt(at + ImageLayout.FileOp.FD),
                table.getInt(at + ImageLayout.FileOp.OPEN_FLAGS),
                table.getInt(at + ImageLayout.FileOp.CLOSE_ON_EXEC) != 0,
                kind == FileOp.Kind.OPEN ? plan.string(table.getLong(at + ImageLayout.FileOp.PATH)) : NativeText.EMPTY,
                table.getLong(at + ImageLayout.FileOp.OFFSET),
                values);
    }
}
