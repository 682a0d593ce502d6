#!/usr/bin/env bats
# What the shells complete of a command line, asked in each of them.
load helper

setup() {
	[ -z "${SAN-}" ] || skip "scripts are the same without sanitizers"
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
	one_step a.clnrm.toml 'exit 0' </dev/null
}

need() {
	command -v "$1" >/dev/null || cannot "no $1"
}

@test "ux 6.3: verbs, options, tests, tags, codes and recorded traces are completed" {
	one_step a.clnrm.toml 'exit 0' </dev/null
	sed -i '3a tags = ["db", "slow"]' a.clnrm.toml
	words() { clnrm completions --words "$@" | xargs; }
	[ "$(words re)" = "record red-green render report repro" ]
	[ "$(words --re run)" = "--repeat --report --retry" ]
	[ "$(words '' run)" = "a.clnrm.toml" ]
	[ "$(words '' run --filter)" = "db slow" ]
	[ "$(words E20 explain)" = "E201 E202 E203 E204 E205 E206 E207 E208" ]
	[ "$(words --only diff)" = "--only-changes" ]
	mkdir -p .clnrm/baseline/b && touch .clnrm/baseline/b/a.clnrm.toml.ndjson
	[ "$(words '' repro)" = ".clnrm/baseline/b/a.clnrm.toml.ndjson" ]
	[ -z "$(words zzz run)" ]
	for option in $(clnrm completions --words -- run); do
		grep -qE -e "(Fl|,) ${option#-}( |$)" "$ROOT/man/clnrm.1" ||
			grep -qE -e "\| ${option#--}( |$)" "$ROOT/man/clnrm.1" ||
			{ echo "$option"; return 1; }
	done
}

@test "bash completes what is begun" {
	bash -c 'eval "$(clnrm completions bash)"
		line() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
			_clnrm
			echo "${COMPREPLY[*]}"
		}
		line clnrm ver
		line clnrm run --re
		line clnrm run ""' >out
	diff out - <<-'T'
	verify
	--repeat --report --retry
	a.clnrm.toml
	T
}

# Prints what zsh offers after each of the lines $2..., a line each, in a shell
# whose settings have the lines $1.
zsh_offers() {
	cat >.zshrc <<-'Z'
	PS1=
	compadd() {
		local -a offered
		builtin compadd -O offered "$@"
		print -n -- "$offered " >>offers
		builtin compadd "$@"
	}
	ended() {
		zle complete-word
		print >>offers
		zle kill-whole-line
		print -n THE''END
	}
	zle -N ended
	bindkey '^I' ended
	Z
	cat >>.zshrc <<<"$1
	print THE''BEGIN"
	: >offers
	ZDOTDIR=$PWD TERM=dumb timeout 120 zsh -f -c '
		zmodload zsh/zpty
		zpty shell zsh -d -i
		zpty -r shell said "*THEBEGIN*"
		for line; do
			zpty -n -w shell "$line"$'"'\\t'"'
			zpty -r shell said "*THEEND*"
		done
		zpty -d shell' zsh "${@:2}"
	tr -s ' ' <offers
}

@test "zsh completes what is begun, by the installed file and by eval" {
	need zsh
	mkdir functions
	clnrm completions zsh >functions/_clnrm
	for way in 'fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D' \
		'autoload -Uz compinit; compinit -u -D; eval "$(clnrm completions zsh)"'; do
		zsh_offers "$way" 'clnrm ver' 'clnrm run --re' 'clnrm run ' >offered
		mapfile -t lines <offered
		[ "${lines[0]}" = "verify " ]
		[ "${lines[1]}" = "--repeat --report --retry " ]
		[[ " ${lines[2]}" == *" a.clnrm.toml "* ]]
	done
}

@test "fish completes what is begun" {
	need fish
	fish_offers() {
		HOME=$PWD fish --no-config -c \
			"clnrm completions fish | source; complete -C '$1'" | xargs
	}
	[ "$(fish_offers 'clnrm ver')" = verify ]
	[ "$(fish_offers 'clnrm run --re')" = "--repeat --report --retry" ]
	[[ " $(fish_offers 'clnrm run ') " == *" a.clnrm.toml "* ]]
	[[ " $(fish_offers 'clnrm ') " == *" run "* ]]
}

@test "no other shell is known" {
	run -0 clnrm completions zsh
	[[ "${lines[0]}" == "#compdef clnrm" ]]
	run -2 clnrm completions tcsh
	run -2 clnrm completions
}
