#!/usr/bin/env perl
# Very many scenarios through one clnrm-exec: what runner and spawner hold
# after the first ones is held against what they hold after the last.
#
#	perl t/soak.pl PLAN SCENARIOS COMMAND [ARGUMENT ...]
#
# PLAN is a stream with one plan, which is fed again and again; COMMAND is
# clnrm-exec with its options. Prints a line `NAME BEFORE AFTER` for each thing
# that is watched, and `status NAME COUNT` for how scenarios ended.
use strict;
use warnings;
use IPC::Open2;
use Time::HiRes qw(time sleep);

my ($file, $scenarios, @command) = @ARGV;
my $WARM = 3;    # plans before the first look
my (%status, $in, $out, $pid, $each);

sub slurp {
	my ($path) = @_;
	open my $f, '<', $path or return '';
	local $/;
	return scalar(<$f>) // '';
}

sub entries {
	opendir my $d, $_[0] or return 0;
	return scalar grep { !/^\.\.?$/ } readdir $d;
}

my ($begin) = grep { /^\{"type":"begin"/ } split /^/, slurp($file);
my ($plan) = grep { /^\{"type":"plan"/ } split /^/, slurp($file);
$each = () = $plan =~ /"steps":/g;

sub feed {
	my ($many) = @_;
	print $in $plan;
	while ($many > 0 && defined(my $line = <$out>)) {
		next unless $line =~ /^\{"type":"scenario\.end".*?"status":"(\w+)"/;
		$status{$1}++;
		$many--;
	}
	die "the stream ended\n" if $many > 0;
}

# Worlds that have ended are gone a little later.
sub settle {
	my ($spawner) = @_;
	my $end = time + 10;
	sleep 0.05 while time < $end
		&& slurp("/proc/$spawner/task/$spawner/children") =~ /\d/;
	sleep 0.3;
}

sub look {
	my ($spawner) = @_;
	my %now;
	settle($spawner);
	for (['runner', $pid], ['spawner', $spawner]) {
		my ($name, $p) = @$_;
		$now{"$name-descriptors"} = entries("/proc/$p/fd");
		$now{"$name-mounts"} = () = slurp("/proc/$p/mountinfo") =~ /\n/g;
		($now{"$name-kib"}) = slurp("/proc/$p/status") =~ /VmRSS:\s+(\d+)/;
	}
	$now{namespaces} = () = `lsns -n -o NS 2>/dev/null` =~ /\n/g;
	$now{temporary} = () = glob(($ENV{TMPDIR} // '/tmp') . '/clnrm.??????');
	# What no process holds any more is the kernel's alone.
	($now{networks}) = slurp('/proc/slabinfo') =~ /^net_namespace\s+(\d+)/m;
	$now{networks} //= 0;
	return \%now;
}

$pid = open2($out, $in, @command);
$in->autoflush(1);
print $in $begin;
feed($each) for 1 .. $WARM;
my ($spawner) = slurp("/proc/$pid/task/$pid/children") =~ /(\d+)/
	or die "no spawner\n";
my $before = look($spawner);
my $from = time;
feed($each) for 1 .. $scenarios / $each;
my $took = time - $from;
my $after = look($spawner);
printf "%s %d %d\n", $_, $before->{$_}, $after->{$_} for sort keys %$before;
printf "status %s %d\n", $_, $status{$_} for sort keys %status;
printf "# %d scenarios, %.2f ms each\n", $scenarios, 1e3 * $took / $scenarios;
print $in qq({"type":"end","stage":"lint","status":0,"records":2,"duration_ns":1}\n);
close $in;
1 while <$out>;
waitpid $pid, 0;
exit $? >> 8;
