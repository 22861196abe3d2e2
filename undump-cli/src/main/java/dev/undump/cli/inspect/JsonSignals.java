// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.PendingSignal;
import dev.undump.checkpoint.PosixTimer;
import dev.undump.checkpoint.SignalAction;
import java.io.IOException;
import java.util.HexFormat;

/** Signal actions and pending signals as JSON. */
final class JsonSignals {

    private JsonSignals() {}

    static void write(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("signal_actions");
        for (SignalAction action : checkpoint.actions()) {
            json.writeStartObject();
            json.writeNumberField("signal", action.signal());
            json.writeStringField("name", SignalNames.of(action.signal()));
            json.writeStringField("handler", JsonReport.hex(action.handler()));
            json.writeStringField("flags", JsonReport.hex(action.flags()));
            json.writeStringField("restorer", JsonReport.hex(action.restorer()));
            mask("blocked_signals", action.mask(), json);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("pending_signals");
        for (PendingSignal signal : checkpoint.pending()) {
            json.writeStartObject();
            json.writeNumberField("signal", signal.signal());
            json.writeStringField("name", SignalNames.of(signal.signal()));
            json.writeNumberField("own_tid", signal.ownTid());
            json.writeStringField("info", HexFormat.of().formatHex(signal.info().toArray()));
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("posix_timers");
        for (PosixTimer timer : checkpoint.posixTimers()) {
            json.writeStartObject();
            json.writeNumberField("id", timer.id());
            json.writeNumberField("clock", timer.clock());
            json.writeNumberField("clock_own_tid", timer.clockTid().orElse(0));
            json.writeNumberField("notify", timer.notification());
            json.writeNumberField("signal", timer.signal());
            json.writeNumberField("own_tid", timer.tid().orElse(0));
            json.writeStringField("value", JsonReport.hex(timer.value()));
            json.writeNumberField("interval_ns", timer.intervalNs());
            json.writeNumberField("remaining_ns", timer.remainingNs());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    static void mask(String name, long mask, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart(name);
        for (String signal : SignalNames.list(mask)) {
            json.writeString(signal);
        }
        json.writeEndArray();
    }
}
