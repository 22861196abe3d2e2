// SPDX-License-Identifier: Apache-2.0

import dev.undump.Options;
import dev.undump.Outcome;
import dev.undump.Session;
import dev.undump.Undump;
import dev.undump.UndumpException;

/** Three checkpoints by name, and back from the third to the second, and from there to the first. */
public final class JavaSessions {
    private static final StringBuilder MEMORY = new StringBuilder();

    public static void main(String[] arguments) throws Exception {
        for (String name : new String[] {"one", "two", "three"}) {
            MEMORY.append(name).append(' ');
            Options options = Options.defaults().withSession(name);
            if (Undump.checkpoint(options) == Outcome.LAUNCHED) {
                say("back in " + name + ": " + MEMORY.toString().trim());
                switch (name) {
                    case "two" -> Undump.rollback("one");
                    case "one" -> say("PASS");
                    default -> say("FAIL");
                }
                return;
            }
        }
        say("sessions " + Undump.sessions().stream().map(Session::name).toList());
        try {
            Undump.rollback("four");
        } catch (UndumpException e) {
            say("no four: " + (e.errno() == UndumpException.ENOENT));
        }
        Undump.removeSession("three");
        say("sessions " + Undump.sessions().stream().map(Session::name).toList());
        Undump.rollback("two");
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
