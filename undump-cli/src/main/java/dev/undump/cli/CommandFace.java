// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What is alike in every command: some options, the exit statuses (unless it lists its own), and how it speaks. */
@Command(
        versionProvider = Version.class,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:failed; one line on standard error says why", "2:wrong usage"})
public final class CommandFace {

    static final String STACKTRACE = "--stacktrace";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = STACKTRACE, description = "When it fails, show where in the program.")
    boolean stacktrace;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help and exit.")
    boolean help;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "Show the version and exit.")
    boolean version;

    /** Returns standard output, for reports of many lines. */
    public PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Prints a line on standard output. */
    public void say(String line) {
        out().println(line);
        out().flush();
    }

    /** Names the file that was written, where the user did not. */
    void sayWritten(Path file) {
        say("undump: wrote " + Printable.line(file.toString()));
    }

    /** Prints a line on standard error that is no failure. */
    public void note(String text) {
        PrintWriter err = command.commandLine().getErr();
        err.println("undump: note: " + text);
        err.flush();
    }

    /** Prints a line on standard error about something of ours that does not work, while the user's work goes on. */
    public void warn(String text) {
        PrintWriter err = command.commandLine().getErr();
        err.println("undump: warning: " + Printable.line(text));
        err.flush();
    }

    /** Prints a line on standard error that is a failure of its own. */
    public void complain(String text) {
        PrintWriter err = command.commandLine().getErr();
        err.println("undump: " + Printable.line(text));
        err.flush();
    }

    /** Shows a line that another program wrote, on standard error. */
    void showOutput(String line) {
        command.commandLine().getErr().println("  | " + line);
    }

    /** Returns what a command throws that was called in a wrong way. */
    public ParameterException wrongUsage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
