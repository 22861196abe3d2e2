// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.checkpoint.Capabilities;
import dev.undump.checkpoint.SeccompFilter;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Rights;
import dev.undump.plan.PlannedFilter;
import dev.undump.plan.PlannedRights;
import dev.undump.plan.PlannedThread;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The threads' rights in a plan: a record for all threads that have the same, with its groups and filters. */
final class RightsTables {

    /** Where a record and what it refers to stand. */
    private record Place(Table record, Table groups, Table filters, List<Table> instructions) {}

    /** Sets room aside. */
    @FunctionalInterface
    interface Room {
        Table table(long count, int recordBytes);
    }

    private final Map<PlannedRights, Place> places = new LinkedHashMap<>();

    RightsTables(List<PlannedThread> threads, Room room) {
        for (PlannedThread thread : threads) {
            thread.rights().ifPresent(rights -> places.computeIfAbsent(rights, unused -> place(rights, room)));
        }
    }

    private static Place place(PlannedRights rights, Room room) {
        return new Place(
                room.table(1, Rights.SIZE_BYTES),
                room.table(rights.groups().size(), Integer.BYTES),
                room.table(rights.filters().size(), ImageLayout.Filter.SIZE_BYTES),
                rights.filters().stream()
                        .map(filter -> room.table(length(filter), SeccompFilter.INSTRUCTION_BYTES))
                        .toList());
    }

    private static int length(PlannedFilter filter) {
        return filter.filter().instructions().length() / SeccompFilter.INSTRUCTION_BYTES;
    }

    boolean isFiltered() {
        return places.keySet().stream().anyMatch(PlannedRights::isFiltered);
    }

    /** Plan offset of a thread's record, 0 of none. */
    long offsetOf(PlannedThread thread) {
        return thread.rights().map(rights -> places.get(rights).record().offset()).orElse(0L);
    }

    void encode(ByteBuffer buffer) {
        places.forEach((rights, place) -> {
            record(buffer, rights, place);
            int at = Math.toIntExact(place.groups().offset());
            for (int group : rights.groups()) {
                buffer.putInt(at, group);
                at += Integer.BYTES;
            }
            filters(buffer, rights, place);
        });
    }

    private static void record(ByteBuffer buffer, PlannedRights rights, Place place) {
        int at = Math.toIntExact(place.record().offset());
        Capabilities capabilities = rights.capabilities();
        buffer.putLong(at + Rights.INHERITABLE, capabilities.inheritable());
        buffer.putLong(at + Rights.PERMITTED, capabilities.permitted());
        buffer.putLong(at + Rights.EFFECTIVE, capabilities.effective());
        buffer.putLong(at + Rights.BOUNDING, capabilities.bounding());
        buffer.putLong(at + Rights.AMBIENT, capabilities.ambient());
        buffer.putLong(at + Rights.NEEDED, rights.needed());
        buffer.putInt(at + Rights.SECUREBITS, capabilities.securebits());
        buffer.putInt(at + Rights.SET_CAPABILITIES, rights.setCapabilities() ? 1 : 0);
        buffer.putInt(at + Rights.IS_ROOT, rights.root() ? 1 : 0);
        buffer.putInt(at + Rights.NO_NEW_PRIVS, rights.noNewPrivileges() ? 1 : 0);
        buffer.putInt(at + Rights.IO_PRIORITY, rights.ioPriority());
        buffer.putInt(at + Rights.SET_POLICY, rights.policy().mode() == 0 ? 0 : 1);
        buffer.putInt(at + Rights.POLICY, rights.policy().mode());
        buffer.putInt(at + Rights.STRICT, rights.strict() ? 1 : 0);
        buffer.putLong(at + Rights.POLICY_NODES, rights.policy().nodes());
        buffer.putLong(at + Rights.SET_GROUPS, rights.setCapabilities() ? 1 : 0);
        place.groups().writeTo(buffer, at + Rights.GROUPS);
        place.filters().writeTo(buffer, at + Rights.FILTERS);
    }

    private static void filters(ByteBuffer buffer, PlannedRights rights, Place place) {
        int at = Math.toIntExact(place.filters().offset());
        for (int i = 0; i < rights.filters().size(); i++) {
            PlannedFilter filter = rights.filters().get(i);
            Table instructions = place.instructions().get(i);
            instructions.writeTo(buffer, at + ImageLayout.Filter.INSTRUCTIONS);
            buffer.putInt(at + ImageLayout.Filter.FLAGS, filter.filter().flags());
            buffer.putInt(at + ImageLayout.Filter.BY_PRCTL, filter.byPrctl() ? 1 : 0);
            buffer.put(Math.toIntExact(instructions.offset()), filter.filter().instructions().toArray());
            at += ImageLayout.Filter.SIZE_BYTES;
        }
    }
}
