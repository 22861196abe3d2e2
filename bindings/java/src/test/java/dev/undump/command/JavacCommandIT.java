// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.undump.command.Commands.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** javac as a command image: whatever it is asked, it gives the files, the output and the status that javac gives. */
class JavacCommandIT {
    private static final String JAVAC = Commands.javaHome().resolve("bin/javac").toString();
    private static final Map<String, String> NOTHING = Map.of();

    @TempDir
    static Path folder;

    private static Path image;
    private static Path processors;

    @BeforeAll
    static void makeImage() throws Exception {
        Path sample = Files.createDirectories(folder.resolve("warm up"));
        writeSources(sample);
        processors = Files.createDirectories(folder.resolve("processors"));
        Outcome processor =
                Commands.run(List.of(JAVAC, "-proc:none", "-d", processors.toString(), "Generator.java"), sample, NOTHING, "");
        assertThat(processor).isEqualTo(new Outcome(0, "", ""));
        image = Commands.image(
                folder.resolve("javac-fast"),
                List.of("--runs", "8", "--status", "1", "--warmup", "-d 'warm up/out' 'warm up/Hello.java'", "--warmup",
                        "-Xlint:all -d 'warm up/out' 'warm up/Warn.java' 'warm up/Wrong.java'"),
                List.of("-m", "jdk.compiler/com.sun.tools.javac.Main"));
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(sample, processors, image);
        }
    }

    private static void writeSources(Path where) throws IOException {
        write(where, "Hello.java", "public class Hello { public static void main(String[] a) { System.out.println(\"hello\"); } }\n");
        write(where, "Broken.java", "class Broken {\n  void f( {\n  int x = ;\n");
        write(where, "Wrong.java", "class Wrong { int f() { return \"text\"; } void g() { h(); } Missing m; }\n");
        write(where, "Warn.java", "import java.util.*; class Warn { List list = new ArrayList(); void f() { list.add(1);"
                + " new Thread().stop(); } }\n");
        write(where, "Größe.java", "class Größe { String s = \"äöü€\"; /* ß */ }\n");
        Files.write(where.resolve("Latin.java"), "class Latin { String s = \"äöü\"; }\n".getBytes(StandardCharsets.ISO_8859_1));
        write(where, "src/app/Main.java", "package app; class Main { lib.Lib lib = new lib.Lib(); }\n");
        write(where, "src/lib/Lib.java", "package lib; public class Lib { public record R(int a, String b) {} }\n");
        write(where, "mod/module-info.java", "module sample.mod { requires java.logging; exports p; }\n");
        write(where, "mod/p/P.java", "package p; public class P { java.util.logging.Logger l; }\n");
        write(where, "Native.java", "class Native { native void f(int a); static final int N = 5; }\n");
        write(where, "Marked.java", "@Deprecated class Marked { }\n");
        write(where, "arguments", "-d \"out dir\"\n# comment\nHello.java\n");
        write(where, "Generator.java", """
                import java.util.*; import javax.annotation.processing.*; import javax.lang.model.*; import javax.lang.model.element.*;
                @SupportedAnnotationTypes("*")
                public class Generator extends AbstractProcessor {
                  private boolean done;
                  @Override public SourceVersion getSupportedSourceVersion() { return SourceVersion.latest(); }
                  @Override public boolean process(Set<? extends TypeElement> types, RoundEnvironment round) {
                    if (!done) try (var out = processingEnv.getFiler().createSourceFile("Made").openWriter()) {
                      done = true;
                      out.write("class Made { String of = \\"" + processingEnv.getOptions() + "\\"; }");
                      processingEnv.getMessager().printMessage(javax.tools.Diagnostic.Kind.NOTE, "made one");
                    } catch (java.io.IOException e) { throw new IllegalStateException(e); }
                    return false;
                  }
                }
                """);
        StringBuilder big = new StringBuilder("class Big {\n");
        for (int i = 0; i < 500; i++) {
            big.append("  int f").append(i).append("(int a) { return java.util.stream.IntStream.range(0, a).map(x -> x * ")
                    .append(i).append(").sum(); }\n");
        }
        write(where, "Big.java", big.append("}\n").toString());
    }

    private static void write(Path where, String name, String text) throws IOException {
        Path file = where.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    static Stream<Arguments> questions() {
        List<Arguments> questions = new ArrayList<>();
        for (String line : List.of(
                "Hello.java", "-d out Hello.java", "-d made/deep Hello.java", "-g Hello.java", "-g:none Hello.java",
                "-parameters Hello.java", "Broken.java", "Wrong.java", "Hello.java Wrong.java Broken.java", "Missing.java", "-foo", "",
                "-version", "--version", "--full-version", "--help", "-X", "--help-lint", "-Xlint:all Warn.java",
                "-Xlint:all -Werror Warn.java", "-nowarn Warn.java", "-deprecation Warn.java", "Warn.java", "@arguments",
                "@missing-arguments", "--release 11 Hello.java", "--release 99 Hello.java", "-source 8 -target 8 Hello.java",
                "--release 8 src/lib/Lib.java", "-encoding ISO-8859-1 Latin.java", "Latin.java", "-encoding nothing Hello.java",
                "Größe.java", "-sourcepath src src/app/Main.java", "src/app/Main.java", "-cp src src/app/Main.java",
                "-implicit:none -cp src src/app/Main.java", "-cp src/nothing src/lib/Lib.java src/app/Main.java",
                "-d out mod/module-info.java mod/p/P.java", "--module-source-path nothing --module x", "-h headers Native.java",
                "-Xmaxerrs 1 Broken.java", "-Xdiags:verbose Wrong.java", "-Xstdout said.txt Wrong.java", "-Akey=value Hello.java",
                "Hello.java Hello.java", "src", "-processor Nothing Hello.java", "-proc:none Marked.java", "-d", "Big.java",
                "-Xpkginfo:always -XDrawDiagnostics Wrong.java")) {
            questions.add(arguments(line, NOTHING, ""));
        }
        for (String line : List.of("-processor Generator Marked.java", "-proc:only -processor Generator Marked.java",
                "-s generated -Aname=value -processor Generator Marked.java", "-proc:none -processor Generator Marked.java")) {
            questions.add(arguments("-processorpath PROCESSORS " + line, NOTHING, ""));
        }
        questions.add(arguments("Hello.java", NOTHING, "class FromStandardInput { }\n"));
        questions.add(arguments("/dev/stdin", NOTHING, "class FromStandardInput { }\n"));
        questions.add(arguments("Größe.java", Map.of("LC_ALL", "C"), ""));
        questions.add(arguments("Wrong.java", Map.of("LC_ALL", "", "LANG", "C.UTF-8"), ""));
        questions.add(arguments("src/app/Main.java", Map.of("CLASSPATH", "src"), ""));
        questions.add(arguments("Hello.java", Map.of("JAVA_TOOL_OPTIONS", "-Duser.language=de"), ""));
        questions.add(arguments("Wrong.java", Map.of("TZ", "Asia/Tokyo", "HOME", "/nowhere"), ""));
        return questions.stream();
    }

    @ParameterizedTest
    @MethodSource("questions")
    void javac_anyQuestion_answersAsJavac(String line, Map<String, String> environment, String input) throws Exception {
        List<String> words = Stream.of(line.replace("PROCESSORS", processors.toString()).split(" "))
                .filter(word -> !word.isEmpty())
                .toList();
        Path expectedFolder = sources("expected");
        Path actualFolder = sources("actual");

        Outcome expected = Commands.run(command(JAVAC, words), expectedFolder, environment, input);
        Outcome actual = Commands.run(command(image.toString(), words), actualFolder, environment, input);

        assertThat(actual).isEqualTo(expected);
        assertThat(Commands.files(actualFolder)).isEqualTo(Commands.files(expectedFolder));
    }

    @Test
    void javac_tenAtOnce_answerAsOne() throws Exception {
        Path expectedFolder = sources("expected");
        Commands.run(List.of(JAVAC, "-d", "out", "Big.java"), expectedFolder, NOTHING, "");

        List<CompletableFuture<Map<String, String>>> launches = IntStream.range(0, 10)
                .mapToObj(number -> CompletableFuture.supplyAsync(() -> compiledAt("at once " + number)))
                .toList();

        for (CompletableFuture<Map<String, String>> launch : launches) {
            assertThat(launch.get()).isEqualTo(Commands.files(expectedFolder));
        }
    }

    private static Map<String, String> compiledAt(String name) {
        try {
            Path where = sources(name);
            Outcome outcome = Commands.run(List.of(image.toString(), "-d", "out", "Big.java"), where, NOTHING, "");
            assertThat(outcome).isEqualTo(new Outcome(0, "", ""));
            return Commands.files(where);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> command(String program, List<String> words) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(words);
        return command;
    }

    /** A new folder, of a name that is as long each time. */
    private static Path sources(String name) throws IOException {
        Path where = Files.createTempDirectory(folder, name);
        writeSources(where);
        return where;
    }
}
