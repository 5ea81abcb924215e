#!/bin/sh
# Rebuilds the compiled samples from the C files beside them. Needs clang (Debian: clang, libbpf-dev, linux-libc-dev).
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang}
command -v "$clang" >/dev/null || clang=clang-14
for source in *.bpf.c; do
    "$clang" -O2 -g -target bpf -mcpu=v3 -Wall -Werror \
        -fdebug-prefix-map="$PWD"=. -fdebug-compilation-dir=. \
        -I/usr/include/"$(uname -m)"-linux-gnu -c "$source" -o "${source%.c}.o"
    llvm-strip -g "${source%.c}.o" 2>/dev/null || llvm-strip-14 -g "${source%.c}.o"
done
