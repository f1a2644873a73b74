#!/usr/bin/env bash
# install-toolchain.sh [PREFIX]
# Installs a current Emscripten into a folder of its own, for machines that have no emcc: Debian's newest emscripten with
# exactly its LLVM, binaryen and shared libraries is unpacked under PREFIX, and its programs are told to use the loader
# and libraries found there. The system's libc, python3 and node stay as they are and run Emscripten's scripts.
# Idempotent; needs no root where PREFIX is writable. Prints the folder that holds emcc as its last line.
set -euo pipefail

prefix=${1:-${RESNET50_TOOLCHAIN_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/resnet50-wasm/emscripten}}
# Newest first. trixie's binaryen 120 cannot fold relaxed SIMD constants: good for the SIMD flavours only.
suites=(${EMSCRIPTEN_SUITE:-forky sid trixie})
layout=2 # raise it when what this script installs changes
arch_dir=usr/lib/x86_64-linux-gnu

say() { echo "install-toolchain: $*" >&2; }
fail() { say "$*"; exit 1; }

works() { "$1/bin/emcc" --version >/dev/null 2>&1; }
if [ "$(cat "$prefix/.layout" 2>/dev/null)" = "$layout" ] && works "$prefix"; then
  echo "$prefix/bin"
  exit 0
fi
[ "$(uname -m)" = x86_64 ] || fail "only x86-64 Debian is supported; install emsdk 4.0 or newer and put emcc on the PATH"
command -v apt-get >/dev/null || fail "this system has no apt-get; install emsdk 4.0 or newer and put emcc on the PATH"
command -v python3 >/dev/null || fail "python3 is missing; install it with: apt-get install python3"

python=${EMSDK_PYTHON:-$(python3 -c 'import sys; print(sys.executable)')}
umask 022
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd -P)
work=$prefix/.work
rm -rf "$work"
mkdir -p "$work"/{lists/partial,cache/archives/partial,debs}
trap 'rm -rf "$work"' EXIT

# --- an apt of our own: the system's mirror, another suite, an empty status file -----------------------------------
archive() { # the first non-security archive of the system, as URI and keyring
  cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | awk '
    /^URIs:/ && !/security/ && !uri { uri = $2 }
    /^Signed-By:/ && !key { key = $2 }
    /^deb / && !/security/ && !uri { for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { uri = $i; break } }
    END { print uri, key }'
}
read -r uri key < <(archive)
[ -n "$uri" ] || fail "no Debian archive is named in /etc/apt; install emsdk 4.0 or newer and put emcc on the PATH"
: >"$work/status"
apt_options=(-qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$work"
  -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)"
  -o Debug::NoLocking=1 -o Acquire::Retries=3 -o Acquire::Languages=none -o APT::Architectures=amd64)
show() { apt-cache "${apt_options[@]}" show --no-all-versions "$1" | sed -n 's/^Depends: //p'; }

use_suite() {
  echo "deb ${key:+[signed-by=$key] }$uri $1 main" >"$work/sources.list"
  apt-get "${apt_options[@]}" update && [ -n "$(show emscripten)" ]
}

list_packages() {
  local libclang
  libclang=$(show "clang-$llvm" | grep -o 'libclang-cpp[0-9.]*' | head -1)
  # Programs we run, without their dependencies (compilers for other targets, documentation), and the shared
  # libraries of those that are native, with all of theirs.
  local programs=(emscripten "clang-$llvm" "llvm-$llvm" "libclang-common-$llvm-dev" node-acorn node-typescript patchelf)
  local libraries
  libraries=$(apt-cache "${apt_options[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances binaryen "lld-$llvm" "$libclang" patchelf | grep '^[a-z0-9]' |
    grep -vxE 'libc-gconv-modules-extra|gcc-[0-9]+-base')
  printf '%s\n' "${programs[@]}" $libraries | sort -u
}

download() {
  say "downloading Emscripten from Debian $1"
  llvm=$(show emscripten | grep -o 'clang-[0-9]*' | head -1 | cut -d- -f2)
  [ -n "$llvm" ] || return 1
  mapfile -t packages < <(list_packages)
  (cd "$work/debs" && apt-get "${apt_options[@]}" download "${packages[@]}")
}

unpack() {
  say "unpacking ${#packages[@]} packages into $prefix"
  rm -rf "${prefix:?}/usr" "$prefix/bin" "$prefix/cache" "$prefix/.layout"
  mkdir -p "$prefix/bin" "$prefix/cache"
  local deb
  for deb in "$work"/debs/*.deb; do
    local keep=(--exclude='./etc' --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
      --exclude="./$arch_dir/gconv")
    case $deb in
      */llvm-[0-9]*) keep=(--wildcards "./usr/lib/llvm-$llvm/bin/llvm-*" --exclude='*exegesis*' --exclude='*jitlink*' --exclude='*llvm-lto*' --exclude='*debuginfod*') ;;
    esac
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$prefix" "${keep[@]}"
  done
  # merged /usr: the loader and libc may arrive under /lib and /lib64
  [ -e "$prefix/$arch_dir/ld-linux-x86-64.so.2" ] || fail "the packages of this suite bring no dynamic loader"
}

# Every native program gets the new loader and finds its libraries beside it, whatever the system has.
relocate() {
  local libs=$prefix/$arch_dir loader=$prefix/$arch_dir/ld-linux-x86-64.so.2
  cp "$prefix/usr/bin/patchelf" "$work/patchelf"
  patch_elf() { "$loader" --library-path "$libs" "$work/patchelf" "$@"; }
  is_elf() { [ "$(head -c4 "$1" | tr -d '\0')" = $'\x7fELF' ]; }
  local file
  for file in "$prefix/usr/lib/llvm-$llvm/bin"/* "$prefix/usr/bin"/*; do
    { [ -f "$file" ] && [ ! -L "$file" ] && is_elf "$file"; } || continue
    patch_elf --set-interpreter "$loader" --force-rpath --set-rpath "$libs:$prefix/usr/lib/llvm-$llvm/lib" "$file"
  done
  for file in "$libs"/*.so* "$prefix/usr/lib/llvm-$llvm/lib"/*.so*; do
    { [ -f "$file" ] && [ ! -L "$file" ] && is_elf "$file"; } || continue
    case $file in */ld-linux* | */libc.so* | */libm.so* | */libpthread* | */libdl* | */librt*) continue ;; esac
    # Asked of patchelf: a bare Debian has no readelf.
    if [ -n "$(patch_elf --print-rpath "$file" 2>/dev/null)" ]; then
      patch_elf --force-rpath --set-rpath "$libs:$prefix/usr/lib/llvm-$llvm/lib" "$file"
    fi
  done
}

configure() {
  local emscripten=$prefix/usr/share/emscripten tool module
  # Debian's paths for acorn mean nothing here; Node's own rule finds copies beside Emscripten.
  mkdir -p "$emscripten/node_modules"
  for module in acorn acorn-walk acorn-import-phases; do
    if [ -d "$prefix/usr/share/nodejs/$module" ]; then cp -a "$prefix/usr/share/nodejs/$module" "$emscripten/node_modules/"; fi
  done
  cat >"$emscripten/.emscripten" <<CONFIG
LLVM_ROOT = '$prefix/usr/lib/llvm-$llvm/bin'
BINARYEN_ROOT = '$prefix/usr'
EMSCRIPTEN_ROOT = '$emscripten'
NODE_JS = '$(command -v node)'
CACHE = '$prefix/cache'
LLVM_ADD_VERSION = None
CLANG_ADD_VERSION = None
CONFIG
  for tool in emcc em++ emar emranlib emcmake emconfigure emmake em-config emnm emsize emstrip; do
    { [ -e "$emscripten/$tool.py" ] || [ -e "$emscripten/$tool" ]; } || continue
    cat >"$prefix/bin/$tool" <<LAUNCHER
#!/bin/sh
# The interpreter itself, if it is still there: the first python3 of the PATH may be a shim that takes half a second.
[ -n "\$EMSDK_PYTHON" ] || { [ -x "$python" ] && export EMSDK_PYTHON="$python"; }
EM_CONFIG="$emscripten/.emscripten" exec "$emscripten/$tool" "\$@"
LAUNCHER
    chmod +x "$prefix/bin/$tool"
  done
  for tool in wasm-opt wasm-dis wasm-objdump; do
    if [ -e "$prefix/usr/bin/$tool" ]; then ln -sfn "$prefix/usr/bin/$tool" "$prefix/bin/$tool"; fi
  done
  [ -e "$prefix/usr/lib/llvm-$llvm/bin/wasm-ld" ] || ln -s lld "$prefix/usr/lib/llvm-$llvm/bin/wasm-ld"
}

for suite in "${suites[@]}"; do
  if use_suite "$suite" && download "$suite" && unpack && relocate && configure; then
    "$prefix/bin/emcc" --version | head -1 >&2
    echo "$layout" >"$prefix/.layout"
    echo "$prefix/bin"
    exit 0
  fi
  say "Debian $suite did not work"
done
fail "no suite of Debian gave a working Emscripten; install emsdk 4.0 or newer and put emcc on the PATH"
