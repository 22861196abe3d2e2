// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.cli.tool.JavaCommandLine.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JavaCommandLineTest {

    private static final Path HERE = Path.of("/here");
    private static final List<String> DEFAULTS = List.of("-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1");

    @TempDir
    private Path folder;

    private static JavaCommandLine parse(String... words) throws IOException {
        return JavaCommandLine.parse(List.of(words), HERE);
    }

    @Test
    void parse_class_makesTheClassPathAbsolute() throws IOException {
        JavaCommandLine tool = parse("-Xmx1g", "-cp", "a.jar:/b.jar::lib/*", "-Dx=y", "p.Main", "-cp", "c");

        assertThat(tool.mode()).isEqualTo(Mode.CLASS);
        assertThat(tool.preset()).containsExactly("-cp", "c");
        assertThat(tool.hasClassPath()).isTrue();
        assertThat(tool.original())
                .containsExactly("-Xmx1g", "-cp", "/here/a.jar:/b.jar:/here:/here/lib/*", "-Dx=y", "p.Main", "-cp", "c");
    }

    @Test
    void parse_jar_isItsOwnClassPath() throws IOException {
        JavaCommandLine tool = parse("--add-opens", "java.base/java.lang=ALL-UNNAMED", "-jar", "t/tool.jar", "first");

        assertThat(tool.original())
                .containsExactly("--add-opens", "java.base/java.lang=ALL-UNNAMED", "-jar", "/here/t/tool.jar", "first");
        assertThat(tool.running("Other")).endsWith("-cp", "/here/t/tool.jar", "Other");
        assertThat(tool.hasClassPath()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-m", "--module"})
    void parse_module_keepsItsName(String option) throws IOException {
        JavaCommandLine tool = parse("-p", "mods:/more", option, "a.module/p.Main");

        assertThat(tool.original()).containsExactly("-p", "/here/mods:/more", "-m", "a.module/p.Main");
        assertThat(tool.running("Other")).contains("-Djdk.module.main=a.module").doesNotContain("-m");
        assertThat(tool.hasClassPath()).isFalse();
        assertThat(parse("--module=a.module").original()).containsExactly("-m", "a.module");
    }

    @Test
    void parse_joinedPaths_areMadeAbsolute() throws IOException {
        assertThat(parse("--class-path=a", "--module-path=b:c", "--patch-module", "m=d:e", "-Xbootclasspath/a:f",
                        "-javaagent:agent.jar=x=y", "-agentpath:lib.so", "Main")
                .options())
                .containsExactly("--class-path=/here/a", "--module-path=/here/b:/here/c", "--patch-module=m=/here/d:/here/e",
                        "-Xbootclasspath/a:/here/f", "-javaagent:/here/agent.jar=x=y", "-agentpath:/here/lib.so");
    }

    @Test
    void running_optionsOfTheUser_haveTheLastWord() throws IOException {
        assertThat(parse("-cp", "a", "Main").running("Other")).containsSubsequence(DEFAULTS);
        assertThat(parse("-cp", "a", "-XX:+UseG1GC", "-XX:+UsePerfData", "-XX:TieredStopAtLevel=4", "Main").running("Other"))
                .doesNotContainAnyElementsOf(DEFAULTS);
        assertThat(parse("-cp", "a", "-Xint", "Main").running("Other")).contains("-XX:+UseSerialGC").doesNotContain("-XX:TieredStopAtLevel=1");
        assertThat(parse("-cp", "a", "Main").original()).doesNotContainAnyElementsOf(DEFAULTS);
    }

    @Test
    void parse_argumentFiles_areExpandedInFrontOfTheMainClassOnly() throws IOException {
        Files.writeString(folder.resolve("options"), """
                # a comment
                -cp "a b.jar" -Dname='it''s' \\
                    -Dtab="a\\tb\\\\c"
                --add-modules=x # another one
                """);

        JavaCommandLine tool = JavaCommandLine.parse(List.of("@options", "Main", "@options"), folder);

        assertThat(tool.options())
                .containsExactly("-cp", folder + "/a b.jar", "-Dname=its", "-Dtab=a\tb\\c", "--add-modules=x");
        assertThat(tool.preset()).containsExactly("@options");
    }

    @Test
    void parse_argumentFileWithMainClass_goesOnWithArguments() throws IOException {
        Files.writeString(folder.resolve("all"), "-jar tool.jar one");

        JavaCommandLine tool = JavaCommandLine.parse(List.of("@all", "two"), folder);

        assertThat(tool.what()).isEqualTo(folder + "/tool.jar");
        assertThat(tool.preset()).containsExactly("one", "two");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-version", "--list-modules", "-cp", "Main.java", "--source=17", "--patch-module=java.base=x", "-Xmx1g"})
    void parse_whatCannotBecomeAnImage_isRefused(String word) {
        assertThatThrownBy(() -> parse(word)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void parse_nothingToRun_saysWhatIsMissing() {
        assertThatThrownBy(() -> parse("-Xmx1g")).hasMessageContaining("names no class to run");
    }
}
