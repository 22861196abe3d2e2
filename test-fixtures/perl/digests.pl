# SPDX-License-Identifier: Apache-2.0
# Works from READY to PASS: a generator of numbers, a growing hash, strings and sorting; prints digests on the way.
use strict;
use warnings;
use Digest::MD5;

$| = 1;
my $state = 12345;
my %seen;
my $digest = Digest::MD5->new;
print "READY\n";
for my $round (1 .. 36) {
    for (1 .. 8_000) {
        $state = ($state * 1_103_515_245 + 12_345) % 2_147_483_648;
        $seen{ $state % 20_000 } .= chr(97 + $state % 26);
    }
    my @longest = sort { length $seen{$b} <=> length $seen{$a} || $a <=> $b } keys %seen;
    (my $text = join ',', map { "$_=$seen{$_}" } @longest[0 .. 99]) =~ s/([aeiou])/uc $1/ge;
    $digest->add($text);
    printf "%d %s %s\n", $round, scalar(@longest), $digest->clone->hexdigest;
}
print "PASS\n";
