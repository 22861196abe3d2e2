// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Debian's nginx with the configuration of docs/cache-remote.md. */
final class Nginx implements AutoCloseable {

    private static final String NGINX = "/usr/sbin/nginx";
    private static final Pattern BLOCK = Pattern.compile("```nginx\\n(.*?)```", Pattern.DOTALL);

    private final Path folder;
    private final boolean encrypted;
    private final LoopbackServer server;

    private Nginx(Path folder, boolean encrypted, LoopbackServer server) {
        this.folder = folder;
        this.encrypted = encrypted;
        this.server = server;
    }

    /** As documented, without TLS. */
    static Nginx start(Path folder) throws IOException {
        return start(folder, "", "");
    }

    /**
     * Starts one.
     *
     * @param serverLines added to the server
     * @param locationLines added to its location
     */
    static Nginx start(Path folder, String serverLines, String locationLines) throws IOException {
        return start(folder, documented(0), serverLines, locationLines);
    }

    /** As documented with TLS and, where there are users, basic authentication. */
    static Nginx startEncrypted(Path folder, Path certificate, Path key, Optional<Path> users, String serverLines)
            throws IOException {
        String text = documented(1)
                .replace("/etc/ssl/cache.pem", certificate.toString())
                .replace("/etc/ssl/cache.key", key.toString())
                .replaceFirst("listen [^;]*443 ssl;", "listen 8080 ssl;");
        text = users.isPresent()
                ? text.replace("/etc/nginx/cache.users", users.get().toString())
                : text.replaceAll("auth_basic[^;]*;", "");
        return start(folder, text, serverLines, "");
    }

    private static Nginx start(Path folder, String documented, String serverLines, String locationLines) throws IOException {
        int port = LoopbackServer.freePort();
        for (String name : new String[] {"files", "other"}) {
            Files.createDirectories(folder.resolve(name));
        }
        String server = documented
                .replaceFirst("listen [^;]*?8080", "listen 127.0.0.1:" + port)
                .replace("/var/lib/undump-cache", folder.toString())
                .replaceFirst("location / \\{", Matcher.quoteReplacement(serverLines + "\nlocation / {\n" + locationLines));
        String other = folder.resolve("other").toString();
        Files.writeString(
                folder.resolve("nginx.conf"),
                """
                daemon off;
                master_process off;
                pid "%1$s/pid";
                error_log "%1$s/error.log";
                events {}
                http {
                    access_log "%1$s/access.log";
                    proxy_temp_path "%1$s"; fastcgi_temp_path "%1$s"; uwsgi_temp_path "%1$s"; scgi_temp_path "%1$s";
                    %2$s
                }
                """
                        .formatted(other, quoted(server)));
        return new Nginx(
                folder,
                server.contains(" ssl;"),
                LoopbackServer.start(
                        folder, port, NGINX, "-p", other, "-e", other + "/start.log", "-c", folder + "/nginx.conf"));
    }

    /** Paths of the tests hold blanks. */
    private static String quoted(String server) {
        return server.replaceAll("(?m)^(\\s*[a-z_]+\\s+)(/[^;{\\n]*);", "$1\"$2\";");
    }

    private static String documented(int number) throws IOException {
        Matcher matcher = BLOCK.matcher(Files.readString(Path.of("../docs/cache-remote.md")));
        for (int skipped = 0; skipped <= number; skipped++) {
            if (!matcher.find()) {
                throw new IOException("docs/cache-remote.md has no configuration of nginx number " + number);
            }
        }
        return matcher.group(1);
    }

    URI address() {
        return URI.create((encrypted ? "https" : "http") + "://127.0.0.1:" + server.port() + "/undump");
    }

    int port() {
        return server.port();
    }

    /** The folder that holds ac and cas. */
    Path stored() {
        return folder.resolve("files/undump");
    }

    /** As a machine that loses its power. */
    void kill() {
        server.close();
    }

    @Override
    public void close() {
        server.close();
    }
}
