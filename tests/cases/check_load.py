"""check_load.py SHAPE EXPORT.jsonl [N STEP]: what chimera load recorded against a stub of 20 ms and 2 ms gaps."""
import json
import sys

shape, path = sys.argv[1:3]
rows = [json.loads(line) for line in open(path)]
for r in rows:
    assert r["outcome"] == "ok", r["outcome"]
    assert r["session"] is not None and r["agent"] == "load" and r["stage"] == "load"
    s = r["stamps_ns"]
    order = [s[k] for k in ("planned", "sent", "first_byte", "first_chunk", "first_token", "last_token", "done")]
    assert order == sorted(order), order
    assert s["first_token"] - s["sent"] >= 20e6, "a token came before the server sent it"
    assert s["last_token"] - s["sent"] >= 20e6 + (r["completion_tokens"] - 1) * 2e6, "the last token came too early"
assert [r["seq"] for r in rows] == list(range(len(rows)))

warm = [r for r in rows if "warmup" in r["flags"]]
rows = [r for r in rows if "warmup" not in r["flags"]]
planned = [r["stamps_ns"]["planned"] for r in rows]
assert not warm or max(r["stamps_ns"]["planned"] for r in warm) < min(planned), "a warm-up inside the window"
if shape == "trace":
    assert [(r["prompt_tokens"], r["completion_tokens"]) for r in rows] == [(20, 8), (30, 4)]
    assert planned[1] - planned[0] == 100_000_000, planned  # twice the speed
    sys.exit(0)

if shape == "rows":
    assert len(rows) == int(sys.argv[3])
    for i, r in enumerate(rows):
        assert (r["prompt_tokens"], r["completion_tokens"]) == [(20, 8), (30, 4)][i % 2]
    sys.exit(0)
if shape == "texts":
    bodies = [json.loads(r["prompt"])["messages"] for r in rows]
    assert [len(b) for b in bodies] == [1, 3, 1], bodies
    assert [b[-1]["content"].split("\n")[-1] for b in bodies] == ["What is a load?", "And then?", "Hm?"]
    assert bodies[1][1] == {"role": "assistant", "content": rows[0]["text"]}, bodies[1]
    assert not any("RECORDED" in r["prompt"] for r in rows)
    sys.exit(0)
if shape == "talk":
    n, turns = int(sys.argv[3]), int(sys.argv[4])
    talks = {}
    for r in rows:
        talks.setdefault(r["session"], []).append(r)
    assert sorted(talks) == list(range(n)), sorted(talks)
    for talk in talks.values():
        assert [r["turn"] for r in talk] == list(range(turns))
        for a, b in zip(talk, talk[1:]):
            assert b["stamps_ns"]["planned"] == a["stamps_ns"]["done"] + 15_000_000
            assert b["prompt_tokens"] >= a["prompt_tokens"] + a["completion_tokens"] + 16
    sys.exit(0)

n, step = int(sys.argv[3]), int(sys.argv[4])
assert bool(warm) == ("warm" in path)
if len(sys.argv) > 5:
    assert len(warm) == int(sys.argv[5]), len(warm)
assert len(rows) == n, len(rows)
assert all(r["prompt_tokens"] == 16 and r["completion_tokens"] == 8 for r in rows)
if shape == "open":
    planned.sort()  # threads number their requests as they build them, ahead of their times
    assert all(planned[i] - planned[0] == i * step for i in range(n)), "the schedule was not kept"
else:
    rows += warm
    planned = [r["stamps_ns"]["planned"] for r in rows]
    events = sorted([(p, 1) for p in planned] + [(r["stamps_ns"]["done"], -1) for r in rows])
    most = now = 0
    for _, d in events:
        now += d
        most = max(most, now)
    assert most == step, f"{most} in flight, not {step}"
