"""check_export.py RUN.jsonl FOUR: the other formats, in this folder, against the raw record of the same run; FOUR is the
GuideLLM file of four runs of two arms."""
import json
import math
import statistics
import sys

run = [json.loads(line) for line in open(sys.argv[1])]
good = [r for r in run if r["outcome"] == "ok"]
assert 0 < len(good) < len(run) == 40


def load(name):
    return json.load(open(name + ".json"))


def ms(r, a, b):
    return (r["stamps_ns"][b] - r["stamps_ns"][a]) / 1e6


def close(name, got, want):
    assert math.isclose(got, want, rel_tol=1e-9), f"{name}: {got}, the record says {want}"


def choices(r):
    """Stamps of events with choices: all but the usage event proper and what is none of the answer."""
    at = [c["t_ns"] for c in r["chunks"] if c["kind"] in ("role", "text", "reasoning", "tool", "other", "usage")]
    return at[:-1] if any(c["kind"] == "usage" for c in r["chunks"]) else at


def vllm():
    d = load("vllm")
    assert d["num_prompts"] == 40 and d["completed"] == len(good) and d["failed"] == 40 - len(good)
    assert d["max_concurrency"] == 4 and d["request_rate"] == "inf" and d["model_id"] == "stub"
    for i, r in enumerate(run):
        ok = r["outcome"] == "ok"
        assert d["errors"][i] == "" if ok else d["errors"][i]
        assert d["output_lens"][i] == (r["completion_tokens"] if ok else 0)
        close("start", d["start_times"][i], r["stamps_ns"]["sent"] / 1e9)
        assert d["generated_texts"][i] == (r["text"] or "")
        at = choices(r) if ok else []
        if at:
            close("ttft", d["ttfts"][i], (at[0] - r["stamps_ns"]["sent"]) / 1e9)
            assert len(d["itls"][i]) == len(at) - 1
            close("itl", sum(d["itls"][i]), (at[-1] - at[0]) / 1e9)
    first = [1e3 * t for t, r in zip(d["ttfts"], run) if r["outcome"] == "ok"]
    close("mean_ttft_ms", d["mean_ttft_ms"], statistics.fmean(first))
    close("std_ttft_ms", d["std_ttft_ms"], statistics.pstdev(first))
    close("median_ttft_ms", d["median_ttft_ms"], statistics.median(first))
    start = min(r["stamps_ns"]["sent"] for r in run)
    close("duration", d["duration"], (max(r["stamps_ns"]["done"] for r in run) - start) / 1e9)


def aiperf():
    d = load("aiperf")
    close("ttft", d["time_to_first_token"]["avg"], statistics.fmean(ms(r, "sent", "first_token") for r in good))
    lines = [json.loads(line) for line in open("aiperf-records.json")]
    assert len(lines) == 40 and sum("error" in x for x in lines) == 40 - len(good)
    for x, r in zip(lines, run):
        meta, stamps = x["metadata"], r["stamps_ns"]
        assert meta["request_end_ns"] - meta["request_start_ns"] == stamps["done"] - stamps["sent"]
        assert meta["request_start_ns"] - meta["credit_issued_ns"] == stamps["sent"] - stamps["planned"]
        if r["outcome"] == "ok":
            close("e2e", x["metrics"]["request_latency"]["value"], ms(r, "sent", "last_token"))


def guidellm():
    d = load("guidellm")
    (b,) = d["benchmarks"]
    m = b["metrics"]
    assert m["request_totals"]["successful"] == len(good) == len(b["requests"]["successful"])
    close("latency", m["request_latency"]["successful"]["mean"], statistics.fmean(ms(r, "sent", "done") for r in good) / 1e3)
    tokens = sum(r["completion_tokens"] for r in good)
    assert m["output_token_count"]["successful"]["total_sum"] == tokens


def four_runs():
    d = json.load(open(sys.argv[2]))
    kinds = [b["config"]["strategy"] for b in d["benchmarks"]]
    assert sorted(k["type_"] for k in kinds) == ["concurrent", "concurrent", "constant", "constant"]
    assert {k.get("rate") for k in kinds} == {None, 100} and {k.get("streams") for k in kinds} == {None, 4}
    assert [b["config"]["id_"] for b in d["benchmarks"]] == ["1", "2", "3", "4"]


def inference_perf():
    d = load("inference-perf")
    ok = d["successes"]
    assert ok["count"] == len(good) and d["failures"]["count"] == 40 - len(good)
    close("e2e", ok["latency"]["request_latency"]["mean"], statistics.fmean(ms(r, "sent", "done") for r in good) / 1e3)
    assert ok["output_tokens"]["total"] == sum(r["completion_tokens"] for r in good)


def llama_bench():
    rows = load("llama-bench")
    prompt, text = rows
    assert (prompt["n_prompt"], prompt["n_gen"], text["n_prompt"], text["n_gen"]) == (16, 0, 0, 8)
    for row, key in ((prompt, "prompt_eval"), (text, "eval")):
        told = sorted(r["server_dur_ns"][key] for r in good)
        assert row["samples_ns"] == told and row["build_commit"] == run[0]["arm"]
        close("avg_ns", row["avg_ns"], statistics.fmean(told))


def chrome_trace():
    open_until = {}
    events = load("chrome-trace")["traceEvents"]
    slices = [e for e in events if e["ph"] == "X"]
    for e in sorted(slices, key=lambda e: (e["pid"], e["tid"], e["ts"], -e["dur"])):
        stack = open_until.setdefault((e["pid"], e["tid"]), [])
        while stack and stack[-1] <= e["ts"] + 1e-6:
            stack.pop()
        assert not stack or e["ts"] + e["dur"] <= stack[-1] + 1e-6, f"does not nest: {e}"
        stack.append(e["ts"] + e["dur"])
    mine = [e for e in slices if e["pid"] == run[0]["run"]]
    assert sum("seq" in e.get("args", {}) for e in mine) == 40
    close("decode", sum(e["dur"] for e in mine if e["name"] == "decode") / 1e3,
          sum(ms(r, "first_token", "last_token") for r in run if r["stamps_ns"]["last_token"]))
    assert {"queue", "prefill", "decode", "tail"} <= {e["name"] for e in mine}


for check in (vllm, aiperf, guidellm, four_runs, inference_perf, llama_bench, chrome_trace):
    check()
