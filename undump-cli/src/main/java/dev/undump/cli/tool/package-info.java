// SPDX-License-Identifier: Apache-2.0
/** Command images of Java tools: the command line of java, and the JVM that prepares the tool for its checkpoint. */
package dev.undump.cli.tool;
