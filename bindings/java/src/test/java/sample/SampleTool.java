// SPDX-License-Identifier: Apache-2.0
package sample;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Date;
import java.util.Locale;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A tool that shows all that it can see of its launch, and ends in all ways in which a Java program can end. The tests run it by
 * {@code java} and as a command image, and compare.
 */
final class SampleTool {

    private static final BufferedReader INPUT = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
    private static final PrintStream OUTPUT = System.out;
    /** Registered by the first use of the class only, as many tools do it. */
    private static final Runnable ONCE = () -> System.out.println("main ends");
    private static int runs;

    static {
        if (Boolean.getBoolean("sample.hook")) {
            Runtime.getRuntime().addShutdownHook(new Thread(new StaticHook()));
        }
    }

    private static final class StaticHook implements Runnable {
        @Override
        public void run() {
            System.out.println("hook of the class");
        }
    }

    private SampleTool() {}

    /** The public main of a class that is not public, which the launcher of java accepts. */
    public static void main(String[] args) throws Exception {
        runs++;
        switch (args.length == 0 ? "nothing" : args[0]) {
            case "warm" -> warm();
            case "nothing" -> System.out.println("no arguments");
            case "arguments" -> arguments(args);
            case "environment" -> System.out.println(new TreeMap<>(System.getenv()));
            case "variable" -> System.out.println(System.getenv(args[1]));
            case "child" -> child(args);
            case "directory" -> directory();
            case "properties" -> properties();
            case "write" -> write(args[1]);
            case "copy" -> System.in.transferTo(System.out);
            case "lines" -> INPUT.lines().forEach(line -> OUTPUT.println(line.length() + " " + line));
            case "exit" -> System.exit(Integer.parseInt(args[1]));
            case "halt" -> halt(Integer.parseInt(args[1]));
            case "exit-in-thread" -> exitInThread(Integer.parseInt(args[1]));
            case "exit-in-hook" -> exitInHook();
            case "throw" -> throw new IllegalStateException("thrown by main", new IOException("its cause"));
            case "throw-in-thread" -> throwInThread();
            case "throw-and-work" -> throwAndWork();
            case "stack" -> new Throwable("here").printStackTrace();
            case "hooks" -> hooks();
            case "delete" -> delete(args[1]);
            case "thread" -> nonDaemon();
            case "daemon" -> daemon();
            case "unflushed" -> unflushed();
            case "close-output" -> closeOutput();
            case "print" -> System.out.println(String.join(" ", Arrays.asList(args).subList(1, args.length)));
            case "much" -> much(Integer.parseInt(args[1]));
            case "names" -> names();
            case "time" -> System.out.printf(Locale.ROOT, "%tZ %s%n", new Date(0), Locale.getDefault());
            case "self" -> self();
            case "random" -> random();
            case "console" -> System.out.println(System.console() == null ? "no console" : "console");
            case "runs" -> System.out.println(runs);
            case "wait" -> await();
            case "loader" -> loader();
            case "leave-thread" -> leaveThread();
            case "once" -> ONCE.run();
            case "memory" -> System.out.println(Runtime.getRuntime().maxMemory() + " " + Runtime.getRuntime().availableProcessors());
            default -> {
                System.err.println("what is " + args[0] + "?");
                System.exit(2);
            }
        }
    }

    /** Does much of what later launches do, so that they find whatever it leaves behind. */
    private static void warm() throws Exception {
        INPUT.lines().forEach(line -> OUTPUT.println(line.length() + " " + line));
        System.setProperty("left", "behind");
        System.setProperty("user.language", "xx");
        Locale.setDefault(Locale.JAPAN);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook of a warm-up run")));
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> System.out.println("handled " + failure));
        File.createTempFile("sample", "tool").deleteOnExit();
        random();
        names();
        self();
        directory();
        child(new String[] {"child", "echo", "hello"});
        ProcessHandle.current().info();
        System.setOut(new PrintStream(new java.io.ByteArrayOutputStream()));
        System.err.println("standard error of a warm-up run");
        System.exit(0);
    }

    private static void arguments(String[] args) {
        for (String argument : args) {
            System.out.println(argument.codePoints().mapToObj(Integer::toHexString).collect(Collectors.joining(" ")));
        }
    }

    private static void child(String[] args) throws Exception {
        Process child = new ProcessBuilder(Arrays.asList(args).subList(1, args.length)).redirectErrorStream(true).start();
        child.getOutputStream().close();
        System.out.print(new String(child.getInputStream().readAllBytes(), Charset.defaultCharset()));
        System.out.println("status " + child.waitFor());
    }

    private static void directory() throws IOException {
        System.out.println(System.getProperty("user.dir"));
        System.out.println(new File("x").getAbsolutePath());
        System.out.println(new File("x/..").getCanonicalPath());
        System.out.println(Path.of("x").toAbsolutePath());
        System.out.println(Path.of("").toRealPath());
        try (var entries = Files.list(Path.of(""))) {
            System.out.println(entries.map(Path::toString).sorted().toList());
        }
        System.out.println(Arrays.stream(new File(".").list()).sorted().toList());
    }

    private static void properties() {
        TreeMap<Object, Object> sorted = new TreeMap<>(System.getProperties());
        // Those of the JVM's own options: how much of it is compiled, and whether it shares classes.
        sorted.keySet().removeAll(java.util.Set.of("java.vm.info", "sun.management.compiler", "java.vm.compressedOopsMode"));
        sorted.forEach((name, value) -> System.out.println(name + "=" + value));
    }

    private static void write(String name) throws IOException {
        Files.writeString(Path.of(name), "by nio");
        Files.writeString(new File(name + ".io").toPath(), "by io");
        System.out.println(new File(name).length() + " " + Files.size(Path.of(name + ".io")));
    }

    private static void halt(int status) {
        System.out.println("halts");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("no hook")));
        Runtime.getRuntime().halt(status);
    }

    private static void exitInThread(int status) throws InterruptedException {
        new Thread(() -> System.exit(status)).start();
        new CountDownLatch(1).await();
    }

    private static void exitInHook() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            System.out.println("hook");
            Runtime.getRuntime().halt(9);
        }));
        System.exit(3);
    }

    private static void throwInThread() throws InterruptedException {
        Thread thread = new Thread(() -> {
            throw new IllegalArgumentException("thrown by a thread");
        });
        thread.start();
        thread.join();
        System.out.println("main goes on");
    }

    private static void throwAndWork() {
        new Thread(() -> {
            sleep();
            System.out.println("works after main has failed");
        }).start();
        throw new IllegalStateException("main fails");
    }

    private static void hooks() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook runs")));
        System.out.println("main ends");
    }

    private static void delete(String name) throws IOException {
        File file = new File(name);
        Files.writeString(file.toPath(), "x");
        file.deleteOnExit();
    }

    private static void nonDaemon() {
        Thread thread = new Thread(() -> {
            sleep();
            System.out.println("the thread ends, " + Thread.currentThread().getName());
        });
        thread.start();
        System.out.println("main ends");
    }

    private static void daemon() throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        Thread thread = new Thread(() -> {
            started.countDown();
            while (true) {
                sleep();
            }
        });
        thread.setDaemon(true);
        thread.start();
        started.await();
        System.out.println("main ends");
    }

    private static void unflushed() {
        System.out.print("no line end, ");
        System.err.print("nor here");
        System.out.append("but all");
    }

    private static void closeOutput() {
        System.out.println("before");
        System.out.close();
        System.out.println("after");
        System.err.println(System.out.checkError());
    }

    private static void much(int lines) {
        for (int i = 0; i < lines && !System.out.checkError(); i++) {
            System.out.println("line " + i + " of many");
        }
        System.err.println("error " + System.out.checkError());
    }

    private static void names() throws Exception {
        System.out.println(Thread.currentThread() + " " + Thread.currentThread().getId());
        System.out.println(new Thread(() -> {}).getName());
        var pool = Executors.newSingleThreadExecutor();
        System.out.println(pool.submit(() -> Thread.currentThread().getName()).get());
        pool.shutdown();
        pool.awaitTermination(1, TimeUnit.MINUTES);
    }

    /** Neither an exit nor an interruption ends it. */
    private static void leaveThread() {
        new Thread(() -> {
            while (true) {
                try {
                    Thread.sleep(1000);
                } catch (InterruptedException e) {
                    continue;
                }
            }
        }, "stubborn").start();
        System.exit(0);
    }

    private static void self() throws IOException {
        String id = Path.of("/proc/self").toRealPath().getFileName().toString();
        System.out.println(id.equals(Long.toString(ProcessHandle.current().pid())));
        System.out.println(ProcessHandle.current().isAlive() + " " + ProcessHandle.of(Long.parseLong(id)).isPresent());
    }

    private static void random() {
        System.out.println(new Random().nextLong() + " " + Math.random());
        System.out.println(UUID.randomUUID() + " " + new SecureRandom().nextLong());
    }

    private static void await() throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        System.out.println("READY");
        new CountDownLatch(1).await();
    }

    private static void loader() throws Exception {
        System.out.println(SampleTool.class.getClassLoader() == ClassLoader.getSystemClassLoader());
        System.out.println(Thread.currentThread().getContextClassLoader() == ClassLoader.getSystemClassLoader());
        System.out.println(ClassLoader.getSystemClassLoader().getResources("META-INF/MANIFEST.MF").hasMoreElements());
        try {
            var field = String.class.getDeclaredField("hash");
            field.setAccessible(true);
            System.out.println("java.base is open");
        } catch (RuntimeException e) {
            System.out.println(e.getClass());
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
