# SPDX-License-Identifier: MIT
# Perl: hashes of arrays, strings that grow, sorting, regular expressions.
use strict;
use warnings;

my $scale = shift;
for my $turn (1 .. 2) {
    my %index;
    for my $i (0 .. $scale * 4000) {
        my $key = "k" . ($i * 7919 % 10007);
        push @{$index{$key}}, { id => $i, name => "item $i", list => [1 .. $i % 5] };
    }
    my $total = 0;
    for my $key (sort keys %index) {
        $total += scalar @{$_->{list}} for @{$index{$key}};
    }
    my $text = join " ", map { "$_:" . scalar @{$index{$_}} } sort keys %index;
    my $count = 0;
    $count += length $1 while $text =~ /(\d+):/g;
    my @words = reverse sort split / /, $text x 2;
    print "$turn $total $count $words[0] ", scalar(@words), "\n";
}
