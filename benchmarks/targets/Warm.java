// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A JVM with warm code: prints READY, then waits until it runs in another process, and says so at once.
 *  With a shared library as argument it loads that instead, which waits and says so in its place. */
public final class Warm {

    private Warm() {
    }

    public static void main(String[] arguments) throws IOException {
        Map<Integer, String> table = new HashMap<>();
        Pattern digits = Pattern.compile("(\\d)(\\d*)");
        for (int round = 0; round < 20; round++) {
            table.putAll(IntStream.range(0, 20_000).boxed()
                    .collect(Collectors.toMap(n -> n, n -> digits.matcher(String.valueOf(n)).replaceAll("$2$1"))));
        }
        if (arguments.length > 0) {
            System.load(arguments[0]);
        }
        // ProcessHandle keeps the id that it read at start; the link is read by the kernel each time.
        Path self = Path.of("/proc/self");
        String pid = Files.readSymbolicLink(self).toString();
        System.out.println("READY");
        System.out.flush();
        while (Files.readSymbolicLink(self).toString().equals(pid)) {
            Thread.onSpinWait();
        }
        System.out.write('o');
        System.out.flush();
        Runtime.getRuntime().halt(table.size() == 20_000 ? 0 : 1);
    }
}
