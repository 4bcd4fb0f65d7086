#!/bin/sh
# Hold src/ to the house rules that a machine can see:
#   - a layer includes only itself and those before it;
#   - a library's header is included in one layer, or one file, only;
#   - no file over 1,000 lines, no line over 80 columns;
#   - no function over 70 lines or with more than 5 parameters
#     (skipped where universal-ctags is not installed).
# Prints file:line: what is wrong; exits with 1 if anything was.
set -eu
LC_ALL=C.UTF-8
export LC_ALL
cd "${srcdir:-.}/src"

files=$(find . -name '*.[ch]' | sed 's,^\./,,' | sort)
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# Each layer with all that it may include besides itself.
check_layers() {
	awk '
	BEGIN {
		left["base"] = ""
		left["ring"] = left["conf"] = "base"
		left["metrics"] = "base ring conf"
		left["http"] = left["stat"] = left["metrics"] " metrics"
		left["modules"] = left["http"] " http"
		apps = left["modules"] " modules"
		left["load"] = apps
		left["report"] = apps " load"
		left["dashboard"] = left["report"] " report"
		left["master"] = left["dashboard"] " dashboard"
		left["tools"] = left["master"] " master stat"
	}
	match($0, /^[ \t]*#[ \t]*include[ \t]*"[a-z]+\//) {
		split(FILENAME, mine, "/")
		split($0, quoted, /["\/]/)
		if (!(mine[1] in left))
			print FILENAME ": is in no known layer"
		else if (quoted[2] in left && quoted[2] != mine[1] &&
		    index(" " left[mine[1]] " ", " " quoted[2] " ") == 0)
			print FILENAME ":" FNR ": " mine[1] \
			    " must not include " quoted[2]
	}' $files
}

# only_in HEADER-PATTERN PLACE-PATTERN
only_in() {
	grep -nE "#[ 	]*include[ 	]*[<\"]$1" $files |
	    grep -vE "^$2" | sed "s,\$, belongs in $2 only," || true
}

# in_one_file HEADER-PATTERN
in_one_file() {
	users=$(grep -lE "#[ 	]*include[ 	]*[<\"]$1" $files || true)
	if [ "$(echo "$users" | wc -w)" -gt 1 ]; then
		echo "$1 is included in more than one file:" $users
	fi
}

check_libraries() {
	only_in 'liburing' ring/
	only_in 'protobuf-c/' metrics/
	in_one_file 'pcre2'
	in_one_file 'openssl/(ssl|evp|crypto)'
	in_one_file 'jansson'
	in_one_file '(cairo|pango)'
	in_one_file '(curses|ncurses|term)\.h'
	only_in 'zlib' '(modules/coder_zlib|report/png)\.c'
}

check_files() {
	for file in $files; do
		if [ "$(wc -l <"$file")" -gt 1000 ]; then
			echo "$file: over 1,000 lines"
		fi
		expand "$file" | awk -v file="$file" 'length($0) > 80 {
			print file ":" NR ": over 80 columns" }'
	done
}

check_functions() {
	ctags --version 2>/dev/null | grep -q 'Universal Ctags' || return 0
	ctags -f - --languages=C --kinds-C=f --fields=+neS --excmd=number \
	    $files | awk -F'\t' '{
		end = parameters = 0
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/)
				line = substr($i, 6) + 0
			if ($i ~ /^end:/)
				end = substr($i, 5) + 0
			if ($i ~ /^signature:/) {
				# Commas of a callback parameter are its own.
				while (gsub(/[(][^()]*[)][(][^()]*[)]/, "", $i))
					;
				parameters = gsub(/,/, ",", $i) + 1
			}
		}
		if (end - line >= 70)
			print $2 ":" line ": " $1 " is " end - line + 1 " lines"
		if (parameters > 5)
			print $2 ":" line ": " $1 " has " parameters " parameters"
	}'
}

{
	check_layers
	check_libraries
	check_files
	check_functions
} >"$found"
sed 's,^,src/,' "$found"
! [ -s "$found" ]
