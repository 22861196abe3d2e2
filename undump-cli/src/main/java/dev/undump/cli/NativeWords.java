// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;

/** Words in native memory, as execve(2) takes them. */
final class NativeWords {

    private final Memory table;
    private final List<Memory> words = new ArrayList<>();

    /**
     * Copies words.
     *
     * @param texts bytes without a zero
     */
    NativeWords(List<byte[]> texts) {
        table = new Memory((long) (texts.size() + 1) * Native.POINTER_SIZE);
        table.clear();
        for (byte[] text : texts) {
            Memory word = new Memory(text.length + 1L);
            word.write(0, text, 0, text.length);
            word.setByte(text.length, (byte) 0);
            table.setPointer((long) words.size() * Native.POINTER_SIZE, word);
            words.add(word);
        }
    }

    /** Returns the address of the table, valid as long as this object is. */
    Pointer pointer() {
        return table;
    }
}
