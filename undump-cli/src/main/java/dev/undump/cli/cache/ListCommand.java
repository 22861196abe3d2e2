// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Entry;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.inspect.Sizes;
import dev.undump.cli.inspect.Table;
import java.io.IOException;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code undump cache list}. */
@Command(name = "list", header = "Lists the images that are kept, the last used first.", description = "")
final class ListCommand implements Callable<Integer> {

    private static final int KEY_DIGITS = 12;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

    @Mixin
    private CommandFace face;

    @Override
    public Integer call() throws IOException {
        List<Entry> entries = KeptStore.open(face::warn).entries();
        if (entries.isEmpty()) {
            face.say("no images are kept");
            return ExitStatus.DONE;
        }
        Table table = new Table("key", " size", " saves", "last used", "command");
        for (Entry entry : entries) {
            table.row(
                    entry.key().hex().substring(0, KEY_DIGITS),
                    Sizes.bytes(entry.sizeBytes()),
                    Sizes.nanoseconds(entry.cold().toNanos()),
                    TIME.format(entry.lastUsed().atZone(ZoneId.systemDefault())),
                    entry.command());
        }
        table.print(face.out());
        return ExitStatus.DONE;
    }
}
