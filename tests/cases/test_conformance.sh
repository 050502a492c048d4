#!/usr/bin/env bash
# chimera selftest: the client against tests/conformance, files of vectors, and what the command says when something is wrong.
. "$(dirname "$0")/../real/lib.sh"
cases=$CHIMERA_SRC/tests/conformance

"$chimera" selftest conformance "$cases" || fail "the client does not conform"
[ "$(ls "$cases" | grep -cv '\.case$')" -eq 0 ] || fail "tests/conformance holds something that is no case"

check 0 'example:' selftest --help
check 2 'usage: chimera selftest conformance' selftest
check 2 'usage: chimera selftest conformance' selftest conformanse
check 0 '[0-9]{3} passed, 0 failed, 0 of functions not built in' selftest vectors "$CHIMERA_SRC/tests/vectors/own-vectors.json"
check 3 'cannot open' selftest vectors nowhere.json
echo '{}' >empty.json
sed 's/"p": 0.8}/"p": 0.81}/' "$CHIMERA_SRC/tests/vectors/own-vectors.json" >off.json
check 1 'FAIL ks.01: p: got 0.8' selftest vectors off.json
check 2 'no array of 1' selftest vectors empty.json
check 3 'give the folder' selftest conformance
check 2 "did you mean 'drip'" selftest conformance --case dripp "$cases"
check 0 '1 of 1 cases as expected' selftest conformance --case whole-openai "$cases"

# What does not hold is told by its line, all of it, and the exit status is that of a gate.
mkdir wrong
sed 's/^expect text Hello$/expect text Hullo/; s/^expect outcome ok$/expect outcome empty/; s/^expect requests 1$/expect requests 2/' \
    "$cases/whole-openai.case" >wrong/a.case
cp "$cases/drip-fast-enough.case" wrong/b.case
check 1 'FAIL a: line [0-9]+: outcome of request 1: empty expected, got ok' selftest conformance wrong
grep -q "text of request 1: Hullo expected, got 'Hello'" out || fail "the text is not told"
grep -q 'requests of request 1: 2 expected, got 1' out || fail "the requests are not told"
grep -q '1 of 2 cases as expected' out || fail "no summary"
"$chimera" selftest conformance --json wrong >json 2>/dev/null
[ "$(json json '[d["n"], d["failed"], [c["conforms"] for c in d["cases"]]]')" = '[2, 1, [False, True]]' ] || fail "wrong JSON"

# A file that is no case is refused with its place, and so is an expectation that names nothing.
mkdir bad
printf 'why x\nbackend openai\nrequst\n' >bad/a.case
check 2 "a.case:3: no key 'requst'; did you mean 'request'" selftest conformance bad
for line in 'outcome fine' 'flags' 'stamp first_word none' 'stamp done - sent' 'stamp done after noon' 'metric ttfx none' \
    'metric ttft = x' 'chunks words=1' 'status many'; do
    printf 'why x\nbackend openai\nrequest\nclose\nexpect %s\n' "$line" >bad/a.case
    if [ "$line" = flags ]; then check 1 'FAIL a: line 5' selftest conformance bad; else check 2 'a.case:5: ' selftest conformance bad; fi
done
sed -i 's/openai/opnai/' bad/a.case
check 2 "no backend 'opnai'" selftest conformance bad
mkdir none
check 3 'no file that ends with .case' selftest conformance none
echo ok
