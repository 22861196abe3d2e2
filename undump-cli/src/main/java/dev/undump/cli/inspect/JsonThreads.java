// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.checkpoint.Affinity;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.Scheduling;
import dev.undump.checkpoint.ThreadRights;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Threads as JSON. */
final class JsonThreads {

    private static final int ARGUMENTS = 6;

    private JsonThreads() {}

    static void write(Subject subject, JsonGenerator json) throws IOException {
        CodePlaces places = new CodePlaces(subject.checkpoint());
        SystemCallText calls = new SystemCallText(subject);
        json.writeArrayFieldStart("threads");
        List<CheckpointThread> threads = subject.checkpoint().threads();
        List<ThreadRights> rights = subject.checkpoint().identity().threads();
        for (int i = 0; i < threads.size(); i++) {
            CheckpointThread thread = threads.get(i);
            json.writeStartObject();
            json.writeNumberField("tid", thread.tid());
            json.writeNumberField("own_tid", thread.ownTid());
            json.writeStringField("name", thread.name().toString());
            json.writeStringField("state", calls.state(thread));
            call(thread, json);
            json.writeStringField("wait_channel", thread.waitChannel().toString());
            json.writeStringField("place", places.describe(thread.registers().rip()));
            optional("symbol", places.symbol(thread.registers().rip()), json);
            registers(thread.registers(), json);
            json.writeNumberField("xstate_size_bytes", thread.xstate().length());
            json.writeStringField("xstate", HexFormat.of().formatHex(thread.xstate().toArray()));
            JsonSignals.mask("blocked_signals", thread.signalMask(), json);
            kernelState(thread, json);
            scheduling(thread, json);
            if (!rights.isEmpty()) {
                RightsText.writeJson(rights.get(i), json);
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void call(CheckpointThread thread, JsonGenerator json) throws IOException {
        if (thread.call().isEmpty()) {
            json.writeNullField("system_call");
            return;
        }
        InterruptedCall call = thread.call().get();
        json.writeObjectFieldStart("system_call");
        json.writeNumberField("number", call.number());
        json.writeStringField("name", SystemCallText.name(call.number()));
        json.writeArrayFieldStart("arguments");
        for (int i = 0; i < ARGUMENTS; i++) {
            json.writeString(JsonReport.hex(thread.registers().argument(i)));
        }
        json.writeEndArray();
        json.writeNumberField("result", call.result());
        json.writeNumberField("waited_ns", call.waitedNs());
        json.writeEndObject();
    }

    /** The record's components have the kernel's names, but for the underscore. */
    private static void registers(Registers registers, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("registers");
        for (RecordComponent component : Registers.class.getRecordComponents()) {
            String name = component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
            try {
                json.writeStringField(name, JsonReport.hex((Long) component.getAccessor().invoke(registers)));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("register " + name + " cannot be read", e);
            }
        }
        json.writeEndObject();
    }

    private static void kernelState(CheckpointThread thread, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("alternate_stack");
        json.writeStringField("address", JsonReport.hex(thread.alternateStack().address()));
        json.writeNumberField("size_bytes", thread.alternateStack().sizeBytes());
        json.writeNumberField("flags", thread.alternateStack().flags());
        json.writeEndObject();
        json.writeStringField("robust_list", JsonReport.hex(thread.robustList().headAddress()));
        json.writeStringField("rseq", JsonReport.hex(thread.rseq().address()));
        json.writeNumberField("rseq_size_bytes", thread.rseq().sizeBytes());
        json.writeStringField("rseq_signature", JsonReport.hex(Integer.toUnsignedLong(thread.rseq().signature())));
        json.writeStringField("clear_child_tid", JsonReport.hex(thread.clearChildTid()));
        json.writeNumberField("parent_death_signal", thread.parentDeathSignal());
    }

    private static void scheduling(CheckpointThread thread, JsonGenerator json) throws IOException {
        Scheduling scheduling = thread.scheduling();
        json.writeObjectFieldStart("scheduling");
        json.writeStringField("policy", ThreadText.policy(scheduling.policy()));
        json.writeStringField("flags", JsonReport.hex(Integer.toUnsignedLong(scheduling.policyFlags())));
        json.writeNumberField("nice", scheduling.nice());
        json.writeNumberField("priority", scheduling.priority());
        json.writeNumberField("runtime_ns", scheduling.runtimeNs());
        json.writeNumberField("deadline_ns", scheduling.deadlineNs());
        json.writeNumberField("period_ns", scheduling.periodNs());
        json.writeNumberField("timer_slack_ns", scheduling.timerSlackNs());
        json.writeArrayFieldStart("affinity");
        for (int processor = 0; processor < Long.SIZE * Affinity.WORDS; processor++) {
            if (thread.affinity().contains(processor)) {
                json.writeNumber(processor);
            }
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void optional(String name, Optional<String> value, JsonGenerator json) throws IOException {
        if (value.isPresent()) {
            json.writeStringField(name, value.get());
        } else {
            json.writeNullField(name);
        }
    }
}
