// SPDX-License-Identifier: Apache-2.0

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.charset.StandardCharsets;
import java.security.ProtectionDomain;

/** A Java agent, for {@code -javaagent} or loaded into a running JVM, that changes a text in one class. */
public final class GreetingAgent implements ClassFileTransformer {
    private static final String FROM = "as it was compiled";

    private final String to;

    private GreetingAgent(String arguments) {
        this.to = arguments == null ? "as the agent wants" : arguments;
    }

    /**
     * Called by the JVM before main.
     *
     * @param arguments another text of the same length, or null
     * @param instrumentation of this JVM
     */
    public static void premain(String arguments, Instrumentation instrumentation) {
        instrumentation.addTransformer(new GreetingAgent(arguments));
    }

    /**
     * Called by the JVM when the agent is loaded later.
     *
     * @param arguments another text of the same length, or null
     * @param instrumentation of this JVM
     */
    public static void agentmain(String arguments, Instrumentation instrumentation) {
        premain(arguments, instrumentation);
    }

    @Override
    public byte[] transform(
            ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] classFile) {
        if (!"Greeting".equals(name)) {
            return null;
        }
        String text = new String(classFile, StandardCharsets.ISO_8859_1);
        return text.replace(FROM, to).getBytes(StandardCharsets.ISO_8859_1);
    }
}
