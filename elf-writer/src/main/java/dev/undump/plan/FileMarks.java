// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileLock;
import dev.undump.checkpoint.FileOwner;
import java.util.ArrayList;
import java.util.List;

/**
 * Plans what the kernel notes about open files in favour of the program: locks and who gets signals.
 *
 * @param policies whether files are locked again
 */
record FileMarks(Checkpoint checkpoint, OpenFiles openFiles, LaunchPolicies policies) {

    private static final int O_ASYNC = 020000;

    /** Locks of files that the launch opens for the program; the launch's own files are not the program's to lock. */
    List<FileOp> locks() {
        List<FileOp> locks = new ArrayList<>();
        if (policies.weaker().contains(LaunchPolicies.Weaker.FILE_LOCK)) {
            return locks;
        }
        for (FileLock lock : checkpoint.fileLocks()) {
            List<Descriptor> sharing = openFiles.sharing(lock.openFile());
            if (!sharing.isEmpty() && !openFiles.comesFromOutside(lock.openFile())) {
                locks.add(FileOp.of(
                                FileOp.Kind.LOCK,
                                sharing.get(0).fd(),
                                0,
                                false,
                                number(lock.kind()),
                                number(lock.exclusive() ? 1 : 0),
                                number(lock.start()),
                                number(lock.length()))
                        .withPath(checkpoint.openFiles().get(lock.openFile()).path()));
            }
        }
        return locks;
    }

    /** Who gets the signals of a description. */
    List<FileOp> owners() {
        List<FileOp> owners = new ArrayList<>();
        for (FileOwner owner : checkpoint.fileOwners()) {
            List<Descriptor> sharing = openFiles.sharing(owner.openFile());
            if (!sharing.isEmpty()) {
                int async = checkpoint.openFiles().get(owner.openFile()).openFlags() & O_ASYNC;
                owners.add(FileOp.of(
                        FileOp.Kind.OWNER,
                        sharing.get(0).fd(),
                        async,
                        false,
                        number(owner.kind()),
                        number(owner.tid().isPresent() ? threadOf(owner.tid().getAsInt()) : 0),
                        number(owner.signal())));
            }
        }
        return owners;
    }

    private int threadOf(int tid) {
        int index = 0;
        while (checkpoint.threads().get(index).ownTid() != tid) {
            index++;
        }
        return index;
    }
}
