// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Lets the tool do its work until it is warm, and puts the JVM back behind each run. */
final class Warmup {
    private final Settings settings;
    private final Report report;
    private final Class<?> main;
    private final JvmState state = new JvmState();
    private final StandardStreams streams = new StandardStreams();
    private final ShutdownHooks hooks;
    private final Set<String> used = new LinkedHashSet<>();
    private final Set<String> remaining = new LinkedHashSet<>();

    Warmup(Settings settings, Report report, Class<?> main) {
        this.settings = settings;
        this.report = report;
        this.main = main;
        hooks = new ShutdownHooks(!settings.freshLoader());
    }

    void run(Binding binding) {
        streams.guard();
        ExitGate.close(binding);
        for (int run = 0; run < settings.runs(); run++) {
            for (List<String> warmup : settings.warmups()) {
                once(warmup);
            }
        }
        hooks.afterAll();
        streams.restore();
        state.restore();
        ExitGate.open(binding);
        streams.unguard();
        FreshLoader.preload(used);
        tell();
    }

    private void once(List<String> warmup) {
        List<String> arguments = new ArrayList<>(settings.preset());
        arguments.addAll(warmup);
        ToolRun.Outcome outcome = outcome(arguments);
        hooks.afterRun();
        streams.restore();
        state.restore();
        if (!settings.statuses().contains(outcome.status())) {
            throw new Unprepared("the warm-up run with the arguments " + warmup + " ended with status " + outcome.status()
                    + " (--status " + outcome.status() + " accepts that)");
        }
        for (Thread thread : outcome.left()) {
            if (!thread.isDaemon() && !settings.keepThreads()) {
                throw new Unprepared("the tool left a thread behind that does not end when it is interrupted: "
                        + ToolRun.describe(thread) + " (--keep-threads keeps it, in every launch)");
            }
            remaining.add("\"" + thread.getName() + "\"");
        }
    }

    private ToolRun.Outcome outcome(List<String> arguments) {
        if (!settings.freshLoader()) {
            return ToolRun.of(MainMethod.of(main), ClassLoader.getSystemClassLoader(), arguments, settings.limitSeconds());
        }
        try (FreshLoader fresh = new FreshLoader(used)) {
            MethodHandle method = MainMethod.of(fresh.load(main.getName()));
            return ToolRun.of(method, fresh.loader(), arguments, settings.limitSeconds());
        }
    }

    private void tell() {
        if (streams.wereClosed()) {
            report.note("the tool closes its standard streams; if it keeps them in static fields, its launches print nothing, and"
                    + " --fresh-loader helps");
        }
        if (!remaining.isEmpty()) {
            report.note("threads of the tool that live on in every launch: "
                    + remaining.stream().limit(8).collect(Collectors.joining(", ")));
        }
    }
}
