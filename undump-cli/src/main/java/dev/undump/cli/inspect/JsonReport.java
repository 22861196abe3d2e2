// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CaptureMoment;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointProcess;
import dev.undump.checkpoint.CpuidLeaf;
import dev.undump.checkpoint.IntervalTimer;
import dev.undump.checkpoint.MemoryMarks;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.ProcessIds;
import dev.undump.checkpoint.ProcessSettings;
import dev.undump.checkpoint.Rlimit;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * The whole report as JSON. Addresses, masks and other numbers of full 64 bits are strings {@code "0x…"}, because many readers
 * of JSON keep 53 bits only; sizes, counts and times are numbers. Names stay once released; new ones may come.
 */
final class JsonReport {

    private final Subject subject;
    private final JsonGenerator json;

    private JsonReport(Subject subject, JsonGenerator json) {
        this.subject = subject;
        this.json = json;
    }

    static void print(Subject subject, PrintWriter out) throws IOException {
        JsonFactory factory = JsonFactory.builder().build();
        try (JsonGenerator json = factory.createGenerator(out)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            new JsonReport(subject, json).write();
        }
        out.println();
    }

    private void write() throws IOException {
        Checkpoint checkpoint = subject.checkpoint();
        json.writeStartObject();
        json.writeStringField("kind", subject.image().isPresent() ? "image" : "checkpoint");
        json.writeStringField("file", subject.file().toString());
        json.writeNumberField("size_bytes", subject.sizeBytes());
        json.writeNumberField("format_version", checkpoint.header().version());
        json.writeStringField("id", checkpoint.header().id().toString());
        process(checkpoint.process());
        processor(checkpoint);
        JsonThreads.write(subject, json);
        JsonMemory.write(checkpoint, json);
        JsonFiles.write(subject, json);
        JsonSystemFiles.write(checkpoint, json);
        JsonSignals.write(checkpoint, json);
        texts("allowances", checkpoint.allowances());
        JsonInputs.write(subject, json);
        if (subject.launchMemory().isPresent()) {
            JsonLaunchMemory.write(subject.launchMemory().get(), json);
        }
        if (subject.image().isPresent()) {
            image(subject.image().get());
        }
        json.writeEndObject();
    }

    private void process(CheckpointProcess process) throws IOException {
        json.writeObjectFieldStart("process");
        ids(process.ids());
        json.writeStringField("executable", process.executable().toString());
        json.writeStringField("command_name", process.commandName().toString());
        json.writeArrayFieldStart("command_line");
        for (String argument : ProgramText.arguments(process.commandLine())) {
            json.writeString(argument);
        }
        json.writeEndArray();
        json.writeStringField("working_directory", process.workingDirectory().toString());
        json.writeBooleanField("working_directory_deleted", process.workingDirectoryDeleted());
        json.writeStringField("engine", process.engine().toString());
        json.writeStringField("trigger", process.trigger().name().toLowerCase(Locale.ROOT));
        json.writeBooleanField("launched_by_ckpt", process.launchedByCkpt());
        json.writeStringField("kernel_release", process.kernelRelease().toString());
        json.writeStringField("kernel_version", process.kernelVersion().toString());
        moment(process.moment());
        settings(process.settings());
        json.writeNumberField("nice", process.nice());
        json.writeBooleanField("vdso_seen", process.vdsoSeen());
        json.writeBooleanField("hears_of_launches", process.launchRecord() != 0);
        marks(process.marks());
        timers(process);
        limits(process);
        json.writeEndObject();
    }

    private void ids(ProcessIds ids) throws IOException {
        json.writeNumberField("pid", ids.pid());
        json.writeNumberField("own_pid", ids.ownPid());
        json.writeNumberField("parent_pid", ids.parentPid());
        json.writeNumberField("process_group", ids.groupId());
        json.writeNumberField("session", ids.sessionId());
        json.writeNumberField("uid", Integer.toUnsignedLong(ids.uid()));
        json.writeNumberField("gid", Integer.toUnsignedLong(ids.gid()));
    }

    private void moment(CaptureMoment moment) throws IOException {
        json.writeStringField("captured_at", ProgramText.instant(moment).toString());
        json.writeNumberField("realtime_ns", moment.realtimeNs());
        json.writeNumberField("monotonic_ns", moment.monotonicNs());
        json.writeNumberField("boottime_ns", moment.boottimeNs());
        json.writeNumberField("frozen_ns", moment.frozenNs());
        json.writeBooleanField("snapshot", moment.snapshot());
    }

    private void settings(ProcessSettings settings) throws IOException {
        json.writeNumberField("umask", settings.umask());
        json.writeNumberField("dumpable", settings.dumpable());
        json.writeBooleanField("no_new_privs", settings.noNewPrivs());
        json.writeBooleanField("child_subreaper", settings.childSubreaper());
        json.writeStringField("personality", hex(Integer.toUnsignedLong(settings.personality())));
        json.writeBooleanField("thp_disable", settings.thpDisable() != 0);
        json.writeStringField("membarrier", hex(Integer.toUnsignedLong(settings.membarrier())));
    }

    private void marks(MemoryMarks marks) throws IOException {
        json.writeObjectFieldStart("memory_marks");
        json.writeStringField("start_code", hex(marks.startCode()));
        json.writeStringField("end_code", hex(marks.endCode()));
        json.writeStringField("start_data", hex(marks.startData()));
        json.writeStringField("end_data", hex(marks.endData()));
        json.writeStringField("start_brk", hex(marks.startBrk()));
        json.writeStringField("brk", hex(marks.brk()));
        json.writeStringField("start_stack", hex(marks.startStack()));
        json.writeStringField("arg_start", hex(marks.argStart()));
        json.writeStringField("arg_end", hex(marks.argEnd()));
        json.writeStringField("env_start", hex(marks.envStart()));
        json.writeStringField("env_end", hex(marks.envEnd()));
        json.writeEndObject();
    }

    private void timers(CheckpointProcess process) throws IOException {
        json.writeObjectFieldStart("interval_timers");
        for (int i = 0; i < SignalText.TIMERS.size(); i++) {
            IntervalTimer timer = process.intervalTimers().get(i);
            json.writeObjectFieldStart(SignalText.TIMERS.get(i));
            json.writeNumberField("interval_us", timer.intervalUs());
            json.writeNumberField("remaining_us", timer.valueUs());
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private void limits(CheckpointProcess process) throws IOException {
        json.writeObjectFieldStart("rlimits");
        for (int i = 0; i < LimitText.NAMES.size(); i++) {
            Rlimit limit = process.rlimits().get(i);
            json.writeObjectFieldStart(LimitText.NAMES.get(i));
            limit("soft", limit.soft());
            limit("hard", limit.hard());
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    /** Unlimited is null. */
    private void limit(String name, long value) throws IOException {
        if (value == Rlimit.UNLIMITED) {
            json.writeNullField(name);
        } else {
            json.writeFieldName(name);
            json.writeNumber(Long.toUnsignedString(value));
        }
    }

    private void processor(Checkpoint checkpoint) throws IOException {
        json.writeObjectFieldStart("processor");
        json.writeStringField("vendor", checkpoint.cpu().vendor().toString());
        json.writeStringField("model", checkpoint.cpu().model().toString());
        json.writeStringField("xcr0", hex(checkpoint.cpu().xcr0()));
        json.writeNumberField("xsave_size_bytes", checkpoint.cpu().xsaveSize());
        json.writeNumberField("xsavec_size_bytes", checkpoint.cpu().xsavecSize());
        json.writeNumberField("minimal_signal_stack_bytes", checkpoint.cpu().minSignalStack());
        json.writeArrayFieldStart("cpuid");
        for (CpuidLeaf leaf : checkpoint.cpuid()) {
            json.writeStartObject();
            json.writeStringField("leaf", hex(Integer.toUnsignedLong(leaf.leaf())));
            json.writeNumberField("subleaf", Integer.toUnsignedLong(leaf.subleaf()));
            json.writeStringField("eax", hex(Integer.toUnsignedLong(leaf.eax())));
            json.writeStringField("ebx", hex(Integer.toUnsignedLong(leaf.ebx())));
            json.writeStringField("ecx", hex(Integer.toUnsignedLong(leaf.ecx())));
            json.writeStringField("edx", hex(Integer.toUnsignedLong(leaf.edx())));
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void image(ImageSummary image) throws IOException {
        json.writeObjectFieldStart("image");
        json.writeStringField("slot", hex(image.slot()));
        json.writeStringField("minimum_kernel", image.minimumKernel());
        json.writeNumberField("cpu_features", image.cpuFeatures());
        json.writeNumberField("eager_bytes", image.memory().eagerBytes());
        json.writeNumberField("mapped_bytes", image.memory().mappedBytes());
        json.writeNumberField("memory_steps", image.memorySteps());
        json.writeNumberField("file_steps", image.fileSteps());
        json.writeNumberField("signal_steps", image.signalSteps());
        json.writeNumberField("threads", image.threads());
        json.writeNumberField("thread_id_patches", image.threadIdPatches());
        boolean atLaunch = image.steps().workingDirectory().isEmpty();
        json.writeStringField("working_directory", atLaunch ? null : image.steps().workingDirectory().toString());
        json.writeArrayFieldStart("environment_changes");
        for (NativeText change : image.steps().variables()) {
            json.writeString(change.toString());
        }
        json.writeEndArray();
        if (image.inputs().fallback().isPresent()) {
            JsonInputs.write(image.inputs().fallback().get(), json);
        }
        if (image.tuning().isPresent()) {
            Tuning tuning = image.tuning().get();
            json.writeObjectFieldStart("tuning");
            json.writeNumberField("limit_ms", tuning.limitMs());
            json.writeNumberField("prefetch_bytes", tuning.prefetchBytes());
            json.writeNumberField("prefetch_pieces", tuning.prefetchPieces());
            json.writeNumberField("huge_bytes", tuning.hugeBytes());
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private void texts(String name, Iterable<NativeText> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (NativeText value : values) {
            json.writeString(value.toString());
        }
        json.writeEndArray();
    }

    static String hex(long value) {
        return ByteRange.format(value);
    }
}
