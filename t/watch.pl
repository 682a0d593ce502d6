#!/usr/bin/env perl
# Tortures clnrm-watch: random changes of a tree, and after each round what it
# told is held against what is there.
#
#	perl t/watch.pl SEED ROUNDS|SECONDSs [OPTION ...]
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use File::Path qw(make_path remove_tree);
use IPC::Open2;
use Time::HiRes qw(time);

my ($seed, $rounds, @options) = @ARGV;
my $OVERFLOW = 50;     # rounds from one overrun of the queue to the next
my $RESTART = 40;      # rounds from one start under fire to the next
my $NOTICES = 20_000;  # more than the queue holds
my ($pid, $in, $out, %told, $token, $round, $ops, $log);

srand $seed;
$ops = $token = 0;
$log = '';

sub pick { @_ ? $_[int rand @_] : () }

sub fail {
	my ($why) = @_;
	print "seed $seed, round $round: $why\n$log";
	kill 'KILL', $pid;
	exit 1;
}

# All that is below a directory: path -> digest (or 1), or undef of directories.
sub tree {
	my ($dir, $to, $digests) = @_;
	opendir my $d, $dir or return;
	for (readdir $d) {
		next if $_ eq '.' || $_ eq '..' || $_ eq '.sync' || $_ eq '.git';
		my $path = "$dir/$_";
		if (-l $path) {
			$to->{$path} = sha256_hex(readlink $path);
		} elsif (-d $path) {
			$to->{$path} = undef;
			tree($path, $to, $digests);
		} elsif (!$digests) {
			$to->{$path} = 1;
		} else {
			open my $f, '<', $path or next;
			local $/;
			$to->{$path} = sha256_hex(<$f> // '');
		}
	}
}

sub all { my %t; tree('t', \%t, @_); return \%t }
sub files { my $t = all(); grep { defined $t->{$_} && !-l && (lstat)[3] == 1 } sort keys %$t }
sub anything { my $t = all(); grep { defined $t->{$_} } sort keys %$t }
sub dirs { my $t = all(); ('t', grep { !defined $t->{$_} } sort keys %$t) }
$ENV{GIT_CONFIG_GLOBAL} = $ENV{GIT_CONFIG_SYSTEM} = '/dev/null';

sub name { join '', pick('a' .. 'e'), pick('', '', 1 .. 9) }
sub place { pick(dirs()) . '/' . name() }
sub note { $log .= "  @_\n" }

sub put {
	my ($path, $text) = @_;
	# By another name of the same file it would be seen under that alone.
	return if -l $path || (-f _ && (lstat _)[3] > 1);
	open my $f, '>', $path or return;
	print $f $text // 'text ' . int rand 1e9;
	close $f;
}

sub git { system 'git', '-C', 't', '-c', 'gc.auto=0', '-c', 'user.name=t', '-c', 'user.email=t\@t', @_ }

sub commit {
	git('add', '-A');
	git('commit', '-q', '--allow-empty', '-m', 'x');
}

my %op = (
	write => sub { my $p = place(); note($p); put($p) },
	save => sub { my ($p) = pick(files()) or return; note($p); put($p) },
	append => sub {
		my ($p) = pick(files()) or return;
		note($p);
		open my $f, '>>', $p or return;
		print $f 'more';
	},
	atomic => sub {
		my ($p) = pick(anything()) or return;
		note($p);
		put("$p.tmp");
		rename "$p.tmp", $p;
	},
	touch => sub { my ($p) = pick(files()) or return; note($p); utime undef, undef, $p },
	undo => sub {
		my ($p) = pick(files()) or return;
		note($p);
		open my $f, '<', $p or return;
		my $was = do { local $/; <$f> };
		put($p);
		put($p, $was);
	},
	remove => sub { my ($p) = pick(anything()) or return; note($p); unlink $p },
	again => sub { my ($p) = pick(files()) or return; note($p); unlink $p; put($p) },
	rename => sub { my ($p, $q) = (pick(anything(), dirs()), place()); note($p, $q); rename $p, $q if $p ne 't' },
	twice => sub {
		my ($p, $q, $r) = (pick(anything(), dirs()), place(), place());
		note($p, $q, $r);
		rename $p, $q and rename $q, $r if $p ne 't';
	},
	swap => sub {
		my ($p, $q) = (pick(dirs()), pick(dirs()));
		note($p, $q);
		return if $p eq 't' || $q eq 't' || index($p, $q) == 0 || index($q, $p) == 0;
		rename $p, 't/swap';
		rename $q, $p;
		rename 't/swap', $q;
	},
	deep => sub {
		my $p = place() . '/' . join '/', map { name() } 1 .. 1 + int rand 7;
		note($p);
		eval { make_path($p) };
		put("$p/" . name());
	},
	burst => sub { my $d = pick(dirs()); note($d); put("$d/b$_") for 1 .. 1 + int rand 60 },
	prune => sub { my $p = pick(dirs()); note($p); remove_tree($p) if $p ne 't' },
	remake => sub {
		my $p = pick(dirs());
		note($p);
		return if $p eq 't';
		remove_tree($p);
		mkdir $p;
		put("$p/" . name());
	},
	out => sub {
		my $p = pick(dirs());
		note($p);
		return if $p eq 't';
		my $q = 'out/' . $ops;
		rename $p, $q;
		put("$q/x");
	},
	in => sub {
		my @out = glob 'out/*' or return;
		my ($p, $q) = (pick(@out), place());
		note($p, $q);
		rename $p, $q;
	},
	away => sub { my ($p) = pick(files()) or return; note($p); rename $p, "out.f$ops" },
	link => sub { my $p = place(); note($p); symlink name(), $p },
	hard => sub { my ($p) = pick(files()) or return; my $q = place(); note($p, $q); link $p, $q },
	file_to_dir => sub { my ($p) = pick(files()) or return; note($p); unlink $p; mkdir $p; put("$p/" . name()) },
	dir_to_file => sub { my $p = pick(dirs()); note($p); return if $p eq 't'; remove_tree($p); put($p) },
	dir_link => sub {
		my ($p, $q) = (pick(dirs()), place());
		note($p, $q);
		symlink '../' x ($q =~ tr{/}{}) . $p, $q;
	},
	checkout => sub {
		note('there and back');
		git('init', '-q') if !-d 't/.git';
		commit();
		my @was = files();
		put($_) for grep { rand() < 0.5 } @was;
		unlink $_ for grep { rand() < 0.2 } @was;
		put('t/git' . int rand 9) for 1 .. rand 9;
		commit();
		git('checkout', '-q', '-f', 'HEAD~1');
		git('checkout', '-q', '-f', '-') if rand() < 0.5;
	},
	fleeting => sub { my $p = place(); note($p); return if lstat $p; put($p); unlink $p },
);

sub change {
	my $what = pick(sort keys %op);
	$ops++;
	note("$what:");
	$op{$what}->();
	prune_tree() if keys %{ all() } > 400;
}

sub prune_tree {
	note('prune all');
	remove_tree($_) for grep { $_ ne 't' && -d } dirs();
}

sub take {
	my ($line) = @_;
	my %r;
	$r{$_} = $line =~ /"$_":(?:"((?:[^"\\]|\\.)*)"|null)/ ? $1 : undef
		for qw(source event from sha256 sha256_before);
	my $s = $r{source};
	note("told: $r{event} $s" . ($r{from} ? " < $r{from}" : ''));
	if ($r{event} =~ /^(initial|created|moved)$/) {
		fail("$s is $1, but was known") if exists $told{$s};
		fail("$s came from nowhere") if $1 eq 'moved' && !exists $told{ $r{from} };
		delete $told{ $r{from} } if $1 eq 'moved';
	} else {
		fail("$s is $r{event}, but was not known") if !exists $told{$s};
		fail("$s is not otherwise") if $r{event} eq 'modified' && $told{$s} eq $r{sha256};
		fail("$s was otherwise") if ($told{$s} // '') ne ($r{sha256_before} // '');
	}
	if ($r{event} eq 'deleted') { delete $told{$s} }
	else { $told{$s} = $r{sha256} }
}

sub until_record {
	my ($pattern) = @_;
	local $SIG{ALRM} = sub { fail("no record like $pattern") };
	alarm 60;
	while (<$out>) {
		take($_) if /^\{"type":"change"/;
		note("told: $_") if /^\{"type":"diagnostic"/;
		if (/$pattern/) { alarm 0; return }
	}
	fail('the watch ended');
}

sub begin {
	%told = ();
	$pid = open2($out, $in, 'clnrm-watch', @options, '--sync-file', 't/.sync', 't');
}

sub end {
	kill 'TERM', $pid;
	1 while <$out>;
	waitpid $pid, 0;
}

# The watch starts while another process works on the tree.
sub restart {
	end() if $pid;
	my $busy = fork // die;
	if (!$busy) {
		srand $seed + $round;
		change() for 1 .. 200;
		exit 0;
	}
	begin();
	waitpid $busy, 0;
	until_settled();
}

sub until_settled {
	$token++;
	put('t/.sync.new', $token);
	rename 't/.sync.new', 't/.sync';
	until_record("\"sync\":\"$token\"");
	if ("@options" =~ /--poll/) { # what came after its directory was read
		$token++;
		put('t/.sync', $token);
		until_record("\"sync\":\"$token\"");
	}
	my $there = all('digests');
	for (sort keys %$there) {
		next unless defined $there->{$_};
		fail("$_ is not told") if !exists $told{$_};
		fail("$_ is told otherwise") if $told{$_} ne $there->{$_};
	}
	for (sort keys %told) {
		fail("$_ is told and not there") if !defined $there->{$_};
	}
}

sub overrun {
	kill 'STOP', $pid;
	mkdir 't/over';
	for (1 .. $NOTICES) { open my $f, '>', $_ % 2 ? 't/over/1' : 't/over/2' }
	change() for 1 .. 40;
	kill 'CONT', $pid;
}

remove_tree('t', 'out');
mkdir 't';
mkdir 'out';
my $from = time;
my $end = $rounds =~ /^(\d+)s$/ ? $from + $1 : 0;
for ($round = 0; $end ? time < $end : $round < $rounds; $round++) {
	$log = '';
	if ($round % $RESTART == 0) { restart() }
	elsif ($round % $OVERFLOW == $OVERFLOW - 1) { overrun() }
	else { change() for 1 .. 1 + int rand 25 }
	until_settled();
}
end();
printf "seed %d: %d rounds, %d changes, %d files at last, %.1f s\n",
	$seed, $round, $ops, scalar(keys %told), time - $from;
