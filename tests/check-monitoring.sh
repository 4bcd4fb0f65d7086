#!/bin/sh
# Hold scripts/prometheus and scripts/grafana to the catalogue of metrics:
#   - the dashboards are what src/tools/grafana_gen makes of it;
#   - each metric that a rule names is in it;
#   - each family, but those that only metrics_detail full has, is shown.
# Prints what is wrong; exits with 1 if anything was.
set -eu
LC_ALL=C
export LC_ALL
scripts=${srcdir:-.}/scripts
gen=src/tools/grafana_gen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"./$gen" families >"$work/families"
touch "$work/found"

for board in ringmaster ringmaster-workers; do
	file=scripts/grafana/$board.json
	"./$gen" "$board" >"$work/board"
	cmp -s "$work/board" "$scripts/grafana/$board.json" ||
	    echo "$file is out of date: $gen $board >$file" >>"$work/found"
done

# names FILE...: the metrics in them, by family; words with a colon are
# recording rules.
names() {
	sed 's/#.*//' "$@" | tr -c 'a-zA-Z0-9_:' '\n' |
	    grep -E '^ringmaster_[a-z0-9_]+$' | awk '
	NR == FNR {
		kind[$1] = $2
		next
	}
	{
		family = $0
		sub(/_(bucket|sum|count)$/, "", family)
		print kind[family] == "histogram" ? family : $0
	}' "$work/families" - | sort -u
}

names "$scripts"/prometheus/*.yml >"$work/rules"
names "$scripts"/grafana/*.json >"$work/boards"
cut -d' ' -f1 "$work/families" | sort >"$work/known"
grep -v ' full$' "$work/families" | cut -d' ' -f1 | sort >"$work/usual"

comm -13 "$work/known" "$work/rules" |
    sed 's/$/ is in the rules, but no metric/' >>"$work/found"
comm -23 "$work/usual" "$work/boards" |
    sed 's/$/ is a metric, but on no dashboard/' >>"$work/found"

cat "$work/found"
! [ -s "$work/found" ]
