#!/usr/bin/env bash
# Every study of examples/studies at smoke scale, three with Ollama, too, each of which then verifies, has all of its runs and says
# something of what it varies.
. "$(dirname "$0")/lib.sh"
need "$model"
"$CHIMERA_SRC/tools/studies" "$chimera" "$work/studies" >results 2>log || { cat log; fail "a study"; }
cat log
for study in "$CHIMERA_SRC"/examples/studies/*.yaml; do
    name=$(basename "$study" .yaml)
    grep -q "result: .*/$name.db" results || grep -q "SKIP $name" log || fail "no result of $name"
done
while read -r _ path; do
    "$chimera" verify "$path" >out 2>&1 || { cat out; fail "verify $path"; }
    "$chimera" report "$path" --json >report.json || fail "report $path"
    [ "$(json report.json 'd["study"]["complete"]')" = True ] || fail "$path is not complete"
    [ "$(json report.json 'len(d["answers"]) > 0')" = True ] || fail "$path has no answer"
    case $path in
        *duet.db) key='len(d["blocks"]) == 2' ;;
        *) key='len(d["factors"]) > 0 and len(d["levels"]) > 1' ;;
    esac
    [ "$(json report.json "$key")" = True ] || fail "$path: not $key"
done <results
exit 0
