// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.nativestub.CheckpointLayout;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        String version = Main.class.getPackage().getImplementationVersion();
        return new String[] {
            "undump " + (version == null ? "(unpackaged build)" : version) + ", checkpoint format " + CheckpointLayout.VERSION
        };
    }
}
