"""Run by GuideLLM's own Python: loads FILE with its reader and recomputes the metrics from the requests with its own code."""
import math
import sys

from guidellm.benchmark.schemas import GenerativeBenchmarksReport
from guidellm.schemas import StatusDistributionSummary as Summary
from guidellm.schemas.base.statistics import PERCENTILE_PROBABILITIES



def weighted(value, weight):
    return None if value is None else (value, weight)


BY_VALUE = {
    "request_latency": lambda r: r.request_latency,
    "request_streaming_iterations_count": lambda r: r.info.timings.request_iterations,
    "prompt_token_count": lambda r: r.prompt_tokens,
    "output_token_count": lambda r: r.output_tokens,
    "total_token_count": lambda r: r.total_tokens,
    "time_to_first_token_ms": lambda r: r.time_to_first_token_ms,
    "time_to_first_output_token_ms": lambda r: r.time_to_first_output_token_ms,
    "time_per_output_token_ms": lambda r: weighted(r.time_per_output_token_ms, r.output_tokens),
    "inter_token_latency_ms": lambda r: weighted(r.inter_token_latency_ms, r.output_tokens and r.output_tokens - 1.0),
    "output_tokens_per_iteration": lambda r: [n for _, n in r.output_tokens_timings],
    "iter_tokens_per_iteration": lambda r: [n for _, n in r.iter_tokens_timings],
}
BY_RATE = {
    "requests_per_second": lambda r: r.request_end_time,
    "prompt_tokens_per_second": lambda r: r.prompt_tokens_timing,
    "output_tokens_per_second": lambda r: r.output_tokens_timings,
    "tokens_per_second": lambda r: r.total_tokens_timings,
}


def close(name, got, want, rel):
    # its times are doubles of seconds since 1970, a quarter of a microsecond apart
    if not math.isclose(got, want, rel_tol=rel, abs_tol=2e-3):
        sys.exit(f"{name}: written {got}, GuideLLM says {want}")


def same(name, got, want, rel, tails=True):
    for fate in ("successful", "errored", "incomplete", "total"):
        ours, theirs = getattr(got, fate), getattr(want, fate)
        fields = ("mean", "std_dev", "min", "max", "total_sum", "count") if tails else ("mean", "count")
        for field in fields:
            close(f"{name}.{fate}.{field}", getattr(ours, field), getattr(theirs, field), rel)
        for p, share in PERCENTILE_PROBABILITIES.items() if tails else ():
            rank = share * theirs.count
            if abs(rank - round(rank)) > 1e-6:  # else the rounding of its running sum decides between two neighbours
                close(f"{name}.{fate}.{p}", getattr(ours.percentiles, p), getattr(theirs.percentiles, p), 0.01)


def check(b):
    lists = dict(successful=b.requests.successful, incomplete=b.requests.incomplete, errored=b.requests.errored)
    for name, of in BY_VALUE.items():
        same(name, getattr(b.metrics, name), Summary.from_values_function(function=of, **lists), 1e-4)
    window = dict(start_time=b.start_time, end_time=b.end_time)
    for name, of in BY_RATE.items():
        # between events of one read a quarter of a microsecond decides over the rate: only the mean is stable
        want = Summary.rate_distribution_from_timings_function(function=of, **lists, **window)
        same(name, getattr(b.metrics, name), want, 1e-3, tails=False)
    want = Summary.concurrency_distribution_from_timings_function(
        function=lambda r: (r.request_start_time, r.request_end_time), **lists, **window)
    same("request_concurrency", b.metrics.request_concurrency, want, 2e-3)
    assert b.metrics.request_totals.total == sum(map(len, lists.values()))
    return sum(map(len, lists.values()))


report = GenerativeBenchmarksReport.load_file(sys.argv[1])
print(sum(check(b) for b in report.benchmarks), "requests in", len(report.benchmarks), "benchmarks")
