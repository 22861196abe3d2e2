// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The folder of a store: where it is, whether it is one, and whether what lies in it may be trusted and executed. */
final class StoreFolder {

    static final String VERSION = "1\n";

    /** What other parts of undump put beside the store's own folders. */
    private static final Set<String> NEIGHBOURS = Set.of("bin", "logs", "remote");

    private static final Set<String> NETWORK = Set.of(
            "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "lustre", "glusterfs", "afs", "fuse.sshfs",
            "fuse.glusterfs", "fuse.ceph", "gpfs", "beegfs");

    private StoreFolder() {}

    static Path byDefault(Map<String, String> environment) throws StoreException {
        String own = environment.getOrDefault("UNDUMP_CACHE_DIR", "");
        if (!own.isEmpty()) {
            return Path.of(own).toAbsolutePath();
        }
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        // The base directory specification has relative paths ignored.
        if (caches.startsWith("/")) {
            return Path.of(caches, "undump");
        }
        String home = environment.getOrDefault("HOME", "");
        if (!home.startsWith("/")) {
            throw new StoreException(
                    Path.of("."), "finding the cache: neither UNDUMP_CACHE_DIR, XDG_CACHE_HOME nor HOME names a folder; set one", null);
        }
        return Path.of(home, ".cache", "undump");
    }

    /** Makes a folder a store, or makes sure that it is one. */
    static void prepare(StorePaths paths, Disk disk) throws StoreException {
        Path root = paths.root();
        try {
            disk.makeFolder(root);
            checkOwner(root);
            Optional<byte[]> version = disk.read(paths.version());
            if (version.isEmpty()) {
                checkEmpty(paths, disk);
                writeVersion(paths, disk);
            } else if (!new String(version.get(), UTF_8).equals(VERSION)) {
                throw new StoreException(
                        root,
                        "opening the cache " + root + ": it is of version " + new String(version.get(), UTF_8).strip()
                                + ", this undump knows " + VERSION.strip()
                                + "; nothing was touched: use another folder (UNDUMP_CACHE_DIR) or the undump that made it",
                        null);
            }
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw StoreException.of("opening the cache", root, e);
        }
    }

    /** Tells whether other machines may execute files of this folder. */
    static boolean isOnNetwork(Path root) {
        try {
            return NETWORK.contains(Files.getFileStore(root).type());
        } catch (IOException e) {
            return true;
        }
    }

    private static void checkOwner(Path root) throws IOException {
        Object owner = Files.getAttribute(root, "unix:uid");
        Object ours = effectiveUser();
        if (!owner.equals(ours)) {
            throw new StoreException(
                    root,
                    "opening the cache " + root + ": it belongs to user " + owner + ", this is user " + ours
                            + ", and what lies in it is executed; set UNDUMP_CACHE_DIR to a folder of your own",
                    null);
        }
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(root);
        if (mode.contains(PosixFilePermission.GROUP_WRITE) || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new StoreException(
                    root,
                    "opening the cache " + root + ": others may write to it, and what lies in it is executed; run \"chmod go-w " + root
                            + "\" if you trust what is in it",
                    null);
        }
    }

    private static Object effectiveUser() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"), java.nio.charset.StandardCharsets.ISO_8859_1)) {
            if (line.startsWith("Uid:")) {
                return Integer.parseUnsignedInt(line.split("\\s+")[2]);
            }
        }
        throw new IOException("/proc/self/status does not name the user");
    }

    private static void checkEmpty(StorePaths paths, Disk disk) throws IOException {
        List<String> own = paths.folders().stream().map(folder -> folder.getFileName().toString()).toList();
        for (Path file : disk.list(paths.root())) {
            String name = file.getFileName().toString();
            if (!own.contains(name) && !NEIGHBOURS.contains(name) && !file.equals(paths.version())) {
                throw new StoreException(
                        paths.root(),
                        "opening the cache " + paths.root() + ": it is no cache of undump and holds other files, such as " + name
                                + "; set UNDUMP_CACHE_DIR to a new or empty folder",
                        null);
            }
        }
    }

    private static void writeVersion(StorePaths paths, Disk disk) throws IOException {
        Path part = paths.newPart("version");
        disk.write(part, VERSION.getBytes(UTF_8));
        try {
            disk.link(part, paths.version());
        } finally {
            disk.delete(part);
        }
    }
}
