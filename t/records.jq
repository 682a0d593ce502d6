# Holds records against clnrm-records(7): a line of output for each thing that
# the manual does not say, or says otherwise.
#
#	jq -Rrn --rawfile man man/clnrm-records.7 -f t/records.jq FILE ...
#
# With --arg examples 1 the input is the manual, and its examples are held.

# What stands in the manual: {TYPE: [{path, want, optional}]}.
def manual:
	reduce ($man | split("\n")[]) as $line ({at: null, types: {}};
		if $line | startswith(".Ss ") then
			.at = $line[4:] | .types[.at] = []
		elif $line == ".It Em key" then
			.types[.at] += .types["The key"]
		elif .at and ($line | test("^\\.It Cm \\S+ (Op )?Ar ")) then
			.types[.at] += [$line | capture(
				"^\\.It Cm (?<path>\\S+) (?<op>Op )?Ar (?<want>\\S+)$")
				| {path, want, optional: (.op != null)}]
		elif $line == ".Sh CODES" then .at = null
		else . end)
	| .types | del(.["The key"], .["Types of members"]);

# The same as trees: {want, optional, members: {NAME: ...}, items: ...}.
def tree:
	reduce .[] as $m ({members: {}};
		($m.path | gsub("\\[\\]"; ".[]") | split(".")
			| map(if . == "[]" then ["items"] else ["members", .] end)
			| add) as $at
		| setpath($at; (getpath($at) // {}) + ($m | {want, optional})));

def digits(n): type == "string" and test("^[0-9a-f]{\(n)}$");
def is_whole: type == "number" and . == floor;
def has_names(names): type == "object" and keys == (names | sort);

# Is the value of the type that the manual names in one word?
def fits($word):
	if $word | endswith("[]") then
		type == "array" and all(.[]; fits($word[:-2]))
	elif $word == "any" then true
	elif ["string", "number", "boolean", "null"] | index($word) then type == $word
	elif $word == "integer" then is_whole
	elif $word == "id" then digits(16)
	elif $word == "trace" then digits(32)
	elif $word == "sha256" then digits(64)
	elif $word == "time" then type == "string" and test("^[0-9]{1,20}$")
	elif $word == "code" then type == "string" and test("^[EW][0-9]{3}$")
	elif $word == "empty" then . == ""
	elif $word == "map" or $word == "object" then type == "object"
	elif $word == "place" then type == "array" and length == 3
		and (.[0] | type == "string") and all(.[1:][]; is_whole)
	elif $word == "bound" then has_names(["gte", "lte", "eq"])
		and all(.[]; . == null or is_whole)
	else . == ($word | ltrimstr("\\(dq") | rtrimstr("\\(dq"))
	end;

# What is wrong with the value at $path, a line each.
def wrong($node; $path):
	. as $v
	| if $node.want and all($node.want | split("|")[]; . as $w | $v | fits($w) | not) then
		"\($path) is no \($node.want): \($v | tojson | .[:60])"
	elif ($v | type) == "array" and $node.items then
		range($v | length) as $i | $v[$i] | wrong($node.items; "\($path)[\($i)]")
	elif ($v | type) == "object" and ($node.members | length > 0) then
		(($v | keys_unsorted[]) as $k
			| ($node.members[$k] // $node.members["*"]) as $m
			| if $m then $v[$k] | wrong($m; "\($path).\($k)")
			else "\($path).\($k) is not in the manual" end),
		(($node.members | to_entries[]) as $m
			| select($m.key != "*" and ($m.value.optional | not)
				and ($v | has($m.key) | not))
			| "\($path).\($m.key) is missing")
	else empty end;

# The items of a list of objects have members, but no word of their own.
def finished:
	walk(if type == "object" and has("items")
		then .items.want //= null else . end);

def wrong_line($types):
	. as $line
	| (try fromjson catch null) as $v
	| if ($v | type) != "object" then "no JSON object: \($line[:60])"
	elif ($v | keys_unsorted[0]) != "type" then "\"type\" is not the first member"
	elif $types[$v.type] | not then "the type \($v.type) is not in the manual"
	else $v | del(.type) | wrong($types[$v.type]; $v.type) end;

(manual | map_values(tree | finished)) as $types
| if $ARGS.named.list then $types | keys[]
else foreach inputs as $line ({n: 0};
		.n += 1 | .line = $line;
		.n as $n | .line
		| if $ARGS.named.examples then
			select(startswith("{\"type\"")) | gsub("\\\\e"; "\\")
		else . end
		| select(. != "")
		| wrong_line($types) | "\($n): \(.)")
end
