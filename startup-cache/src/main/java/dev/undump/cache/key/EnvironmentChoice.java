// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which environment variables a key has. A program that resumes keeps the environment of the capture, so all count but those that name a
 * session or describe undump; one that starts anew at each launch is given the launch's, so only those count that programs act upon
 * before they are warm. Names may end with {@code *}.
 */
final class EnvironmentChoice {

    /** Differ from shell to shell or container to container, and no program does anything else because of them. */
    private static final List<String> SESSION = List.of(
            "_", "SHLVL", "OLDPWD", "HOSTNAME", "UNDUMP_*", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "WINDOWID", "XDG_SESSION_ID",
            "XDG_VTNR", "XDG_SEAT", "TERM_SESSION_ID", "SHELL_SESSION_ID", "INVOCATION_ID", "JOURNAL_STREAM");

    /** Read by libraries, interpreters and virtual machines when they start. */
    private static final List<String> AT_START = List.of(
            // Where programs, libraries and settings are found.
            "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TMP", "TEMP", "XDG_CONFIG_*", "XDG_DATA_*", "XDG_CACHE_HOME",
            "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
            // Language, characters, time.
            "LANG", "LANGUAGE", "LC_*", "LOCPATH", "NLSPATH", "TZ", "TZDIR",
            // Dynamic loader and C library.
            "LD_*", "GLIBC_TUNABLES", "GCONV_PATH", "MALLOC_*", "RES_OPTIONS", "LOCALDOMAIN", "HOSTALIASES",
            // Interpreters and virtual machines.
            "PYTHON*", "VIRTUAL_ENV", "CONDA_*", "JAVA*", "JDK_*", "_JAVA_OPTIONS", "CLASSPATH", "GROOVY_*", "KOTLIN_*", "SCALA_*",
            "MAVEN_*", "GRADLE_*", "NODE_*", "NPM_CONFIG_*", "npm_config_*", "PERL*", "RUBY*", "GEM_*", "BUNDLE_*", "PHP*", "LUA_*",
            "GO*", "ERL_*", "ELIXIR_*", "R_*", "JULIA_*", "DOTNET_*", "MONO_*", "GHC*", "OCAML*", "TCL*", "GUILE_*", "EMACS*",
            // Libraries that count processors and choose code at start.
            "OMP_*", "GOMP_*", "KMP_*", "OPENBLAS_*", "MKL_*", "BLIS_*", "NPY_*", "CUDA_*", "OPENSSL_*", "SSL_CERT_*",
            // Terminals and colours.
            "TERM", "TERMINFO", "TERMINFO_DIRS", "COLORTERM", "NO_COLOR", "CLICOLOR*", "FORCE_COLOR",
            // Proxies, in both spellings.
            "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy");

    private static final Pattern SECRET =
            Pattern.compile(".*(secret|token|passw|passphrase|credential|api_?key|private_?key|access_?key|auth).*");

    private final boolean resumes;
    private final Set<String> chosen;
    private final Set<String> ignored;

    EnvironmentChoice(boolean resumes, Set<String> chosen, Set<String> ignored) {
        this.resumes = resumes;
        this.chosen = Set.copyOf(chosen);
        this.ignored = Set.copyOf(ignored);
    }

    /** What the user ignores is out, then what the user chose is in, then the lists decide. */
    boolean counts(String name) {
        if (matches(ignored, name)) {
            return false;
        }
        return matches(chosen, name) || (resumes ? !matches(SESSION, name) : matches(AT_START, name));
    }

    /** Tells whether a value stands in a key by its digest only, for keys are kept on the disk and printed. */
    static boolean isSecret(String name) {
        return SECRET.matcher(name.toLowerCase(Locale.ROOT)).matches();
    }

    private static boolean matches(Iterable<String> patterns, String name) {
        for (String pattern : patterns) {
            boolean prefix = pattern.endsWith("*");
            if (prefix ? name.startsWith(pattern.substring(0, pattern.length() - 1)) : name.equals(pattern)) {
                return true;
            }
        }
        return false;
    }
}
