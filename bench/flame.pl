#!/usr/bin/env perl
# A profile of a suite's program as an SVG: the width of a function is its part
# of all samples, what it calls stands above it.
#
#	perl bench/flame.pl TITLE PROGRAM PROFILE >flame.svg
use strict;
use warnings;
use utf8;
no warnings 'portable'; # addresses have 64 bits

my ($title, $program, $profile) = @ARGV;
die "usage: flame.pl TITLE PROGRAM PROFILE\n" unless $profile;

my (@address, @name);
open my $nm, '-|', 'nm', '-n', $program or die "nm: $!\n";
while (<$nm>) {
	next unless /^([0-9a-f]+) [tTwW] (\S+)/;
	push @address, hex $1;
	push @name, $2 =~ s/\.(?:constprop|isra|part|cold).*//r;
}
close $nm;

sub name {
	my ($at) = @_;
	my ($low, $high) = (0, $#address);
	return 'kernel' if $high < 0 || $at < $address[0];
	while ($low < $high) {
		my $middle = int(($low + $high + 1) / 2);
		if ($address[$middle] <= $at) { $low = $middle } else { $high = $middle - 1 }
	}
	return $name[$low];
}

# {of function}{n, calls}
my %root = (n => 0, calls => {});
my $deepest = 0;
open my $in, '<', $profile or die "$profile: $!\n";
while (<$in>) {
	my @stack = reverse map { name(hex) } split ' ';
	shift @stack while @stack && $stack[0] =~ /^_start$|^__libc_start/;
	next unless @stack;
	my $at = \%root;
	$root{n}++;
	$deepest = @stack if @stack > $deepest;
	for (@stack) {
		$at = $at->{calls}{$_} //= {n => 0, calls => {}};
		$at->{n}++;
	}
}
die "$profile: no sample\n" unless $root{n};

my ($width, $row, $top) = (1200, 18, 60);
my $height = $top + $row * $deepest + 10;

sub text {
	my ($s) = @_;
	$s =~ s/&/&amp;/g;
	$s =~ s/</&lt;/g;
	return $s;
}

# Its hue is its name's, so that it is the same in every graph.
sub colour {
	my $h = 0;
	$h = ($h * 31 + ord) % 60 for split //, $_[0];
	return sprintf 'hsl(%d,75%%,%d%%)', $h, 62 + $h % 12;
}

sub draw {
	my ($calls, $x, $depth) = @_;
	for my $name (sort keys %$calls) {
		my $f = $calls->{$name};
		my $w = $f->{n} / $root{n} * $width;
		if ($w >= 0.5) {
			my $y = $height - 10 - $row * ($depth + 1);
			my $fits = int(($w - 6) / 7);
			my $long = sprintf '%s %.1f %%', $name, $f->{n} / $root{n} * 100;
			my $said = length $long <= $fits ? $long : length $name <= $fits ? $name
				: $fits > 3 ? substr($name, 0, $fits - 1) . '…' : '';
			printf "<g><title>%s: %.1f %% of %d samples</title><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" rx=\"1\"/>",
				text($name), $f->{n} / $root{n} * 100, $root{n}, $x, $y, $w - 0.3, $row - 1, colour($name);
			printf "<text x=\"%.1f\" y=\"%d\">%s</text>", $x + 3, $y + 13, text($said) if $said;
			print "</g>\n";
			draw($f->{calls}, $x, $depth + 1);
		}
		$x += $w;
	}
}

binmode STDOUT, ':utf8';
printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"monospace\" font-size=\"12\">\n",
	$width, $height, $width, $height;
printf "<title>%s</title>\n", text($title);
printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/><text x=\"10\" y=\"24\" font-size=\"16\">%s: %d samples</text>\n",
	text($title), $root{n};
print "<text x=\"10\" y=\"44\">As wide as its share of the processor’s time; what it calls stands above it, by name. Point at a box for its name and share.</text>\n";
draw($root{calls}, 0, 0);
print "</svg>\n";
