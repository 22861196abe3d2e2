// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the user has decided about an image's launches, where a program meets the world around it.
 *
 * @param reopenStandardFiles true: regular files at 0, 1 and 2 are the program's own even where they may have been inherited
 * @param ports which port a socket gets instead of its own, 0 for any that is free
 * @param descriptors by number, in order
 * @param environment each name once
 * @param directory empty: as the kind of capture says
 * @param launchRights true: capabilities and groups are the launch's, also those that the program had given up
 * @param weaker what need not come back although it could
 * @param inputs about files that the program has seen
 */
public record LaunchPolicies(
        boolean reopenStandardFiles,
        Map<Integer, Integer> ports,
        Map<Integer, DescriptorPolicy> descriptors,
        List<EnvironmentChange> environment,
        Optional<Directory> directory,
        boolean launchRights,
        Set<Weaker> weaker,
        InputPolicy inputs) {

    /** Nothing decided. */
    public static final LaunchPolicies NONE =
            new LaunchPolicies(false, Map.of(), Map.of(), List.of(), Optional.empty(), false, Set.of(), InputPolicy.DEFAULT);

    /** Which working directory the program goes on in. */
    public enum Directory {
        /** That of the capture. */
        RESTORE,
        /** That of the launch. */
        LAUNCH
    }

    /** What a launch leaves out, or does less well. */
    public enum Weaker {
        /** Files are not locked again. */
        FILE_LOCK,
        /** Where a mapped file or a segment is gone, the program has a copy. */
        MAPPED_COPY
    }

    public LaunchPolicies {
        ports = Map.copyOf(ports);
        descriptors = Map.copyOf(descriptors);
        environment = List.copyOf(environment);
        weaker = Set.copyOf(weaker);
        if (environment.stream().map(EnvironmentChange::name).distinct().count() != environment.size()) {
            throw new IllegalArgumentException("a variable is changed twice");
        }
    }

    public LaunchPolicies withReopenedStandardFiles() {
        return new LaunchPolicies(true, ports, descriptors, environment, directory, launchRights, weaker, inputs);
    }

    /** Gives sockets other ports. */
    public LaunchPolicies withPorts(Map<Integer, Integer> newPorts) {
        return new LaunchPolicies(reopenStandardFiles, newPorts, descriptors, environment, directory, launchRights, weaker, inputs);
    }

    /** Decides about one more descriptor. */
    public LaunchPolicies withDescriptor(int fd, DescriptorPolicy policy) {
        Map<Integer, DescriptorPolicy> all = new TreeMap<>(descriptors);
        all.put(fd, policy);
        return new LaunchPolicies(reopenStandardFiles, ports, all, environment, directory, launchRights, weaker, inputs);
    }

    /** Changes one more variable. */
    public LaunchPolicies withVariable(EnvironmentChange change) {
        List<EnvironmentChange> all = new ArrayList<>(environment);
        all.add(change);
        return new LaunchPolicies(reopenStandardFiles, ports, descriptors, all, directory, launchRights, weaker, inputs);
    }

    /** Decides about the working directory. */
    public LaunchPolicies withDirectory(Directory newDirectory) {
        return new LaunchPolicies(reopenStandardFiles, ports, descriptors, environment, Optional.of(newDirectory), launchRights, weaker, inputs);
    }

    /** Leaves something out. */
    public LaunchPolicies without(Weaker what) {
        return new LaunchPolicies(reopenStandardFiles, ports, descriptors, environment, directory, launchRights, Set.of(what), inputs);
    }

    /** Decides about inputs. */
    public LaunchPolicies withInputs(InputPolicy policy) {
        return new LaunchPolicies(
                reopenStandardFiles, ports, descriptors, environment, directory, launchRights, weaker, policy);
    }
}
