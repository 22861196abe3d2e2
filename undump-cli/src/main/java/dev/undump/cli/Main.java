// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.cache.CacheCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Set;
import picocli.CommandLine;

/** Entry point of the {@code undump} command. */
public final class Main {

    private Main() {}

    /** Runs the command and ends the JVM with its exit status. */
    public static void main(String[] args) {
        Interruption interruption = Interruption.install();
        int status = ExitStatus.FAILED;
        try {
            status = run(args, interruption);
        } finally {
            interruption.finished();
        }
        System.exit(status);
    }

    /**
     * Runs the command.
     *
     * @return the exit status, see {@link ExitStatus}
     */
    static int run(String[] args, Interruption interruption) {
        StandardOutput output = StandardOutput.ofProcess();
        CommandLine commandLine = commandLine(interruption).setOut(output.writer());
        // Files of arguments behind "undump java" are those of java, and of other programs theirs.
        commandLine.setExpandAtFiles(args.length == 0 || !Set.of("java", "cache").contains(args[0]));
        try {
            int status = commandLine.execute(args);
            commandLine.getOut().flush();
            return status == ExitStatus.DONE ? outputStatus(output, commandLine.getErr()) : status;
        } catch (OutOfMemoryError e) {
            // Thrown outside of a command: while parsing, or while a failure was reported.
            return FailureReport.print(e, commandLine.getErr(), false);
        }
    }

    private static int outputStatus(StandardOutput output, PrintWriter err) {
        if (output.failure().isEmpty()) {
            return ExitStatus.DONE;
        }
        if (!output.isAbandoned()) {
            FailureReport.print(
                    new IOException("writing to standard output: " + output.failure().get().getMessage()), err, false);
        }
        return ExitStatus.FAILED;
    }

    /** Returns the command line with all its subcommands, as the manual pages show it. */
    static CommandLine commandLine(Interruption interruption) {
        CommandLine commandLine = new CommandLine(new UndumpCommand(interruption))
                .addSubcommand(new InspectCommand())
                .addSubcommand(new VerifyCommand(interruption))
                .addSubcommand(new RunCommand(interruption))
                .addSubcommand(new JavaCommand(interruption))
                .addSubcommand(new TuneCommand(interruption))
                .addSubcommand(new CracCommand(interruption))
                .addSubcommand(new PackCommand(interruption))
                .addSubcommand(new UnpackCommand(interruption))
                .addSubcommand(CacheCommand.commandLine());
        commandLine.setExecutionExceptionHandler((failure, failed, parsed) -> {
            boolean trace = failed.getParseResult().hasMatchedOption(CommandFace.STACKTRACE);
            return FailureReport.print(failure, failed.getErr(), trace);
        });
        commandLine.setParameterExceptionHandler((failure, arguments) -> usage(failure));
        commandLine.setUsageHelpWidth(100);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        return commandLine;
    }

    private static int usage(CommandLine.ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("undump: " + Printable.line(failure.getMessage()) + "; \""
                + command.getCommandSpec().qualifiedName() + " --help\" tells how it is used");
        err.flush();
        return ExitStatus.USAGE;
    }
}
