"""round_trip.py FORMAT FIRST AGAIN: FIRST was exported, imported, and exported again as AGAIN: every member is the same, but for
those below, which the format cannot carry back."""
import json
import math
import re
import sys

# What a file does not hold of a run, or holds as a label only. Paths as regular expressions.
MAY_DIFFER = {
    "vllm": [r"chimera_(version|run|verdict)"],
    "aiperf-records": [
        r"metadata/conversation_id",  # a label; sessions are not told apart
        r"metadata/session_num",  # the number of the line
    ],
    "guidellm": [
        r"metadata/.*",
        r"config/spec/backend/target",
        r"config/spec/data/.*",  # lengths asked for
        r"benchmarks/\d+/config/(id_|run_id|environment/.*)",
        r"benchmarks/\d+/requests/.*/(request_id|conversation_id)",
        r"benchmarks/\d+/requests/.*/timings/(token_iterations|last_request_iteration)",  # counted, and its last chunk
        # of chunks, which it does not keep; they also stand for tokens where the server told no count
        r"benchmarks/\d+/metrics/(inter_token_latency_ms|time_per_output_token_ms|output_token_count|total_token_count)/"
        r"(errored|incomplete|total)/.*",
        r"benchmarks/\d+/metrics/(iter_tokens_per_iteration|output_tokens_per_iteration)/.*",
        r"benchmarks/\d+/metrics/(output_)?tokens_per_second/.*",
        r"benchmarks/\d+/metrics/(prompt_tokens|requests)_per_second/.*/(std_dev|variance|percentiles/.*|m..|median|mode)",
        r"benchmarks/\d+/metrics/.*/mode",  # of times that all differ: whichever two round alike
        # events within 0.1 ms are one there: a quarter of a microsecond may decide
        r"benchmarks/\d+/metrics/request_concurrency/.*/(std_dev|variance|percentiles/.*|m..|median|mode|mean|total_sum)",
    ],
    "llama-bench": [r"\d+/(build_commit|cpu_info)"],  # the arm; of the host
}
# Its times are a quarter of a microsecond apart, and the first file's statistics are of the times before that rounding.
NEAR = {"guidellm": (1e-6, 1.5e-3)}  # relative, absolute


def flat(value, path=""):
    if isinstance(value, dict):
        for k, v in value.items():
            yield from flat(v, f"{path}/{k}" if path else k)
    elif isinstance(value, list):
        yield f"{path}/length", len(value)
        for i, v in enumerate(value):
            yield from flat(v, f"{path}/{i}" if path else str(i))
    else:
        yield path, value


def same(tool, path, a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(a, bool):
        relative, absolute = (0, 0) if "/timings/" in path or "_ns" in path else NEAR.get(tool, (1e-12, 0))
        if path.endswith("/total_sum"):  # so many roundings
            relative = max(relative, 1e-4 if relative else 0)
        if path.endswith("/variance"):
            a, b = math.sqrt(a), math.sqrt(b)
        return a == b or math.isclose(a, b, rel_tol=relative, abs_tol=absolute)
    return a == b


def read(tool, path):
    text = open(path, encoding="utf-8").read()
    return [json.loads(line) for line in text.splitlines()] if tool == "aiperf-records" else json.loads(text)


def main(tool, first, again):
    a, b = (dict(flat(read(tool, path))) for path in (first, again))
    missing = object()
    wrong = [
        f"{path}: {a.get(path, '(absent)')} is now {b.get(path, '(absent)')}"
        for path in sorted(a.keys() | b.keys())
        if not same(tool, path, a.get(path, missing), b.get(path, missing))
        and not any(re.fullmatch(rf"(\d+/)?{p}", path) for p in MAY_DIFFER[tool])
    ]
    if wrong:
        sys.exit("\n".join(wrong[:20]) + f"\n{len(wrong)} of {len(a)} members of {first} did not come back")
    print(tool, len(a), "members,", sum(a[p] == b.get(p, missing) for p in a), "the same")


main(*sys.argv[1:])
