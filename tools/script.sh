# shellcheck shell=sh disable=SC2034 # those who take this in use what is set
# What the driver and the verbs that are scripts share. The build puts it into
# each of them.

version=@VERSION@
self=${0##*/}

say() {
	printf '%s: %s\n' "$self" "$*" >&2
}

die() {
	status=$1
	shift
	say "$@"
	exit "$status"
}

# Sets $quoted to the word $1 as the shell reads it back.
quote() {
	case $1 in
	'' | *[!A-Za-z0-9_./:=@%+,-]*) ;;
	*)
		quoted=$1
		return
		;;
	esac
	rest=$1 quoted="'"
	while :; do
		case $rest in
		*\'*) quoted="$quoted${rest%%\'*}'\\''" rest=${rest#*\'} ;;
		*) break ;;
		esac
	done
	quoted="$quoted$rest'"
}

# Sets $words to the words "$@" as the shell reads them back.
hand_on() {
	words=''
	for word; do
		quote "$word"
		words="$words $quoted"
	done
}

# Sets $near to the one of the words $2... that $1 is a slip of, as the stages do
# with their options; or to nothing.
nearest() {
	near=''
	[ ${#1} -le 60 ] || return 0
	near=$(printf '%s\n' "$@" | awk '
	function least(x, y) { return x < y ? x : y }
	{
		m = length($0)
		for (j = 1; j <= m; j++) b[j] = substr($0, j, 1)
	}
	NR == 1 {
		n = m
		for (i = 1; i <= n; i++) a[i] = b[i]
		best = int(n / 3) + 2
		next
	}
	{
		for (j = 0; j <= m; j++) d[0, j] = j
		for (i = 1; i <= n; i++) {
			d[i, 0] = i
			for (j = 1; j <= m; j++) {
				c = least(d[i - 1, j], d[i, j - 1]) + 1
				c = least(c, d[i - 1, j - 1] + (a[i] != b[j]))
				if (i > 1 && j > 1 && a[i] == b[j - 1] && a[i - 1] == b[j])
					c = least(c, d[i - 2, j - 2] + 1)
				d[i, j] = c
			}
		}
		if (d[n, m] < best) { best = d[n, m]; found = $0 }
	}
	END { print found }' 2>/dev/null)
}

# The option $1 is none of the words $3...; what is left is told by $2.
unknown_option() {
	what=$1 whose=$2
	shift 2
	nearest "$what" --help --version "$@"
	[ ! "$near" ] || die 2 "unknown option $what; did you mean $near?"
	die 2 "unknown option $what; see $whose"
}

# The stages stand beside this, or else in PATH.
case $0 in
*/*) [ ! -x "${0%/*}/clnrm-exec" ] || PATH=${0%/*}:$PATH ;;
esac

tell_version() {
	printf 'clnrm %s\nrecords: 1\n' "$version"
}

tell_usage() {
	usage
	cat <<-TEXT
	  -h --help                      print this help
	  -V --version                   print the version

	man $self tells the rest.
	TEXT
}

# Reads the words of a verb that is a script: options that are in $known go to
# take(), those with = behind their name with a value; the rest is $operands. The
# script has take() and usage().
options() {
	operands=''
	[ ! "${CLNRM_SHOW_SETTINGS-}" ] || exit 0 # there are none
	while [ $# -gt 0 ]; do
		flag=${1%%=*}
		case $1 in
		-h | --help)
			tell_usage
			exit 0
			;;
		-V | --version)
			tell_version
			exit 0
			;;
		--)
			shift
			hand_on "$@"
			operands=$operands$words
			return
			;;
		-?*)
			case " $known " in
			*" $flag= "*)
				case $1 in
				*=*) value=${1#*=} ;;
				*)
					[ $# -gt 1 ] || die 2 "$flag needs a value"
					value=$2
					shift
					;;
				esac
				take "$flag" "$value"
				;;
			*" $1 "*) take "$1" ;;
			*)
				# shellcheck disable=SC2046,SC2086 # a list of names
				unknown_option "$flag" "$self --help" $(echo $known | tr -d =)
				;;
			esac
			;;
		*)
			quote "$1"
			operands="$operands $quoted"
			;;
		esac
		shift
	done
}

# The test files below the words "$@", a line each.
tests_of() {
	for word; do
		[ -e "$word" ] || die 2 "$word: no such file or directory"
	done
	find "${@:-.}" -path '*/.clnrm' -prune -o -type f \
		\( -name '*.clnrm.toml' -o -name '*.clnrm.toml.tera' \) -print |
		sed 's,^\./,,' | LC_ALL=C sort
}

# The stages that run and judge the tests "$@"; the records go on.
stream() {
	clnrm-render "$@" | clnrm-lint - | clnrm-exec - | clnrm-verify
}

# Makes a directory that goes when this ends, be it by a signal.
scratch() {
	scratch=$(mktemp -d) || exit 3
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
