// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.checkpoint.RightsSamples;
import dev.undump.checkpoint.ThreadRights;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RightsPlannerTest {

    private static final int RT_SIGRETURN = 15;
    private static final int PRCTL = 157;
    private static final int SECCOMP = 317;
    private static final long SYS_ADMIN = 1L << 21;

    @TempDir
    private Path folder;

    @Test
    void plan_checkpointWithoutRights_leavesThoseOfTheLaunch() throws Exception {
        assertThat(new RightsPlanner(checkpoint(new CheckpointBuilder()), 0, false).plan()).containsExactly(Optional.empty());
    }

    @Test
    void plan_ordinaryUser_needsNothing() throws Exception {
        PlannedRights planned = plan(RightsSamples.user(1001), false);
        assertThat(planned.needed()).isZero();
        assertThat(planned.root()).isFalse();
        assertThat(planned.setCapabilities()).isTrue();
        assertThat(planned.groups()).containsExactly(5, 27);
    }

    @Test
    void plan_rootWithAllThatItsBoundingSetAdmits_needsNothing() throws Exception {
        PlannedRights planned = plan(RightsSamples.root(0x1ff, 0x1ff), false);
        assertThat(planned.needed()).isZero();
        assertThat(planned.root()).isTrue();
    }

    @Test
    void plan_rootThatGaveUpSome_needsTheRest() throws Exception {
        assertThat(plan(RightsSamples.root(0x1f, 0x1ff), false).needed()).isEqualTo(0x1f);
    }

    @Test
    void plan_rightsOfTheLaunch_setNothing() throws Exception {
        PlannedRights planned = plan(RightsSamples.root(0x1f, 0x1ff), true);
        assertThat(planned.setCapabilities()).isFalse();
        assertThat(planned.needed()).isZero();
    }

    @Test
    void plan_filters_keepTheirOrder() throws Exception {
        PlannedRights planned = plan(RightsSamples.filtered(RightsSamples.killing(39), RightsSamples.ALLOW_ALL), false);
        assertThat(planned.filters())
                .containsExactly(
                        new PlannedFilter(RightsSamples.killing(39), false),
                        new PlannedFilter(RightsSamples.ALLOW_ALL, false));
    }

    @Test
    void plan_filterThatForbidsRtSigreturn_isRefused() {
        assertRefused(RightsSamples.filtered(RightsSamples.killing(RT_SIGRETURN)), "rt_sigreturn");
    }

    @Test
    void plan_filterThatForbidsFurtherFilters_isRefused() {
        ThreadRights rights = RightsSamples.filtered(
                RightsSamples.killing(SECCOMP), RightsSamples.killing(PRCTL), RightsSamples.ALLOW_ALL);
        assertRefused(rights, "number 2 cannot be set again");
    }

    @Test
    void plan_filterSetByRootThatIsNotAnyMore_isRefused() {
        assertRefused(RightsSamples.filteredByRoot(1, RightsSamples.ALLOW_ALL), "given up since");
    }

    @Test
    void plan_filterSetByRootThatStillIs_isSetAgain() throws Exception {
        assertThat(plan(RightsSamples.filteredByRoot(SYS_ADMIN, RightsSamples.ALLOW_ALL), false).filters()).hasSize(1);
    }

    private void assertRefused(ThreadRights rights, String words) {
        assertThatThrownBy(() -> plan(rights, false)).isInstanceOf(PlanException.class).hasMessageContaining(words);
    }

    private PlannedRights plan(ThreadRights rights, boolean ofLaunch) throws Exception {
        Checkpoint checkpoint = checkpoint(new CheckpointBuilder().rights(rights));
        List<Optional<PlannedRights>> planned = new RightsPlanner(checkpoint, 0, ofLaunch).plan();
        assertThat(planned).hasSize(1);
        return planned.get(0).orElseThrow();
    }

    private Checkpoint checkpoint(CheckpointBuilder builder) throws Exception {
        return CheckpointReader.read(builder.write(folder.resolve("myckpt.dat")));
    }
}
