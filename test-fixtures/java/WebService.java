// SPDX-License-Identifier: Apache-2.0

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.jar.JarFile;

/**
 * An HTTP server that keeps state, reads from a jar that it has open, loads classes, makes garbage and waits. Its requests run in
 * virtual threads where the JVM has them. Every answer but the first line of {@code /count} can be checked by who asks.
 */
public final class WebService {
    private static final int ENTRIES = 20_000;

    private final Map<Integer, String> table = new HashMap<>();
    private final AtomicLong count = new AtomicLong();
    private final File jarFile;
    private final JarFile jar;

    private WebService(File jarFile) throws IOException {
        this.jarFile = jarFile;
        this.jar = new JarFile(jarFile);
        for (int i = 0; i < ENTRIES; i++) {
            table.put(i, "value " + i);
        }
    }

    private interface Answer {
        String of(String query) throws Exception;
    }

    private static void serve(HttpServer server, String path, Answer answer) {
        server.createContext(path, exchange -> {
            int status = 200;
            String text;
            try {
                text = answer.of(exchange.getRequestURI().getQuery());
            } catch (Exception | LinkageError e) {
                status = 500;
                text = e.toString();
            }
            reply(exchange, status, text);
        });
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    /** An entry of the jar that has been open since the start. */
    private String fromJar(String name) throws IOException {
        synchronized (jar) {
            try (var stream = jar.getInputStream(jar.getJarEntry(name))) {
                return Integer.toString(stream.readAllBytes().length);
            }
        }
    }

    /** A class that is loaded now, and that an agent may change. */
    private String freshClass() throws Exception {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jarFile.toURI().toURL()}, null)) {
            return (String) loader.loadClass("Greeting").getMethod("text").invoke(null);
        }
    }

    private static String garbage(int blocks) {
        byte[][] all = new byte[blocks][];
        for (int i = 0; i < blocks; i++) {
            all[i] = new byte[2000 + i];
            all[i][i] = (byte) i;
        }
        for (int i = 0; i < blocks; i++) {
            if (all[i].length != 2000 + i || all[i][i] != (byte) i) {
                throw new IllegalStateException("block " + i + " changed");
            }
        }
        return "clean";
    }

    private static ExecutorService executor() {
        try {
            return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (ReflectiveOperationException e) {
            return Executors.newFixedThreadPool(8); // a JVM without virtual threads
        }
    }

    private static String kindOfThread() throws ReflectiveOperationException {
        try {
            return "virtual " + Thread.class.getMethod("isVirtual").invoke(Thread.currentThread());
        } catch (NoSuchMethodException e) {
            return "virtual false";
        }
    }

    /**
     * Serves at a port of the loopback's that the kernel chooses, and prints it with the process id; ends at a line of its input.
     *
     * @param arguments the jar
     * @throws Exception when something fails that must not
     */
    public static void main(String[] arguments) throws Exception {
        WebService service = new WebService(new File(arguments[0]));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 128);
        ExecutorService executor = executor();
        server.setExecutor(executor);
        serve(server, "/count", query -> Long.toString(service.count.incrementAndGet()));
        serve(server, "/table", query -> service.table.get(Integer.parseInt(query)));
        serve(server, "/jar", service::fromJar);
        serve(server, "/class", query -> service.freshClass());
        serve(server, "/garbage", query -> garbage(Integer.parseInt(query)));
        serve(server, "/thread", query -> kindOfThread());
        serve(server, "/wait", query -> {
            Thread.sleep(Long.parseLong(query));
            return "waited";
        });
        serve(server, "/collect", query -> {
            System.gc();
            return "collected";
        });
        server.start();
        System.out.println("pid " + ProcessHandle.current().pid());
        System.out.println("port " + server.getAddress().getPort());
        System.out.println("READY");
        System.out.flush();
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        server.stop(0);
        executor.shutdownNow();
        System.out.println("PASS");
        System.out.flush();
        System.exit(0);
    }
}
