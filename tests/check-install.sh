#!/bin/sh
# Install into an empty folder and look at what is there:
#   - the configuration tests well, with its paths moved to that folder;
#   - each program has a manual page, which is where programs look for it;
#   - a second install leaves a changed configuration alone;
#   - uninstall leaves that, and nothing else.
# Prints what is wrong; exits with 1 if anything was.
set -eu
LC_ALL=C
export LC_ALL
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root prefix=$work/prefix
bad=0

wrong() {
	echo "$*"
	bad=1
}

# install_as TARGET: to where a distribution has things.
install_as() {
	"${MAKE:-make}" -s "$1" DESTDIR="$root" prefix=/usr \
	    exec_prefix=/usr sysconfdir=/etc localstatedir=/var \
	    runstatedir=/run >"$work/log" 2>&1 || {
		cat "$work/log"
		exit 1
	}
}

install_as install
(cd "$root" && find . -type f -o -type d -empty) | sort >"$work/files"

for file in etc/ringmaster/conf.d/default.conf etc/ringmaster/mime.types \
    etc/ringmaster/ringmaster.conf run/ringmaster \
    usr/include/ringload.h usr/lib/libringload.a \
    usr/lib/pkgconfig/ringload.pc usr/sbin/ringmaster \
    usr/share/doc/ringmaster/README.md \
    usr/share/ringmaster/docker/seccomp.json \
    usr/share/ringmaster/grafana/ringmaster.json \
    usr/share/ringmaster/html/index.html \
    usr/share/ringmaster/prometheus/ringmaster.rules.yml \
    usr/share/ringmaster/proto/metrics.proto \
    var/cache/ringmaster var/lib/ringmaster var/log/ringmaster; do
	grep -qxF "./$file" "$work/files" || wrong "not installed: /$file"
done

for program in "$root"/usr/bin/* "$root"/usr/sbin/*; do
	name=${program##*/}
	ls "$root"/usr/share/man/man[18]/"$name".[18] >/dev/null 2>&1 ||
	    wrong "$name has no manual page"
done

# The same files below -p's folder, with no port that may be taken.
mkdir -p "$prefix/logs"
cp -R "$root/etc/ringmaster" "$prefix/conf"
find "$prefix/conf" -name '*.conf' -exec sed -i \
    -e "s,[^ ]*/log/ringmaster/,logs/,; s,[^ ]*/conf.d/,conf.d/," \
    -e "s,listen  *\[.*,,; s,listen  *80;,listen unix:$work/socket;," {} +
./ringmaster -p "$prefix" -t >"$work/log" 2>&1 || {
	wrong "the installed configuration has a fault:"
	cat "$work/log"
}

echo '# mine' >>"$root/etc/ringmaster/ringmaster.conf"
install_as install
grep -qx '# mine' "$root/etc/ringmaster/ringmaster.conf" ||
    wrong "a changed configuration was overwritten"

install_as uninstall
(cd "$root" && find . -type f -o -path '*ringmaster*') | sort >"$work/left"
printf '%s\n' ./etc/ringmaster ./etc/ringmaster/ringmaster.conf |
    cmp -s - "$work/left" || {
	wrong "uninstall left:"
	cat "$work/left"
}
exit $bad
