#!/usr/bin/env bash
# All tests. Installs what they need where it may (Debian, as root), builds, runs every test project, and ends with
#   N passed, N failed, N skipped
# A test that needs what is missing here (the machine's kernel, clang) skips and prints the reason.
set -u
cd "$(dirname "$0")"
configuration=${CONFIGURATION:-Release}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

need() { # command, Debian package
    command -v "$1" >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing $2 (for $1) ..."
        { apt-get update && apt-get install -y --no-install-recommends "$2"; } >/dev/null 2>&1
    fi
    command -v "$1" >/dev/null 2>&1 || echo "$1 is missing: install it (Debian: apt-get install $2), or the tests that need it are skipped."
}

command -v dotnet >/dev/null 2>&1 || { echo "The .NET SDK 10 is missing: https://dot.net"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
need clang clang
need llvm-strip llvm
[ -e /usr/include/bpf/bpf_helpers.h ] || need bpf_helpers.h libbpf-dev

echo "Building ($configuration) ..."
if ! dotnet build WebBpf.sln -c "$configuration" -v q --nologo; then
    echo "The build failed."
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi

passed=0 failed=0 skipped=0
for project in Tests/*/WebBpf.Tests.*.csproj; do
    name=$(basename "$project" .csproj)
    echo
    echo "== $name"
    log=$(mktemp)
    "$(dirname "$project")/bin/$configuration/net10.0/$name" -noColor "$@" 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    # xunit's last lines: "Total: 12, Errors: 0, Failed: 1, Skipped: 2, Not Run: 0, Time: 0.123s"
    line=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1)
    rm -f "$log"
    number() { printf '%s' "$line" | sed -E "s/.*$1: ([0-9]+).*/\1/"; }
    if [ -z "$line" ]; then
        [ "$code" = 0 ] || { echo "$name ended with code $code and no summary."; failed=$((failed + 1)); }
        continue
    fi
    bad=$(($(number Failed) + $(number Errors)))
    [ "$code" = 0 ] || [ "$bad" != 0 ] || bad=1
    failed=$((failed + bad))
    skipped=$((skipped + $(number Skipped)))
    passed=$((passed + $(number Total) - $(number Failed) - $(number Skipped)))
done

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
