"""vllm_reads.py SERVE.PY PLOT.PY FILE: run with NumPy alone. vLLM's own code, cut out of its benchmarks/serve.py and plot.py,
makes the statistics and the bars of its timeline from the lists of FILE; the statistics are those that FILE gives."""
import ast
import dataclasses
import json
import math
import sys
import types
import warnings

import numpy as np

serve, plot, path = sys.argv[1:]
space = dict(np=np, warnings=warnings, dataclass=dataclasses.dataclass, TERM_PLOTLIB_AVAILABLE=False,
             MILLISECONDS_TO_SECONDS_CONVERSION=1000, __name__=__name__)
for source, names in ((serve, ("BenchmarkMetrics", "calculate_metrics")), (plot, ("construct_timeline_data",))):
    parts = [n for n in ast.parse(open(source).read()).body if getattr(n, "name", None) in names]
    assert len(parts) == len(names), (source, names)
    future = ast.parse("from __future__ import annotations").body
    exec(compile(ast.Module(future + parts, []), source, "exec"), space)

d = json.load(open(path))
outputs = [
    types.SimpleNamespace(success=not error, output_tokens=tokens, prompt_len=prompt, ttft=ttft, itl=itl,
                          latency=ttft + sum(itl), start_time=start, input_audio_duration=0, error=error)
    for error, tokens, prompt, ttft, itl, start in zip(d["errors"], d["output_lens"], d["input_lens"], d["ttfts"],
                                                       d["itls"], d["start_times"], strict=True)
]
metrics, lengths = space["calculate_metrics"]([], outputs, d["duration"], None, [90, 95, 99], {})
assert lengths == d["output_lens"]
want = dataclasses.asdict(metrics)
want |= dict(total_input_tokens=want["total_input"], total_output_tokens=want["total_output"], request_goodput=None)
seen = 0
for key, value in list(want.items()):
    if key.startswith("percentiles_"):
        want |= {f"p{p}_{key[12:]}": v for p, v in value}
for key, value in want.items():
    if key in d and value is not None:
        if not math.isclose(d[key], value, rel_tol=1e-9, abs_tol=1e-9):
            sys.exit(f"{key}: written {d[key]}, vLLM says {value}")
        seen += 1
assert seen >= 28, seen
bars = space["construct_timeline_data"](
    [dict(start_time=o.start_time, ttft=o.ttft, itl=o.itl, latency=o.latency, prompt_len=o.prompt_len,
          output_tokens=o.output_tokens) for o in outputs if o.success], [0.025, 0.05], ["a", "b", "c"])
assert len(bars) == sum(1 + len(o.itl) for o in outputs if o.success), len(bars)
print(len(outputs), "requests,", seen, "numbers,", len(bars), "bars")
