// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

/**
 * A system call instruction.
 *
 * @param block the code around it
 * @param index of the instruction in the block
 */
record Site(CodeBlock block, int index) {

    Instruction call() {
        return block.instructions().get(index);
    }
}
