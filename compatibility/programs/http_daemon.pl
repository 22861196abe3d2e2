# SPDX-License-Identifier: Apache-2.0
# Counts words of what is posted; /sum?N adds N to a sum that a closure keeps.
use strict;
use warnings;
use HTTP::Daemon;
use HTTP::Response;

my %count;
my $sum = do { my $kept = 0; sub { $kept += shift } };

sub answer {
    my $request = shift;
    my ($path, $query) = ($request->uri->path, $request->uri->query // "");
    if ($path eq "/tally") {
        $count{$_}++ for split " ", $request->content;
        return keys(%count) . " words";
    }
    return $count{$query} // 0 if $path eq "/count";
    return $sum->($query) if $path eq "/sum";
    require Digest::SHA;
    return substr Digest::SHA::sha256_hex("abc"), 0, 16;
}

my $daemon = HTTP::Daemon->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], ReuseAddr => 1) or die "cannot listen: $!";
while (my $connection = $daemon->accept) {
    while (my $request = $connection->get_request) {
        $connection->send_response(HTTP::Response->new(200, "OK", ["Connection" => "close"], answer($request)));
        $connection->force_last_request;
    }
    $connection->close;
}
