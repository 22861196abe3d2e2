// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Rights;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Decodes what threads may do. */
final class RightsDecoder {

    private static final int KNOWN_FLAGS =
            CheckpointLayout.RIGHTS_NO_NEW_PRIVILEGES | CheckpointLayout.RIGHTS_STRICT | CheckpointLayout.RIGHTS_OTHER_USERS;

    private RightsDecoder() {}

    /**
     * Decodes a record.
     *
     * @param filters all of the checkpoint, to which threads refer
     */
    static ThreadRights rights(RecordView view, List<SeccompFilter> filters) {
        view.reserved(Rights.RESERVED, Long.BYTES);
        int flags = view.intAt(Rights.FLAGS);
        Checks.check((flags & ~KNOWN_FLAGS) == 0, "flags of the rights", flags);
        return new ThreadRights(
                intsAt(view, Rights.UIDS, Rights.UIDS_BYTES),
                intsAt(view, Rights.GIDS, Rights.GIDS_BYTES),
                groups(view.textAt(Rights.GROUPS)),
                capabilities(view),
                (flags & CheckpointLayout.RIGHTS_OTHER_USERS) != 0,
                (flags & CheckpointLayout.RIGHTS_NO_NEW_PRIVILEGES) != 0,
                (flags & CheckpointLayout.RIGHTS_STRICT) != 0,
                filters(view, filters),
                view.intAt(Rights.IO_PRIORITY),
                view.intAt(Rights.OOM_SCORE_ADJ),
                new MemoryPolicy(view.intAt(Rights.POLICY), view.longAt(Rights.POLICY_NODES)));
    }

    static SeccompFilter filter(RecordView view) {
        view.reserved(CheckpointLayout.Filter.RESERVED, Integer.BYTES);
        byte[] instructions = view.textAt(CheckpointLayout.Filter.INSTRUCTIONS).bytes();
        return new SeccompFilter(Bytes.copyOf(instructions), view.intAt(CheckpointLayout.Filter.FLAGS));
    }

    static BoundMemory boundMemory(RecordView view) {
        view.reserved(CheckpointLayout.MemoryPolicy.RESERVED, Integer.BYTES);
        return new BoundMemory(
                new ByteRange(
                        view.longAt(CheckpointLayout.MemoryPolicy.START), view.longAt(CheckpointLayout.MemoryPolicy.END)),
                new MemoryPolicy(
                        view.intAt(CheckpointLayout.MemoryPolicy.MODE), view.longAt(CheckpointLayout.MemoryPolicy.NODES)));
    }

    private static Capabilities capabilities(RecordView view) {
        return new Capabilities(
                view.longAt(Rights.INHERITABLE),
                view.longAt(Rights.PERMITTED),
                view.longAt(Rights.EFFECTIVE),
                view.longAt(Rights.BOUNDING),
                view.longAt(Rights.AMBIENT),
                view.intAt(Rights.SECUREBITS));
    }

    private static List<SeccompFilter> filters(RecordView view, List<SeccompFilter> filters) {
        long first = view.longAt(Rights.FIRST_FILTER);
        int count = view.intAt(Rights.FILTER_COUNT);
        Checks.check(count >= 0 && count <= filters.size(), "number of seccomp filters", count);
        Checks.check(count == 0 || (first >= 0 && first <= filters.size() - count), "index of the first filter", first);
        return count == 0 ? List.of() : filters.subList((int) first, (int) first + count);
    }

    private static List<Integer> intsAt(RecordView view, int offset, int sizeBytes) {
        List<Integer> values = new ArrayList<>();
        for (int at = offset; at < offset + sizeBytes; at += Integer.BYTES) {
            values.add(view.intAt(at));
        }
        return values;
    }

    private static List<Integer> groups(NativeText text) {
        ByteBuffer bytes = ByteBuffer.wrap(text.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        Checks.check(bytes.limit() % Integer.BYTES == 0, "bytes of the supplementary groups", bytes.limit());
        List<Integer> groups = new ArrayList<>();
        while (bytes.hasRemaining()) {
            groups.add(bytes.getInt());
        }
        return groups;
    }
}
