#!/usr/bin/env bats
# The tutorial of clnrm(7) is a session: what it shows is what comes.
load helper

# The session as it is typed and printed.
session() {
	sed -n '/^\.Ss A first/,/^\.Ss The security/p' "$ROOT/man/clnrm.7" |
		sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./d; s/\\e/\\/g; p;}'
}

# Times and the names of runs differ.
as_ever() {
	sed -E 's/[0-9]+\.[0-9]+s/0.00s/g; s,runs/[^/]*/,runs/RUN/,; s/ +$//'
}

@test "what the tutorial shows is what comes" {
	need_namespaces
	command -v curl >/dev/null || cannot "no curl"
	rm clnrm.conf
	session | as_ever >told
	# Each command is printed as it was typed, then run.
	session | perl -0777 -ne 'while (/^(\$ .*\n(?:>.*\n)*)/mg) {
		my ($typed, $run) = ($1, $1);
		$run =~ s/^(\$|>) ?//mg;
		print "cat <<\"#\"\n$typed#\n$run";
	}' >script
	run sh script
	diff told <(as_ever <<<"$output")
}
