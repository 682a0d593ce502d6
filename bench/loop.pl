#!/usr/bin/env perl
# The loop in figures: from a save to what is printed, a `sample` record each.
#
#	perl bench/loop.pl watch|dev
#
# ROUNDS=30 saves for a median; with LONG=1 also 100,000 saves through the
# watch and 2,000 through the loop.
use strict;
use warnings;
use File::Find qw(find);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use IPC::Open2;
use Time::HiRes qw(time sleep);

my $rounds = $ENV{ROUNDS} || 30;
my ($pid, $in, $out);

sub start { $pid = open2($out, $in, @_) }

sub until_line {
	my ($pattern) = @_;
	local $SIG{ALRM} = sub { print STDERR "bench: no $pattern came\n"; stop(); exit 3 };
	alarm 120;
	while (<$out>) { if (/$pattern/) { alarm 0; return } }
	print STDERR "bench: ended before $pattern\n";
	exit 3;
}

sub stop {
	kill 'TERM', $pid;
	1 while <$out>;
	waitpid $pid, 0;
}

sub put {
	my ($path, $text) = @_;
	open my $f, '>', $path or die "$path: $!";
	print $f $text;
}

sub test_file {
	my ($path, $run) = @_;
	my $name = $path =~ s/\W/-/gr;
	put($path, "[meta]\nname = \"$name\"\nversion = \"1\"\n[[scenario]]\nname = \"s\"\nrun = \"$run\"\n");
}

# Seconds, sorted, as one record; a bar in milliseconds.
sub sample {
	my ($name, $bar, @s) = @_;
	@s = sort { $a <=> $b } @s;
	my ($p50, $p95) = map { $s[int($#s * $_ + 0.5)] * 1e9 } 0.5, 0.95;
	printf '{"type":"sample","name":"%s","median_ns":%d,"p95_ns":%d,"runs":%d', $name, $p50, $p95, scalar @s;
	printf ',"bar_ns":%d,"holds":%s', $bar * 1e6, $p95 <= $bar * 1e6 ? 'true' : 'false' if $bar;
	print "}\n";
}

# From a save to a line, again and again, after a calm each.
sub saves {
	my ($pattern, $save, $calm) = @_;
	map {
		sleep($calm // 0.1);
		my $from = time;
		$save->($_);
		until_line($pattern);
		time - $from;
	} 1 .. $rounds;
}

sub of_status {
	my ($of, $key) = @_;
	open my $f, '<', "/proc/$of/status" or return 0;
	(map { /^$key:\s+(\d+)/ } <$f>)[0];
}

sub descriptors { scalar(() = glob "/proc/$_[0]/fd/*") }

sub tree {
	my ($n) = @_;
	make_path(map { sprintf 't/%d/%d', $_ / 30, $_ } 1 .. $n);
}

sub ready {
	my ($n, $bar) = @_;
	remove_tree('t');
	tree($n);
	my (@ours, @floor, @peer);
	for (1 .. 7) {
		my $from = time;
		start('clnrm-watch', 't');
		until_line('^\{"type":"ready"');
		push @ours, time - $from;
		stop();
		if ($ENV{FLOOR}) {
			$from = time;
			start($ENV{FLOOR}, 't');
			until_line('^ready');
			push @floor, time - $from;
			stop();
		}
		next if system 'command -v inotifywait >/dev/null';
		$from = time;
		start('sh', '-c', 'exec inotifywait -m -r t 2>&1');
		until_line('Watches established');
		push @peer, time - $from;
		stop();
	}
	sample("watch.ready.$n", $bar, @ours);
	sample("watch.ready.$n.floor", 0, @floor) if @floor;
	sample("watch.ready.$n.inotifywait", 0, @peer) if @peer;
}

sub memory {
	my ($n, $bar) = @_;
	remove_tree('t');
	tree($n);
	start('clnrm-watch', 't');
	until_line('^\{"type":"ready"');
	my $kb = of_status($pid, 'VmRSS');
	printf "{\"type\":\"sample\",\"name\":\"watch.rss.%d\",\"bytes\":%d,\"bar_bytes\":%d,\"holds\":%s}\n",
		$n, $kb << 10, $bar << 20, $kb <= $bar << 10 ? 'true' : 'false';
	stop();
}

sub record {
	my ($name, $bar, $calm, @options) = @_;
	start('clnrm-watch', @options, 't');
	until_line('^\{"type":"ready"');
	sample($name, $bar, saves('^\{"type":"change"', sub { put('t/a', $_[0]) }, $calm));
	stop();
}

# All that is told up to now: the names, with the last event of each, and how
# many batches had any.
sub told {
	my (%last, $batches, %in);
	put('t/sync', ++our $cookie);
	local $SIG{ALRM} = sub { print STDERR "bench: no cookie came\n"; stop(); exit 3 };
	alarm 120;
	while (<$out>) {
		$last{$1} = $2 if /^\{"type":"change","source":"([^"]*)","event":"(\w+)"/;
		$batches++ if /^\{"type":"batch","gen":\d+,"size":[1-9]/;
		last if /"sync":"$cookie"/;
	}
	alarm 0;
	delete $last{'t/sync'};
	return ($batches // 0, \%last);
}

sub files_of {
	my %there;
	find({ no_chdir => 1, wanted => sub { -f && $_ ne 't/sync' && !m{/\.git/} and $there{$_} = 1 } }, 't');
	return \%there;
}

# A tree is made or moved or taken away: what of it is not told, or told and
# not so.
sub lost {
	my ($name, $before, $do) = @_;
	remove_tree('t', 'aside');
	make_path('t', 'aside');
	$before->();
	start('clnrm-watch', '--sync-file', 't/sync', 't');
	until_line('^\{"type":"ready"');
	my $was = files_of();
	$do->();
	my (undef, $last) = told();
	my $is = files_of();
	my @lost = grep { !$was->{$_} && ($last->{$_} // 'deleted') eq 'deleted' } keys %$is;
	push @lost, grep { !$is->{$_} && ($last->{$_} // '') ne 'deleted' } keys %$was;
	my @phantom = grep { $last->{$_} ne 'deleted' && !$is->{$_} } keys %$last;
	printf "{\"type\":\"sample\",\"name\":\"watch.lost.%s\",\"files\":%d,\"lost\":%d,\"phantom\":%d,\"holds\":%s}\n",
		$name, scalar keys %$is, scalar @lost, scalar @phantom, @lost || @phantom ? 'false' : 'true';
	stop();
}

sub nothing { }

sub make_files {
	my ($dirs, $files, $in) = @_;
	for my $d (0 .. $dirs - 1) {
		my $dir = sprintf '%s/%d/%d', $in, $d / 10, $d;
		make_path($dir);
		put("$dir/$_", $_) for 1 .. $files;
	}
}

sub losses {
	lost('new_directories', \&nothing, sub { make_files(1000, 10, 't') });
	lost('eight_deep', \&nothing, sub {
		for (1 .. 50) { my $dir = "t/$_/2/3/4/5/6/7/8"; make_path($dir); put("$dir/f", $_) }
	});
	lost('moved_in', sub { make_files(20, 10, 'aside') }, sub { rename 'aside', 't/in' });
	lost('moved_out', sub { make_files(20, 10, 't/in') }, sub {
		rename 't/in', 'aside/out';
		put("aside/out/0/0/$_", 'other') for 1 .. 10;
	});
	lost('made_again', \&nothing, sub {
		for (1 .. 100) { remove_tree('t/again'); mkdir 't/again'; put('t/again/f', $_) }
	});
	lost('overflow', sub { make_files(10, 10, 't') }, sub {
		kill 'STOP', $pid;
		for my $i (1 .. 10_000) { put("t/0/0/n$i", $i); unlink "t/0/0/n$i" if $i % 2 }
		make_files(5, 5, 't/later');
		kill 'CONT', $pid;
	});
}

# How many batches come of one deed: the most, and in all.
sub batches {
	my ($name, $limit, $times, $do, @options) = @_;
	my ($most, $sum, $longest) = (0, 0, 0);
	start('clnrm-watch', @options, '--sync-file', 't/sync', 't');
	until_line('^\{"type":"ready"');
	for (1 .. $times) {
		sleep 0.6;
		my $from = time;
		$do->($_);
		$longest = time - $from if time - $from > $longest;
		sleep 1.2;
		my ($n) = told();
		$most = $n if $n > $most;
		$sum += $n;
	}
	stop();
	printf "{\"type\":\"sample\",\"name\":\"watch.batches.%s\",\"times\":%d,\"most\":%d,\"mean\":%.2f,\"longest_ns\":%d,\"limit\":%d,\"holds\":%s}\n",
		$name, $times, $most, $sum / $times, $longest * 1e9, $limit, $most <= $limit ? 'true' : 'false';
}

sub git {
	system('git', '-C', 't', '-c', 'gc.auto=0', '-c', 'user.name=b', '-c', 'user.email=b\@b', @_) and die "git @_\n";
}

sub two_branches {
	remove_tree('t');
	make_path('t');
	git('init', '-q');
	for my $branch ('one', 'two') {
		git('checkout', '-q', '-b', $branch);
		make_files(20, 50, 't') if $branch eq 'one';
		for my $f (keys %{ files_of() }) { put($f, "$branch $f") }
		git('add', '-A');
		git('commit', '-q', '-m', $branch);
	}
}

# The machine has more to do than it can.
sub loaded {
	my @busy = map { my $kid = fork; if (!$kid) { 1 while 1 } $kid } 1 .. 4;
	$_[0]->();
	kill 'KILL', @busy;
	waitpid $_, 0 for @busy;
}

sub all_batches {
	remove_tree('t');
	mkdir 't';
	put('t/a', 0);
	batches('save_in_place', 1, 5, sub { put('t/a', $_[0]) });
	batches('save_by_rename', 1, 5, sub { put('t/a.tmp', $_[0]); rename 't/a.tmp', 't/a' });
	my $save_all = sub { for my $f (1 .. 5) { put("t/f$f", $_[0]); sleep 0.003 } };
	batches('save_all', 1, 5, $save_all);
	# The first save after quiet is let through, as an experiment.
	my @eager = ('--debounce-min', '2ms');
	batches('save_all.eager', 1, 5, $save_all, @eager);
	loaded(sub {
		batches('save_all.loaded', 2, 5, $save_all);
		batches('save_all.eager.loaded', 2, 5, $save_all, @eager);
	});
	two_branches();
	my $checkout = sub { git('checkout', '-q', $_[0] % 2 ? 'one' : 'two') };
	# Where a checkout takes longer than a batch may, that alone cuts it.
	my @long = ('--debounce-max', '10s');
	batches('checkout', 1, 6, $checkout);
	batches('checkout.uncut', 1, 6, $checkout, @long);
	batches('checkout.uncut.eager', 1, 6, $checkout, @long, @eager);
	loaded(sub {
		batches('checkout.loaded', 2, 6, $checkout);
		batches('checkout.uncut.loaded', 2, 6, $checkout, @long);
		batches('checkout.uncut.eager.loaded', 2, 6, $checkout, @long, @eager);
	});
}

# Another program that says when a file was saved, and once at its start.
sub peer {
	my ($name, $command) = @_;
	return if system 'command -v entr >/dev/null';
	put('t/a', 0);
	put('list', "t/a\n");
	start('sh', '-c', $command);
	until_line('saved');
	sample($name, 0, saves('saved', sub { put('t/a', $_[0]) }));
	stop();
}

# Every save has to be told, or a later one of the same file.
sub flat {
	my ($name, $saves, $of, $save, $told) = @_;
	my @at;
	for my $i (1 .. $saves) {
		$save->($i);
		until_line($told) if $i % 100 == 0;
		push @at, [map { of_status($_, 'VmRSS') } $of->()] if $i == $saves / 10 || $i == $saves;
		push @{ $at[-1] }, map { descriptors($_) } $of->() if $i == $saves / 10 || $i == $saves;
	}
	printf "{\"type\":\"sample\",\"name\":\"%s\",\"saves\":%d,\"kib_and_descriptors_at_a_tenth\":[%s],\"at_the_end\":[%s]}\n",
		$name, $saves, map { join ',', @$_ } @at;
}

sub watch {
	ready(1000, 15);
	ready(10_000, 150);
	memory(100, 3);
	memory(10_000, 6);
	losses();
	all_batches();
	remove_tree('t');
	mkdir 't';
	record('watch.save_to_record', 25, 0.1);
	record('watch.save_to_record.eager', 12, 0.6, '--debounce-min', '2ms');
	peer('watch.save_to_record.entr', 'exec entr -ns "echo saved" <list');
	return unless $ENV{LONG};
	start('clnrm-watch', '--debounce', '0s', '--sync-file', 't/sync', 't');
	until_line('^\{"type":"ready"');
	flat('watch.saves', 100_000, sub { $pid }, sub {
		put("t/f$_[0]", $_[0]) if $_[0] % 2;
		unlink 't/f' . ($_[0] - 1);
		put('t/sync', $_[0]) if $_[0] % 100 == 0;
	}, '"sync"');
	stop();
}

sub loop { start('clnrm', 'dev', '--format', 'text', @_) }
sub stages { split ' ', qx(pgrep -P $pid) }

# Two files on two workers against one; and one that is edited meanwhile.
sub overlap {
	my %s;
	for my $n (1, 2, 1, 2, 1, 2) {
		my $from = time;
		system "clnrm run -j 2 slow1.clnrm.toml " . ($n == 2 ? 'slow2.clnrm.toml' : '') . ' >/dev/null';
		push @{ $s{$n} }, time - $from;
	}
	my ($one, $two) = map { (sort { $a <=> $b } @{ $s{$_} })[1] } 1, 2;
	printf "{\"type\":\"sample\",\"name\":\"dev.two_of_one\",\"one_ns\":%d,\"two_ns\":%d,\"ratio\":%.3f,\"limit\":1.1,\"holds\":%s}\n",
		$one * 1e9, $two * 1e9, $two / $one, $two <= 1.1 * $one ? 'true' : 'false';
}

sub dev {
	put('clnrm.conf', '');
	test_file("slow$_.clnrm.toml", 'sleep 2') for 1, 2;
	overlap();
	unlink "slow$_.clnrm.toml" for 1, 2;
	mkdir 't';
	test_file('t/a.clnrm.toml', 'true');
	loop('t');
	until_line('1 passed');
	sample('dev.save_to_verdict', 50, saves('edit to verdict', sub { test_file('t/a.clnrm.toml', "exit 0 # $_[0]") }));
	sample('dev.save_without_effect', 35, saves('no test depends on it', sub { put('README', $_[0]) }));
	if ($ENV{LONG}) {
		flat('dev.saves', 2000, \&stages, sub {
			test_file('t/a.clnrm.toml', $_[0] % 2 ? "exit 0 # $_[0]" : "true # $_[0]");
			until_line('edit to verdict') if $_[0] % 100;
		}, 'edit to verdict');
	}
	stop();
	test_file("t/n$_.clnrm.toml", 'true') for 1 .. 999;
	loop('t');
	until_line('1000 passed');
	sample('dev.one_of_1000', 75, saves('edit to verdict', sub { test_file('t/n500.clnrm.toml', "exit 0 # $_[0]") }));
	stop();
}

$| = 1;
my $what = shift // '';
chdir tempdir(CLEANUP => 1);
$what eq 'watch' ? watch() : $what eq 'dev' ? dev() : die "usage: loop.pl watch|dev\n";
chdir '/';
