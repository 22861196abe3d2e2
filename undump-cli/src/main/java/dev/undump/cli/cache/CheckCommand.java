// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.VerifyReport;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.inspect.Sizes;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code undump cache verify}. */
@Command(
        name = "verify",
        header = "Reads all images and entries, and sets aside what is damaged.",
        description = "",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:all is well", "1:something was damaged, or failed; lines say what", "2:wrong usage"})
final class CheckCommand implements Callable<Integer> {

    @Mixin
    private CommandFace face;

    @Override
    public Integer call() throws IOException {
        VerifyReport report = KeptStore.open(face::warn).verify();
        report.problems().forEach(face::complain);
        face.say("verified " + Sizes.count(report.images(), "image") + " of " + Sizes.bytes(report.imageBytes()) + " and "
                + Sizes.count(report.entries(), "key"));
        return report.clean() ? ExitStatus.DONE : ExitStatus.FAILED;
    }
}
