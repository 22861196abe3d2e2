// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.sites.ModuleCoverage;
import dev.undump.sites.UncoveredSite;
import java.io.IOException;

/** How a launch brings memory back, as JSON. */
final class JsonLaunchMemory {

    private JsonLaunchMemory() {}

    static void write(LaunchMemory memory, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("launch_memory");
        json.writeNumberField("lazy_bytes", memory.lazyBytes());
        json.writeNumberField("lazy_ranges", memory.lazyRanges());
        json.writeNumberField("eager_bytes", memory.eagerBytes());
        json.writeNumberField("mapped_bytes", memory.mappedBytes());
        if (memory.coverage().isPresent()) {
            json.writeObjectFieldStart("coverage");
            json.writeBooleanField("complete", memory.coverage().get().isComplete());
            json.writeArrayFieldStart("modules");
            for (ModuleCoverage module : memory.coverage().get().modules()) {
                module(module, json);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private static void module(ModuleCoverage module, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("module", module.module());
        json.writeNumberField("untouched", module.constant());
        json.writeNumberField("intercepted", module.rewritten());
        json.writeNumberField("dynamic", module.dynamic());
        json.writeNumberField("not_code", module.notCode());
        json.writeArrayFieldStart("uncovered");
        for (UncoveredSite site : module.uncovered()) {
            json.writeStartObject();
            json.writeStringField("address", JsonReport.hex(site.address()));
            json.writeStringField("reason", site.reason());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
