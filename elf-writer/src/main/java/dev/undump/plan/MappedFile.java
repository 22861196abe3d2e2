// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;

/**
 * A file that the program shares with others by a mapping, {@code struct image_mapped_file}.
 *
 * @param path absolute
 * @param sizeBytes the file must have at least so many bytes at launch
 * @param inode the file must be this one
 * @param birthNs and must have been made at this time; 0: not known
 * @param openFlags O_RDONLY or O_RDWR
 * @param instead what is mapped when it is not there: {@code IMAGE_INSTEAD_*} or a descriptor that is put aside
 */
public record MappedFile(NativeText path, long sizeBytes, long inode, long birthNs, int openFlags, int instead) {}
