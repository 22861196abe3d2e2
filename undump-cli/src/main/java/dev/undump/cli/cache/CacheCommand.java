// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cli.CommandFace;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code undump cache}: starts programs from images that it makes and keeps by itself. */
@Command(
        name = "cache",
        header = "Starts programs warm, from images that it makes and keeps by itself.",
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "",
            "\"undump cache run -- PROGRAM ARG ...\" runs PROGRAM as if undump were not there. The first time, an image is made of the"
                    + " program when it is warm; the next time, the image is started instead. An image is left aside when anything that"
                    + " it depends on has changed.",
            "",
            "Images are kept in $UNDUMP_CACHE_DIR, else $XDG_CACHE_HOME/undump, else ~/.cache/undump.",
            ""
        })
public final class CacheCommand implements Runnable {

    @Mixin
    private CommandFace face;

    private CacheCommand() {}

    /** Returns the command with all its subcommands. */
    public static CommandLine commandLine() {
        return new CommandLine(new CacheCommand())
                .addSubcommand(new CacheRunCommand())
                .addSubcommand(new InstallCommand())
                .addSubcommand(new ExplainCommand())
                .addSubcommand(new ListCommand())
                .addSubcommand(new StatsCommand())
                .addSubcommand(new CheckCommand())
                .addSubcommand(new CollectCommand())
                .addSubcommand(new ClearCommand())
                .addSubcommand(new PushCommand())
                .addSubcommand(new PullCommand())
                .addSubcommand(new CompleteCommand());
    }

    @Override
    public void run() {
        throw face.wrongUsage("Missing required subcommand");
    }
}
