// SPDX-License-Identifier: Apache-2.0
/** {@code -javaagent:undump-java.jar}: the library in a program that knows nothing of it. */
package dev.undump.agent;
