// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.remote.RemoteFailure.Kind;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** Says in one line what went wrong with one request. */
final class Faults {

    private static final Pattern TAGS = Pattern.compile("<[^>]*>");
    private static final int ANSWER_CHARACTERS = 120;

    private final RemoteConfiguration configuration;
    private final Operation operation;
    private final String address;

    Faults(RemoteConfiguration configuration, Operation operation, URI address) {
        this.configuration = configuration;
        this.operation = operation;
        this.address = address.toString();
    }

    RemoteFailure failure(Kind kind, String problem, Throwable cause) {
        return operation.failure(kind, address, problem, cause);
    }

    RemoteFailure damaged(String problem) {
        return failure(Kind.DAMAGED, problem, null);
    }

    RemoteFailure local(String problem, Throwable cause) {
        return failure(Kind.LOCAL, problem, cause);
    }

    /** Of a status that is no success; {@code answer} is the beginning of the body. */
    RemoteFailure status(int status, String answer) {
        String said = "the server answered " + status + quoted(answer);
        return switch (status) {
            case 401 -> failure(Kind.UNAUTHORIZED, said + noCredentials("it wants credentials, and takes none like ours"), null);
            case 403 -> failure(Kind.UNAUTHORIZED, said + noCredentials("we may not do that there"), null);
            case 413 -> failure(
                    Kind.TOO_LARGE, said + ": the object is larger than it takes; nginx: client_max_body_size 0", null);
            case 405, 409, 501 -> failure(
                    Kind.REFUSED, said + ": it cannot store; nginx: dav_methods PUT, create_full_put_path on", null);
            case 429 -> failure(Kind.SERVER, said + ": too many requests", null);
            default -> failure(status >= 500 ? Kind.SERVER : Kind.REFUSED, said, null);
        };
    }

    private String noCredentials(String otherwise) {
        return configuration.credentials().header().isPresent() || configuration.tls().certificate().isPresent()
                ? ": " + otherwise + " (" + configuration.credentials() + ")"
                : ": it wants credentials, and none are set";
    }

    /** Of a connection that was not made or that broke, after {@code moved} bytes in both directions. */
    RemoteFailure network(Throwable fault, long moved) {
        boolean connecting = false;
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpConnectTimeoutException) {
                String limit = StallWatch.words(configuration.timeouts().connect());
                return failure(Kind.UNREACHABLE, "no connection within " + limit + " (connect-timeout)", fault);
            }
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return failure(Kind.UNREACHABLE, "there is no host of that name", fault);
            }
            if (cause instanceof SSLException ssl) {
                return failure(Kind.TLS, tls(ssl), fault);
            }
            connecting |= cause instanceof ConnectException;
        }
        return connecting
                ? failure(Kind.UNREACHABLE, "nothing listens there, or nothing leads there", fault)
                : failure(
                        Kind.UNREACHABLE, "the connection broke after " + moved + " bytes (" + words(fault) + ")", fault);
    }

    private String tls(SSLException fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage());
            if (cause instanceof CertificateExpiredException) {
                return "its certificate has expired (" + text + ")";
            }
            if (cause instanceof CertificateNotYetValidException) {
                return "its certificate is not valid yet (" + text + "); is this machine's clock right?";
            }
            if (text.startsWith("No name matching") || text.startsWith("No subject alternative")) {
                return "its certificate is not for this host (" + text + ")";
            }
            if (text.contains("unable to find valid certification path")
                    || text.contains("does not chain with any of the trust anchors")
                    || text.contains("signature check failed")) {
                return "its certificate is signed by nobody that is trusted; name the authority's certificate with"
                        + " UNDUMP_REMOTE_CA";
            }
            if (text.contains("nrecognized SSL message")) {
                return "it does not speak TLS; is it http?";
            }
            if (text.contains("bad_certificate") || text.contains("certificate_required") || text.contains("unknown_ca")) {
                return "it does not accept our certificate, or wants one (" + text + ")";
            }
        }
        return "TLS: " + words(fault);
    }

    /** A short form of what a server wrote, safe to print; empty when it wrote nothing. */
    private static String quoted(String answer) {
        String text = TAGS.matcher(answer).replaceAll(" ").replaceAll("[^\\x20-\\x7e]+", " ").replaceAll(" +", " ").strip();
        if (text.isEmpty()) {
            return "";
        }
        return " (\"" + (text.length() > ANSWER_CHARACTERS ? text.substring(0, ANSWER_CHARACTERS) + "..." : text) + "\")";
    }

    /** The JDK's message, or the words that it lacks. */
    static String words(Throwable fault) {
        if (fault instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (fault instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (fault instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        String text = fault.getMessage();
        return text == null || text.isBlank() ? fault.getClass().getSimpleName() : text;
    }
}
