// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The edges inside this module: keys use digests, and the store knows nothing of keys, images and checkpoints. */
@AnalyzeClasses(packages = "dev.undump.cache", importOptions = DoNotIncludeTests.class)
class PackagesTest {

    @ArchTest
    static final ArchRule STORE_USES_NO_OTHER_PACKAGE_OF_OURS = noClasses()
            .that()
            .resideInAPackage("dev.undump.cache")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.undump.cache.*..", "dev.undump.checkpoint..", "dev.undump.plan..", "dev.undump.image..");

    @ArchTest
    static final ArchRule KEYS_USE_DIGESTS_ONLY = noClasses()
            .that()
            .resideInAPackage("dev.undump.cache.key")
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(LocalStore.class, Claim.class, Entry.class, EntryFacts.class);

    @ArchTest
    static final ArchRule EXCEPTIONS_CAN_BE_CAUGHT_AS_FAILURES_OF_FILES = classes()
            .that()
            .areAssignableTo(Exception.class)
            .should()
            .beAssignableTo(java.io.IOException.class);
}
