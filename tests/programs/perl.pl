# SPDX-License-Identifier: MIT
use strict;
use warnings;
use threads;
use List::Util qw(sum max shuffle);

my $count = shift;
my $state = 12345;

sub next_number {
    $state = ($state * 1103515245 + 12345) % 2147483648;
    return $state >> 8;
}

sub digest {
    my $sum = 0;
    $sum = ($sum * 31 + unpack('%32C*', $_)) % 1000000007 for @_;
    return $sum;
}

my %words;
for (1 .. $count) {
    my $word = join '', map { chr(97 + next_number() % 26) } 1 .. 2 + next_number() % 3;
    push @{ $words{$word} }, { line => $_, text => $word x (1 + next_number() % 40) };
}
my @order = sort { @{ $words{$b} } <=> @{ $words{$a} } || $a cmp $b } keys %words;
print "words ", scalar(@order), " digest ", digest(@order), "\n";

my $text = join ' ', map { map { $_->{text} } @{ $words{$_} } } @order;
my $pairs = () = $text =~ /(\w)\1/g;
(my $squeezed = $text) =~ s/(\w{3,})\1+/<$1>/g;
print "text ", length $text, " pairs $pairs squeezed ", length $squeezed, " ", digest($squeezed), "\n";

my @closures = map { my $n = $_; sub { $n += shift; return "$n" } } 1 .. $count;
print "closures ", sum(map { $_->(7) } @closures), "\n";
@closures = ();

delete $words{$_} for grep { next_number() % 2 } sort keys %words;
my %inverse;
for my $word (sort keys %words) {
    $inverse{ $_->{line} % 997 }{$word}++ for @{ $words{$word} };
}
print "inverse ", max(map { scalar keys %$_ } values %inverse), "\n";

my $record = '';
for my $line (1 .. $count) {
    $record .= pack 'N w/a* d', $line, "item $line" x ($line % 9), $line / 3;
    $record = substr $record, 4096 if length $record > 65536;
}
print "record ", length $record, " ", unpack('%32C*', $record), "\n";

my @workers = map {
    my $number = $_;
    threads->create(sub {
        my @kept;
        push @kept, "$number:$_" x ($_ % 50) for 1 .. 20000;
        @kept = sort grep { length } @kept;
        return join ' ', scalar @kept, digest(@kept);
    });
} 1 .. 4;
print "thread ", $_->join, "\n" for @workers;
