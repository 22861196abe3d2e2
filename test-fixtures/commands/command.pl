# SPDX-License-Identifier: Apache-2.0
# A command in Perl: docs/commands.md. Tells what it was started with, and ends with FIXTURE_STATUS.
use strict;
use warnings;
use Cwd 'getcwd';

my %warm = map { $_ => $_ * $_ } 1 .. 1000;

my $program = readlink '/proc/self/exe' or die "readlink /proc/self/exe: $!";
local $SIG{USR2} = 'IGNORE';
kill USR2 => $$;
if (readlink('/proc/self/exe') ne $program) {
    my %of = map { open my $file, '<', "/proc/self/$_" or die "/proc/self/$_: $!"; local $/; ($_ => [split /\0/, <$file> // '', -1]) } qw(cmdline environ);
    @ARGV = @{$of{cmdline}}[1 .. $#{$of{cmdline}} - 1];
    %ENV = map { /([^=]*)=(.*)/s } @{$of{environ}};
}

print "warm $warm{999}\n";
print "argument <$_>\n" for @ARGV;
print 'directory ', getcwd(), "\n";
print "variable $_ <", $ENV{$_} // 'none', ">\n" for qw(FIXTURE_VALUE FIXTURE_CAPTURE UNDUMP_FALLBACK);
print 'variable of a child ', `printf '<%s>' "\$FIXTURE_VALUE" "\$FIXTURE_CAPTURE"`, "\n";
binmode STDIN;
my $input = do { local $/; <STDIN> } // '';
print 'input ', length $input, " <$input>\n";
exit($ENV{FIXTURE_STATUS} // 0);
