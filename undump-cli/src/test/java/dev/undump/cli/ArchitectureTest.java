// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The allowed edges between packages; every other one fails the build. */
@AnalyzeClasses(packages = "dev.undump", importOptions = {DoNotIncludeTests.class, NoTestJars.class})
class ArchitectureTest {

    private static final String NATIVE = "dev.undump.nativestub..";
    private static final String CHECKPOINT = "dev.undump.checkpoint..";
    private static final String SITES = "dev.undump.sites..";
    private static final String PLAN = "dev.undump.plan..";
    private static final String IMAGE = "dev.undump.image..";
    private static final String PACK = "dev.undump.pack..";
    private static final String TUNE = "dev.undump.tune..";
    private static final String CACHE = "dev.undump.cache..";
    private static final String CLI = "dev.undump.cli..";

    @ArchTest
    static final ArchRule NATIVE_STUB_USES_NOTHING_OF_OURS = uses(NATIVE, NATIVE);

    @ArchTest
    static final ArchRule CHECKPOINT_USES_LAYOUT_ONLY = uses(CHECKPOINT, CHECKPOINT, NATIVE);

    @ArchTest
    static final ArchRule SITES_USES_CHECKPOINT = uses(SITES, SITES, CHECKPOINT, NATIVE);

    @ArchTest
    static final ArchRule PLAN_USES_SITES = uses(PLAN, PLAN, SITES, CHECKPOINT, NATIVE);

    @ArchTest
    static final ArchRule IMAGE_USES_PLAN = uses(IMAGE, IMAGE, PLAN, SITES, CHECKPOINT, NATIVE);

    @ArchTest
    static final ArchRule PACK_USES_IMAGE = uses(PACK, PACK, IMAGE);

    @ArchTest
    static final ArchRule TUNE_USES_IMAGE = uses(TUNE, TUNE, IMAGE, NATIVE);

    @ArchTest
    static final ArchRule CACHE_DOES_NOT_KNOW_COMMANDS = uses(CACHE, CACHE, PACK, IMAGE, PLAN, SITES, CHECKPOINT, NATIVE);

    @ArchTest
    static final ArchRule NO_CYCLES = slices().matching("dev.undump.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule ONLY_COMMANDS_PRINT_OR_EXIT = noClasses()
            .that()
            .resideOutsideOfPackage(CLI)
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(Throwable.class, "printStackTrace");

    private static ArchRule uses(String user, String... allowed) {
        DescribedPredicate<JavaClass> ours = resideInAPackage("dev.undump..");
        DescribedPredicate<JavaClass> forbidden = ours.and(DescribedPredicate.not(resideInAnyPackage(allowed)));
        return noClasses().that().resideInAPackage(user).should().dependOnClassesThat(forbidden);
    }
}
