// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.signature.SigningKey;
import dev.undump.cache.signature.TrustKeys;
import java.io.IOException;
import java.io.Reader;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;

/** Makes a configuration of settings from the command line, the environment and a file of properties. */
final class ConfigurationReader {

    private static final String VARIABLE = "UNDUMP_REMOTE";
    private static final List<String> NAMES = List.of(
            "url",
            "user",
            "password",
            "password-file",
            "token",
            "token-file",
            "ca",
            "certificate",
            "certificate-key",
            "certificate-password",
            "certificate-password-file",
            "connect-timeout",
            "idle-timeout",
            "total-timeout",
            "trust",
            "sign");
    private static final long SECRET_LIMIT_BYTES = 64 << 10;

    private final Map<String, String> given;
    private final Map<String, String> environment;
    private final Optional<Path> file;
    private final Properties properties = new Properties();

    ConfigurationReader(Map<String, String> given, Map<String, String> environment, Optional<Path> file) {
        this.given = given;
        this.environment = environment;
        this.file = file;
    }

    Optional<RemoteConfiguration> read() throws RemoteFailure {
        if (file.isPresent()) {
            load(file.get());
        }
        Optional<String> url = setting("url");
        if (url.isEmpty()) {
            return Optional.empty();
        }
        URI address = address(url.get());
        RemoteConfiguration configuration;
        try {
            configuration = new RemoteConfiguration(
                    address, credentials(), tls(), timeouts(), TrustKeys.read(trust()), signing());
        } catch (RemoteFailure e) {
            throw e;
        } catch (IOException e) {
            throw failure(e.getMessage(), e);
        }
        check(configuration);
        return Optional.of(configuration);
    }

    private void load(Path path) throws RemoteFailure {
        try (Reader reader = Files.newBufferedReader(path)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw failure("reading " + path + ": " + Faults.words(e), e);
        }
        for (String name : new TreeSet<>(properties.stringPropertyNames())) {
            if (!NAMES.contains(name)) {
                throw failure(
                        "reading " + path + ": there is no setting \"" + name + "\"; there are " + String.join(", ", NAMES),
                        null);
            }
        }
    }

    private Optional<String> setting(String name) {
        String value = given.get(name);
        if (value == null) {
            value = environment.get(variable(name));
        }
        if (value == null) {
            value = properties.getProperty(name);
        }
        return Optional.ofNullable(value).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static String variable(String name) {
        return name.equals("url") ? VARIABLE : VARIABLE + '_' + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    private Optional<Path> path(String name) {
        return setting(name).map(text -> resolve(name, text));
    }

    private Path resolve(String name, String text) {
        boolean fromFile = !given.containsKey(name) && !environment.containsKey(variable(name));
        return fromFile && file.isPresent() ? file.get().toAbsolutePath().resolveSibling(text) : Path.of(text);
    }

    /** A secret stands in the setting itself or in the file that NAME-file names, which wins. */
    private Optional<String> secret(String name) throws RemoteFailure {
        Optional<Path> secretFile = path(name + "-file");
        if (secretFile.isEmpty()) {
            return setting(name);
        }
        Path path = secretFile.get();
        try {
            if (Files.size(path) > SECRET_LIMIT_BYTES) {
                throw failure("reading the " + name + " from " + path + ": it is longer than 64 KiB", null);
            }
            return Optional.of(Files.readString(path).strip());
        } catch (RemoteFailure e) {
            throw e;
        } catch (IOException e) {
            throw failure("reading the " + name + " from " + path + ": " + Faults.words(e), e);
        }
    }

    private URI address(String text) throws RemoteFailure {
        URI address;
        try {
            address = new URI(text);
        } catch (URISyntaxException e) {
            throw failure("\"" + text + "\" is no address: " + e.getReason(), e);
        }
        String scheme = address.getScheme() == null ? "" : address.getScheme().toLowerCase(Locale.ROOT);
        if (!List.of("http", "https", "oci", "oci+http").contains(scheme) || address.getHost() == null) {
            throw failure("\"" + text + "\" is no address of a remote cache: it begins with http://HOST, https://HOST,"
                    + " oci://HOST/REPOSITORY or oci+http://HOST/REPOSITORY", null);
        }
        if (address.getRawUserInfo() != null) {
            throw failure("the address of " + address.getHost() + " holds credentials, which everybody sees in the list of"
                    + " processes: use " + VARIABLE + "_USER with " + VARIABLE + "_PASSWORD or " + VARIABLE
                    + "_PASSWORD_FILE", null);
        }
        if (address.getRawQuery() != null || address.getRawFragment() != null) {
            throw failure("\"" + text + "\" is no address of a remote cache: nothing may follow the path", null);
        }
        String path = address.getPath().replaceAll("/+$", "");
        if (scheme.startsWith("oci") && path.isEmpty()) {
            throw failure("\"" + text + "\" names no repository: it is " + scheme + "://HOST/REPOSITORY", null);
        }
        return URI.create(scheme + "://" + address.getRawAuthority() + address.getRawPath().replaceAll("/+$", ""));
    }

    private Credentials credentials() throws RemoteFailure {
        Optional<String> token = secret("token");
        Optional<String> user = setting("user");
        if (token.isPresent() && user.isPresent()) {
            throw failure("both a user and a token are set: the server is told one of them", null);
        }
        if (token.isPresent()) {
            return new Credentials.Bearer(headerText("token", token.get()));
        }
        if (user.isEmpty()) {
            return new Credentials.None();
        }
        String password = secret("password")
                .orElseThrow(() -> failure("there is no password for user " + user.get() + ": set " + VARIABLE
                        + "_PASSWORD or " + VARIABLE + "_PASSWORD_FILE", null));
        return new Credentials.Basic(user.get(), password);
    }

    private static String headerText(String name, String value) throws RemoteFailure {
        if (!value.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw failure("the " + name + " holds characters that none may hold, such as a blank or a line's end", null);
        }
        return value;
    }

    private TlsFiles tls() throws RemoteFailure {
        return new TlsFiles(path("ca"), path("certificate"), path("certificate-key"), secret("certificate-password"));
    }

    private Timeouts timeouts() throws RemoteFailure {
        return new Timeouts(
                seconds("connect-timeout", Timeouts.DEFAULT.connect()),
                seconds("idle-timeout", Timeouts.DEFAULT.idle()),
                seconds("total-timeout", Timeouts.DEFAULT.total()));
    }

    private Duration seconds(String name, Duration otherwise) throws RemoteFailure {
        Optional<String> text = setting(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long milliseconds = new BigDecimal(text.get()).movePointRight(3).longValue();
            if (milliseconds > 0 && milliseconds <= Duration.ofDays(1).toMillis()) {
                return Duration.ofMillis(milliseconds);
            }
        } catch (NumberFormatException e) {
            // The same answer as to a number that is out of range.
        }
        throw failure(name + " is \"" + text.get() + "\", expected seconds, such as 2.5", null);
    }

    private List<Path> trust() {
        List<Path> files = new ArrayList<>();
        for (String part : setting("trust").orElse("").split(":")) {
            if (!part.isBlank()) {
                files.add(resolve("trust", part.strip()));
            }
        }
        return files;
    }

    private Optional<SigningKey> signing() throws IOException {
        Optional<Path> path = path("sign");
        return path.isEmpty() ? Optional.empty() : Optional.of(SigningKey.read(path.get()));
    }

    private static void check(RemoteConfiguration configuration) throws RemoteFailure {
        boolean secret = configuration.credentials().header().isPresent();
        String host = configuration.address().getHost();
        if (secret && !configuration.isEncrypted() && !isThisMachine(host)) {
            throw failure(
                    "credentials for " + host + " would cross the network for everybody to read: use https", null);
        }
        TlsFiles tls = configuration.tls();
        if (configuration.isRegistry() && tls.certificate().isPresent()) {
            throw failure("registries are not shown certificates: use a user or a token", null);
        }
        if (!configuration.isEncrypted() && (tls.certificate().isPresent() || tls.authorities().isPresent())) {
            throw failure("certificates are set, and " + configuration.address() + " has no TLS: use https", null);
        }
    }

    private static boolean isThisMachine(String host) {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
    }

    static RemoteFailure failure(String problem, Throwable cause) {
        return new RemoteFailure(
                RemoteFailure.Kind.CONFIGURATION, "remote cache: " + problem, "the remote cache is not used", cause);
    }
}
