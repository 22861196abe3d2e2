// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

/** The version of undump that makes images. */
final class UndumpVersion {

    private UndumpVersion() {}

    static String text() {
        String version = UndumpVersion.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }
}
