// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CpuidLeaf;
import dev.undump.checkpoint.NativeText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The instruction-set features that a launching machine must have because the captured one had them: libraries have chosen
 * their code for them at start.
 *
 * <p>Only what decides whether an instruction exists for a user program counts. Left out: what concerns speed (erms, fsrm),
 * hints that other processors take as no-operations (hle, cldemote, 3dnowprefetch), the kernel's features and virtualisation.
 * Names as in /proc/cpuinfo; bits from the Intel SDM volume 2 (CPUID) and the AMD APM volume 3, appendix E.
 */
public final class CpuFeatures {

    private static final int EAX = 0;
    private static final int EBX = 1;
    private static final int ECX = 2;
    private static final int EDX = 3;

    /** One register of one answer: "bit:name" for each bit that counts. */
    private record Word(int leaf, int subleaf, int register, String bits) {}

    private static final List<Word> WORDS = List.of(
            new Word(
                    1,
                    0,
                    ECX,
                    "0:sse3 1:pclmulqdq 9:ssse3 12:fma 13:cx16 19:sse4_1 20:sse4_2 22:movbe 23:popcnt 25:aes 26:xsave"
                            + " 27:osxsave 28:avx 29:f16c 30:rdrand"),
            new Word(1, 0, EDX, "0:fpu 4:tsc 8:cx8 15:cmov 19:clflush 23:mmx 24:fxsr 25:sse 26:sse2"),
            new Word(
                    7,
                    0,
                    EBX,
                    "0:fsgsbase 3:bmi1 5:avx2 8:bmi2 11:rtm 16:avx512f 17:avx512dq 18:rdseed 19:adx 21:avx512ifma"
                            + " 23:clflushopt 24:clwb 26:avx512pf 27:avx512er 28:avx512cd 29:sha_ni 30:avx512bw 31:avx512vl"),
            new Word(
                    7,
                    0,
                    ECX,
                    "1:avx512vbmi 3:pku 4:ospke 5:waitpkg 6:avx512_vbmi2 8:gfni 9:vaes 10:vpclmulqdq 11:avx512_vnni"
                            + " 12:avx512_bitalg 14:avx512_vpopcntdq 22:rdpid 27:movdiri 28:movdir64b"),
            new Word(
                    7,
                    0,
                    EDX,
                    "2:avx512_4vnniw 3:avx512_4fmaps 5:uintr 8:avx512_vp2intersect 14:serialize 16:tsxldtrk 22:amx_bf16"
                            + " 23:avx512_fp16 24:amx_tile 25:amx_int8"),
            new Word(
                    7,
                    1,
                    EAX,
                    "0:sha512 1:sm3 2:sm4 3:raoint 4:avx_vnni 5:avx512_bf16 7:cmpccxadd 21:amx_fp16 23:avx_ifma"),
            new Word(7, 1, EDX, "4:avx_vnni_int8 5:avx_ne_convert 8:amx_complex 10:avx_vnni_int16 19:avx10 21:apx"),
            new Word(0xd, 1, EAX, "0:xsaveopt 1:xsavec 2:xgetbv1"),
            new Word(0x80000001, 0, ECX, "0:lahf_lm 5:abm 6:sse4a 7:misalignsse 11:xop 16:fma4 21:tbm 29:mwaitx"),
            new Word(0x80000001, 0, EDX, "11:syscall 22:mmxext 27:rdtscp 29:lm 30:3dnowext 31:3dnow"),
            new Word(0x80000008, 0, EBX, "0:clzero 4:rdpru"));

    private CpuFeatures() {}

    /** Returns one entry per feature that the answers contain, sorted by leaf, subleaf, register and bit. */
    static List<CpuFeature> of(List<CpuidLeaf> answers) {
        List<CpuFeature> features = new ArrayList<>();
        for (Word word : WORDS) {
            answers.stream()
                    .filter(answer -> answer.leaf() == word.leaf() && answer.subleaf() == word.subleaf())
                    .findFirst()
                    .ifPresent(answer -> collect(word, register(answer, word.register()), features));
        }
        features.sort(Comparator.<CpuFeature>comparingLong(feature -> Integer.toUnsignedLong(feature.leaf()))
                .thenComparingInt(CpuFeature::subleaf)
                .thenComparingInt(CpuFeature::register)
                .thenComparingLong(feature -> Integer.toUnsignedLong(feature.mask())));
        return List.copyOf(features);
    }

    /** Returns the names of all features that an image may ask for, sorted. */
    public static SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>();
        for (Word word : WORDS) {
            for (String entry : word.bits().split(" ")) {
                names.add(entry.substring(entry.indexOf(':') + 1));
            }
        }
        return names;
    }

    private static void collect(Word word, int value, List<CpuFeature> features) {
        for (String entry : word.bits().split(" ")) {
            int colon = entry.indexOf(':');
            int mask = 1 << Integer.parseInt(entry.substring(0, colon));
            if ((value & mask) != 0) {
                NativeText name = NativeText.of(entry.substring(colon + 1));
                features.add(new CpuFeature(word.leaf(), word.subleaf(), word.register(), mask, name));
            }
        }
    }

    private static int register(CpuidLeaf answer, int register) {
        return switch (register) {
            case EAX -> answer.eax();
            case EBX -> answer.ebx();
            case ECX -> answer.ecx();
            case EDX -> answer.edx();
            default -> throw new IllegalArgumentException("register " + register);
        };
    }
}
