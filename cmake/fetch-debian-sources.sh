#!/usr/bin/env bash
# fetch-debian-sources.sh PACKAGE=VERSION SHA256 DIR
# Downloads the upstream tarball of a Debian source package, checks its SHA-256 and unpacks it into DIR without its
# top-level folder. Uses an apt state of its own beside the system's: nothing on the machine is changed, no root needed.
set -euo pipefail

package=${1:?PACKAGE=VERSION} sha256=${2:?SHA256} target=${3:?DIR}
suites=(trixie forky sid) # the pins are trixie's; the others still know them when trixie's index has moved on
cache=${RESNET50_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/resnet50-wasm}/sources
mkdir -p "$cache" "$target"

# The upstream tarball's name has no epoch and no Debian revision: zlib=1:1.3-1 -> zlib_1.3.orig.tar.*
version=${package#*=} version=${version#*:}
stem=${package%%=*}_${version%-*}.orig.tar

find_tarball() {
  local file
  for file in "$cache/$stem".*; do
    [ -f "$file" ] && echo "$sha256  $file" | sha256sum --check --quiet >/dev/null 2>&1 && echo "$file" && return 0
  done
  return 1
}

download() {
  local apt=$cache/apt uri key
  uri=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
    awk '/^URIs:/ && !/security/ { print $2; exit } /^deb / && !/security/ { for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { print $i; exit } }')
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -n "$uri" ] || { echo "no Debian archive is named in /etc/apt" >&2; return 1; }
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  printf "deb-src [signed-by=$key] $uri %s main\n" "${suites[@]}" >"$apt/sources.list"
  local options=(-qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Acquire::Retries=3
    -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1)
  # An index younger than a day is good enough for pinned versions.
  if [ -z "$(find "$apt/lists" -name '*Sources*' -mtime -1 -print -quit)" ]; then apt-get "${options[@]}" update; fi
  # Mirrors without the .dsc or the packaging still have the upstream tarball, which is all that is needed: the exit
  # status says nothing here, the checksum does.
  (cd "$cache" && apt-get "${options[@]}" source --download-only "$package") >"$apt/log" 2>&1 || true
}

tarball=$(find_tarball) || { download && tarball=$(find_tarball); } || {
  echo "$package: no tarball with SHA-256 $sha256 could be downloaded" >&2
  exit 1
}
# XNNPACK's tarball has no top-level folder, all others have one.
case $(tar -tf "$tarball" | cut -d/ -f1 | sort -u | wc -l) in 1) strip=1 ;; *) strip=0 ;; esac
tar -xf "$tarball" -C "$target" --strip-components=$strip
