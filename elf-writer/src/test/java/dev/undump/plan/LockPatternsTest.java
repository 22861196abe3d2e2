// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes are those of locks that a thread 0x338c held, as glibc 2.36 left them in memory. */
class LockPatternsTest {

    private static final int TID = 0x338c;

    private static final String RECURSIVE =
            "01000000020000008c33000001000000010000000000000000000000000000000000000000000000";
    private static final String RWLOCK = "0300000000000000010000000100000000000000000000008c330000000000000000000000000000"
            + "00000000000000000000000000000000";

    @ParameterizedTest
    @ValueSource(
            strings = {
                RECURSIVE,
                // errorcheck
                "01000000000000008c33000001000000020000000000000000000000000000000000000000000000",
                // robust, normal and recursive
                "8c330000010000008c330000010000009002000000000000209a29b2657f0000209a29b2657f0000",
                "8c330000020000008c330000010000009100000000000000209a29b2657f000080b1a18d83550000",
                // priority inheritance, normal and errorcheck; the same with a waiter
                "8c330000010000008c33000001000000200200000000000000000000000000000000000000000000",
                "8c330000010000008c33000001000000220000000000000000000000000000000000000000000000",
                "8c330080010000008c33000001000000200200000000000000000000000000000000000000000000",
                // robust, priority inheritance, recursive
                "8c330000020000008c33000001000000b100000000000000209a29b2657f0000a8b1a18d83550000",
                // recursive with a waiter
                "02000000020000008c33000001000000010000000000000000000000000000000000000000000000"
            })
    void isHeldMutex_typesThatCompareOwners_found(String bytes) {
        assertThat(LockPatterns.isHeldMutex(memory(bytes), 0, TID)).isTrue();
        assertThat(LockPatterns.isHeldMutex(memory(bytes), 0, TID + 1)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // normal and adaptive
                "01000000000000008c33000001000000000200000000000000000000000000000000000000000000",
                "01000000000000008c33000001000000030000000000000000000000000000000000000000000000",
                // recursive: not locked; count 0; no user; other type bits; a list; spins
                "00000000020000008c33000001000000010000000000000000000000000000000000000000000000",
                "01000000000000008c33000001000000010000000000000000000000000000000000000000000000",
                "01000000020000008c33000000000000010000000000000000000000000000000000000000000000",
                "01000000020000008c33000001000000010400000000000000000000000000000000000000000000",
                "01000000020000008c33000001000000010000000000000001000000000000000000000000000000",
                "01000000020000008c33000001000000010000000100000000000000000000000000000000000000",
                // robust whose lock word names another thread
                "8d330000010000008c330000010000009002000000000000209a29b2657f0000209a29b2657f0000"
            })
    void isHeldMutex_somethingElse_notFound(String bytes) {
        assertThat(LockPatterns.isHeldMutex(memory(bytes), 0, TID)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                RWLOCK,
                "0b00000000000000030000000100000000000000000000008c330000000000000000000000000000"
                        + "00000000000000000000000000000000"
            })
    void isHeldRwlock_heldForWriting_found(String bytes) {
        assertThat(LockPatterns.isHeldRwlock(memory(bytes), 0, TID)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 12, 16, 20, 28, 32, 36, 40, 48})
    void isHeldRwlock_oneFieldIsWrong_notFound(int field) {
        ByteBuffer memory = memory(RWLOCK);
        memory.putInt(field, memory.getInt(field) ^ 0x40000005);
        assertThat(LockPatterns.isHeldRwlock(memory, 0, TID)).isFalse();
    }

    @Test
    void isHeldMutex_cutOff_notFound() {
        assertThat(LockPatterns.isHeldMutex(memory(RECURSIVE.substring(0, 78)), 0, TID)).isFalse();
        assertThat(LockPatterns.isHeldMutex(memory(RECURSIVE), -8, TID)).isFalse();
        assertThat(LockPatterns.isHeldRwlock(memory(RWLOCK.substring(0, 110)), 0, TID)).isFalse();
    }

    @Test
    void hasOwnerInLock_byType() {
        assertThat(LockPatterns.hasOwnerInLock(memory(RECURSIVE), 0)).isFalse();
        assertThat(LockPatterns.hasOwnerInLock(
                        memory("8c330000010000008c33000001000000220000000000000000000000000000000000000000000000"), 0))
                .isTrue();
    }

    private static ByteBuffer memory(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
