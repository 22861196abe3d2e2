// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * Ids of the process.
 *
 * @param pid as the engine saw it
 * @param ownPid as the program saw it
 * @param groupId process group
 * @param uid effective, for information
 */
public record ProcessIds(int pid, int ownPid, int parentPid, int groupId, int sessionId, int uid, int gid) {

    public ProcessIds {
        Checks.threadId("pid", pid);
        Checks.threadId("own pid", ownPid);
    }
}
