# SPDX-License-Identifier: Apache-2.0
# Tells what a command has from who started it: docs/commands.md.
use strict;
use warnings;

unless ($ENV{FIXTURE_COLD}) {
    local $SIG{USR2} = 'IGNORE';
    kill USR2 => $$;
}
my %number = (HUP => 1, INT => 2, QUIT => 3, PIPE => 13, TERM => 15);
open my $status, '<', '/proc/self/status' or die "/proc/self/status: $!";
my @lines = <$status>;
print grep { /^(?:Cpus_allowed_list|Umask):/ } @lines;
my ($ignored) = map { /^SigIgn:\s*(\w+)/ } @lines;
print "$_ ", hex(substr $ignored, -8) >> $number{$_} - 1 & 1 ? 'ignored' : 'not ignored', "\n" for sort keys %number;
print 'nice ', getpriority(0, 0), "\n";
