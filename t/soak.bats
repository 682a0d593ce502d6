#!/usr/bin/env bats
# Very many scenarios, one after the other and at once, share nothing and leave
# nothing. SOAK=10000 makes it that many; `make soak`.
load helper

of() {
	jq -r --arg t "$1" "select(.type == \$t) | $2" | sed '/^$/d'
}

# A place that users may read, with the programs.
setup() {
	unset CLNRM_ALLOW_DEGRADED
	need_namespaces
	command -v perl >/dev/null || cannot "no perl"
	dir=$(mktemp -d /tmp/clnrm-soak.XXXXXX)
	chmod 755 "$dir"
	cd "$dir" || exit 1
	cp "$BIN"/clnrm-render "$BIN"/clnrm-lint "$BIN"/clnrm-exec .
	mkdir -m 1777 tmp
	touch clnrm.conf
	export TMPDIR=$dir/tmp
}

teardown() {
	rm -rf "$dir"
}

plan() {
	./clnrm-render t.clnrm.toml | ./clnrm-lint -
}

# The command "$@" as one who has no rights.
as_user() {
	[ "$(id -u)" = 0 ] || cannot "not root"
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		env HOME=/nonexistent "$@"
}

# Twenty scenarios: quick ones, some that print, fail, or leave a child behind.
make_twenty() {
	printf '[meta]\nname = "t"\nversion = "1"\n' >t.clnrm.toml
	for i in 1 2 3 4 5; do
		cat <<-T
		[[scenario]]
		name = "quick $i"
		run = "true"
		[[scenario]]
		name = "prints $i"
		run = "seq 1000; touch made"
		[[scenario]]
		name = "fails $i"
		run = "exit 3"
		[[scenario]]
		name = "leaves a child $i"
		run = "setsid sleep 41761 & sleep 0"
		T
	done >>t.clnrm.toml
	plan >plan
}

# Many of them as "$@"; the numbers are in ./held.
hold() {
	many=${SOAK:-300}
	make_twenty
	"$@" timeout 3600 perl "$ROOT/t/soak.pl" plan "$many" \
		./clnrm-exec -j 4 --loose - >held
	cat held
	# Three plans more warm it up; of four scenarios one fails.
	grep -qx "status ok $(((many + 60) * 3 / 4))" held
	grep -qx "status failed $(((many + 60) / 4))" held
	for what in runner-descriptors runner-mounts spawner-descriptors \
		spawner-mounts temporary; do
		awk -v w=$what '$1 == w { exit $2 != $3 }' held
	done
	# Others come and go, and what is freed may be kept for a while.
	[ -n "${SAN-}" ] || awk '/-kib /{ if ($3 > $2 + 1500) exit 1 }' held
	awk '$1 == "namespaces" || $1 == "networks" { if ($3 > $2 + 40) exit 1 }' held
	is_gone 'sleep 41761'
}

@test "many scenarios in one stream leave all as it was" {
	hold env
}

@test "many scenarios in one stream leave all as it was, of a user" {
	hold as_user
}

@test "sixteen scenarios at once bind the same port, and each meets its own" {
	cat >serve.pl <<-'P'
	use IO::Socket;
	my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1:7777')
		or die "bind: $!";
	if (!fork) {
		my $c = $s->accept;
		print $c "$ENV{CLNRM_SCENARIO}\n";
		exit;
	}
	select undef, undef, undef, 0.5;
	my $c = IO::Socket::INET->new('127.0.0.1:7777') or die "connect: $!";
	print <$c>;
	P
	printf '[meta]\nname = "t"\nversion = "1"\n' >t.clnrm.toml
	for i in $(seq 16); do
		printf '[[scenario]]\nname = "s%d"\nrun = "perl serve.pl"\n' "$i"
	done >>t.clnrm.toml
	plan >plan
	for who in env as_user; do
		[ $who = env ] || [ "$(id -u)" = 0 ] || continue
		$who ./clnrm-exec -j 16 plan >out
		[ "$(of scenario.end .status <out | sort | uniq -c | xargs)" = "16 ok" ]
		[ "$(of step '.scenario + " " + .stdout' <out | awk '$1 != $2' | wc -l)" = 0 ]
	done
}

@test "a port that one scenario leaves in TIME_WAIT is free in the next" {
	# The server is the first to close, and binds without SO_REUSEADDR.
	cat >serve.pl <<-'P'
	use Socket;
	socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
	bind($s, pack_sockaddr_in(7777, INADDR_LOOPBACK)) or die "bind: $!";
	listen($s, 1);
	socket(my $c, PF_INET, SOCK_STREAM, 0) or die;
	connect($c, pack_sockaddr_in(7777, INADDR_LOOPBACK)) or die "connect: $!";
	accept(my $a, $s);
	close $a;
	sysread $c, my $end, 1;
	P
	{
		printf '[meta]\nname = "t"\nversion = "1"\n'
		for i in $(seq 8); do
			printf '[[scenario]]\nname = "s%d"\nrun = "perl serve.pl"\n' "$i"
		done
		printf '[[scenario]]\nname = "twice"\nrun = "perl serve.pl && perl serve.pl"\n'
	} >t.clnrm.toml
	plan >plan
	./clnrm-exec -j 1 plan >out
	[ "$(of scenario.end .status <out | sort | uniq -c | xargs)" = "1 failed 8 ok" ]
	of 'step' 'select(.scenario == "twice") | .stderr' <out |
		grep -q 'bind: Address already in use'
}
