# What scripts/run and scripts/test share: messages, packages, building.
# Sourced by bash, with the project's folder as working directory.

# A bare system has no other locale than C; messages are compared in it.
export LC_ALL=C.UTF-8

build_packages=(
	autoconf automake gcc libc6-dev make pkg-config
	libbrotli-dev libcairo2-dev libcrypt-dev libjansson-dev libncurses-dev
	libpango1.0-dev liburing-dev libpcre2-dev libssl-dev libprotobuf-c-dev
	libprotobuf-dev libzstd-dev protobuf-c-compiler protobuf-compiler
	zlib1g-dev zopfli
	fonts-dejavu-core fonts-inter
)

say() {
	printf '%s: %s\n' "${0##*/}" "$*"
}

die() {
	say "$*" >&2
	exit 1
}

package_installed() {
	[[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]
}

# Run a command as root: as we are, or through sudo.
as_root() {
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root for: $*" \
		    $'\n''Run that as root, or install sudo, and start again.'
	fi
}

# Install those of the packages that are missing, after saying so.
need_packages() {
	local package missing=()

	command -v dpkg-query >/dev/null ||
		die "this is no Debian; install the counterparts of: $*"
	for package in "$@"; do
		package_installed "$package" || missing+=("$package")
	done
	((${#missing[@]})) || return 0

	say "installing with apt-get: ${missing[*]}"
	as_root apt-get -q update ||
		say "apt-get update failed; going on with the old lists" >&2
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
		--no-install-recommends "${missing[@]}"
}

# What the page takes from npm, by the exact versions and hashes of the lock
# file. A distributed source brings the copies along.
need_page_packages() {
	[[ -e .git ]] || return 0
	[[ html/node_modules/.package-lock.json -nt html/package-lock.json ]] &&
		return
	command -v npm >/dev/null || need_packages npm
	say "fetching what html/package-lock.json lists, with npm"
	npm ci --prefix html --ignore-scripts --no-audit --no-fund
}

# configure_in DIR [CONFIGURE-ARGUMENT...]: unless it is.
configure_in() {
	local dir=$1 top=$PWD
	shift

	[[ -e configure ]] || autoreconf -i || return
	mkdir -p "$dir" || return
	[[ -e $dir/Makefile ]] || (cd "$dir" && "$top/configure" -q "$@")
}

# build_in DIR [CONFIGURE-ARGUMENT...]: configure DIR unless it is, and make.
build_in() {
	configure_in "$@" &&
		make -C "$1" -j"$(nproc)" --no-print-directory
}
