# SPDX-License-Identifier: Apache-2.0
# A large hash, closures, a regular expression in the middle of its matches, and an alarm.
use strict;
use warnings;

$| = 1;
my %table = map { ("word $_" => $_ * 3) } 1 .. 200_000;
my $text = join ' ', map { "n$_" } 1 .. 1000;
my $alarms = 0;
$SIG{ALRM} = sub { $alarms++ };

sub check {
    my ($condition, $message) = @_;
    return if $condition;
    print "FAIL: $message\n";
    exit 1;
}

my $matched = 0;
while ($matched < 500 && $text =~ /n(\d+)/g) {
    $matched++;
}
my $counter = do { my $n = 10; sub { $n++ } };
$counter->() for 1 .. 5;
alarm 1;

print "READY\n";
my $line;
{
    no warnings;
    until (defined($line = <STDIN>) || eof(STDIN)) { }
}

while ($text =~ /n(\d+)/g) {
    $matched++;
    check($1 == $matched, "match $matched is $1");
}
check($matched == 1000, "$matched matches");
check($counter->() == 15, 'a closure forgot its count');
check(scalar(keys %table) == 200_000, 'the hash lost entries');
my $sum = 0;
$sum += $_ for values %table;
check($sum == 3 * 200_000 * 200_001 / 2, "the values add up to $sum");
my @sorted = sort { $table{$a} <=> $table{$b} } keys %table;
check($sorted[0] eq 'word 1' && $sorted[-1] eq 'word 200000', 'the order is wrong');
select undef, undef, undef, 0.05 until $alarms;
check($alarms == 1, "$alarms alarms");
delete $table{"word $_"} for 1 .. 100_000;
check(scalar(keys %table) == 100_000, 'delete does not work');
my $output = `echo child`;
check($output eq "child\n", "a child printed '$output'");
print "PASS\n";
