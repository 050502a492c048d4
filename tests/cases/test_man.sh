#!/usr/bin/env bash
# The manual pages of the build: each command and each option of the help is in them, and roff has nothing to complain of.
. "$(dirname "$0")/../real/lib.sh"

for program in chimera chimera-engine; do
    page=$CHIMERA_BIN/man/$program.1
    [ -s "$page" ] || fail "no $page"
    grep -q "^$program"' \\- .' "$page" || fail "$page has no NAME"
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W warning "$page" >lint || { cat lint; fail "mandoc: $page"; }
    fi
    if command -v groff >/dev/null; then
        groff -K utf8 -man -ww -Tutf8 "$page" 2>warnings >shown || fail "groff: $page"
        [ ! -s warnings ] || { cat warnings; fail "groff complains of $page"; }
    fi
done

sed 's/\\-/-/g' "$CHIMERA_BIN/man/chimera.1" >page
count=0
for command in $("$chimera" help | awk '/^  [a-z]+ / && !done { print $1 } /^exit codes/ { done = 1 }'); do
    sed -n "/^\.SS $command\$/,/^\.S[SH] /p" page | tail -n +2 >section
    [ -s section ] || fail "$command has no section"
    for option in $("$chimera" "$command" --help | grep -oE '^  (-[a-z], )?--[a-z0-9-]+' | grep -oE -- '--.*'); do
        grep -qE -- "^\.B (-[a-z], )?$option( |\$)" section || fail "$command $option is not in the page"
        count=$((count + 1))
    done
done
[ $count -gt 100 ] || fail "only $count options"
"$CHIMERA_BIN/chimera-engine" --help | grep -oE '^  (-[a-z]+, )?--[a-z0-9-]+' | grep -oE -- '--.*' | while read -r option; do
    sed 's/\\-/-/g' "$CHIMERA_BIN/man/chimera-engine.1" | grep -qE -- "^\.B (-[a-z]+, )?$option( |\$)" || fail "$option"
done || exit 1
echo ok
