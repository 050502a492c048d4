#!/usr/bin/env python3
"""How far is each client's report from what the server did?

Every client gets the same work from the same `chimera stub --log`: so many streams at once, answers of TOKENS chunks at
even gaps. The stub has core 0, the client with all its processes the last core. TTFT and TPOT are read from the client's
own result file; the truth is the stub's log (first text sent - request read; (last - first) / (chunks - 1)). Bias is the
reported quantile minus the true one. `mean streams` and chunks/s come from the log, so that nobody counts for himself.

  compare.py install [NAME…]   the tools, pinned, each into a virtual environment of its own below the cache folder
  compare.py run [--clients A,B] [--loads 8,200,1000] [--rounds N]
                               prints a Markdown table; clients that are not installed are named and left out

To measure a tool of your own, add a row to CLIENTS: its command line and how its result file is read.
Needs two cores and build/release/{chimera,bare_client}; CACHE is $CHIMERA_PEERS or ~/.cache/chimera-peers."""

import argparse, csv, glob, json, os, shutil, signal, statistics, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CACHE = os.environ.get("CHIMERA_PEERS", os.path.expanduser("~/.cache/chimera-peers"))
BUILD = os.path.join(ROOT, "build", "release")
TOKENS = 64
LAST_CORE = str(os.cpu_count() - 1)
# streams: (gap in ms, requests): about ten seconds each for a client that keeps up
LOADS = {8: (5, 192), 200: (20, 1400), 1000: (20, 6000)}
FIRST_MS = 100


def quantile(values, p):
    v = sorted(values)
    return v[min(len(v) - 1, int(p * len(v)))] if v else float("nan")


def report(ttft_ms, tpot_ms):
    """What a client reported, from a value a request."""
    return {"ttft": [quantile(ttft_ms, 0.5), quantile(ttft_ms, 0.99)], "tpot": [quantile(tpot_ms, 0.5), quantile(tpot_ms, 0.99)]}


def load_json(pattern):
    return json.load(open(glob.glob(pattern)[0]))


# ---- the clients: command(url, streams, requests, folder) and read(folder) → report ------------------------------------


def tool(name, program=None):
    return os.path.join(CACHE, name, "bin", program or name)


def chimera_command(url, streams, requests, folder):
    return [os.path.join(BUILD, "chimera"), "load", url, "--backend", "openai", "--model", "stub", "--max-concurrency",
            str(streams), "--num-requests", str(requests), "--input-len", "32", "--output-len", str(TOKENS),
            "-o", folder + "/result.db"]


def chimera_read(folder):
    out = subprocess.run([os.path.join(BUILD, "chimera"), "export", "--format", "csv", folder + "/result.db"],
                         capture_output=True, text=True, check=True).stdout
    rows = list(csv.DictReader(out.splitlines()))
    return report([float(r["ttft [ms]"]) for r in rows], [float(r["tpot [ms]"]) for r in rows])


def bare_command(url, streams, requests, folder):
    return [os.path.join(BUILD, "bare_client"), url.rsplit(":", 1)[1], str(streams), str(requests), str(TOKENS)]


def bare_read(folder):
    d = load_json(folder + "/stdout")
    return report(d["ttft_ms"], d["tpot_ms"])


def aiperf_command(url, streams, requests, folder):
    return [tool("aiperf"), "profile", "-m", "stub", "-u", url, "--endpoint-type", "chat", "--streaming", "--concurrency",
            str(streams), "--request-count", str(requests), "--tokenizer", CACHE + "/tokenizer",
            "--synthetic-input-tokens-mean", "32", "--output-tokens-mean", str(TOKENS), "--artifact-dir", folder,
            "--export-level", "records", "--ui", "none"]


def aiperf_read(folder):
    d = load_json(folder + "/profile_export_aiperf.json")
    return {"ttft": [d["time_to_first_token"]["p50"], d["time_to_first_token"]["p99"]],
            "tpot": [d["inter_token_latency"]["p50"], d["inter_token_latency"]["p99"]]}


def guidellm_command(url, streams, requests, folder):
    return [tool("guidellm"), "run", "--backend", f"kind=openai_http,target={url},model=stub", "--profile",
            f"kind=concurrent,streams={streams}", "--constraint", f"kind=max_requests,count={requests}", "--tokenizer",
            f"kind=huggingface_auto,model={CACHE}/tokenizer", "--data",
            f"kind=synthetic_text,prompt_tokens=32,output_tokens={TOKENS}", "--output", f"kind=json,path={folder}/result.json",
            "--disable-console"]


def guidellm_read(folder):
    m = load_json(folder + "/result.json")["benchmarks"][0]["metrics"]
    ttft, itl = (m[k]["successful"]["percentiles"] for k in ("time_to_first_token_ms", "inter_token_latency_ms"))
    return {"ttft": [ttft["p50"], ttft["p99"]], "tpot": [itl["p50"], itl["p99"]]}


def inference_perf_command(url, streams, requests, folder):
    fixed = lambda n: {"type": "fixed", "min": n, "max": n, "mean": n, "std_dev": 0, "total_count": requests}
    config = {
        "api": {"type": "completion", "streaming": True},
        "data": {"type": "random", "input_distribution": fixed(32), "output_distribution": fixed(TOKENS)},
        "load": {"type": "concurrent", "num_workers": 1, "worker_max_concurrency": streams,
                 "stages": [{"num_requests": requests, "concurrency_level": streams}]},
        "server": {"type": "vllm", "model_name": "stub", "base_url": url, "ignore_eos": True},
        "tokenizer": {"pretrained_model_name_or_path": CACHE + "/tokenizer"},
        "storage": {"local_storage": {"path": folder + "/report"}},
        "report": {"request_lifecycle": {"summary": True, "per_stage": False, "per_request": False,
                                         "percentiles": [50, 99]}},
    }
    json.dump(config, open(folder + "/config.yaml", "w"))  # JSON is YAML
    return [tool("inference-perf"), "-c", folder + "/config.yaml"]


def inference_perf_read(folder):
    d = load_json(folder + "/report*/summary_lifecycle_metrics.json")["successes"]["latency"]
    both = lambda m: [1e3 * m["median"], 1e3 * m["p99"]]
    return {"ttft": both(d["time_to_first_token"]), "tpot": both(d["time_per_output_token"])}


def genai_bench_command(url, streams, requests, folder):
    return [tool("genai-bench"), "benchmark", "--api-backend", "vllm", "--api-base", url, "--api-key", "none",
            "--api-model-name", "stub", "--model-tokenizer", CACHE + "/tokenizer", "--task", "text-to-text",
            "--num-concurrency", str(streams), "--traffic-scenario", f"D(32,{TOKENS})", "--max-time-per-run", "5",
            "--max-requests-per-run", str(requests), "--experiment-base-dir", folder, "--warmup-ratio", "0",
            "--cooldown-ratio", "0", "--server-engine", "vLLM", "--server-gpu-type", "H100", "--server-version", "1",
            "--server-gpu-count", "1"]


def genai_bench_read(folder):
    stats = load_json(folder + "/*/D32_*.json")["aggregated_metrics"]["stats"]
    return {k: [1e3 * stats[k]["p50"], 1e3 * stats[k]["p99"]] for k in ("ttft", "tpot")}


# name: (pinned package, python, command, read)
CLIENTS = {
    "bare loop": (None, None, bare_command, bare_read),
    "chimera": (None, None, chimera_command, chimera_read),
    "inference-perf": ("inference-perf==0.7.0", "python3.12", inference_perf_command, inference_perf_read),
    "aiperf": ("aiperf==0.13.0", "python3", aiperf_command, aiperf_read),
    "guidellm": ("guidellm==0.8.1", "python3", guidellm_command, guidellm_read),
    "genai-bench": ("genai-bench==0.0.5", "python3", genai_bench_command, genai_bench_read),
}


# ---- installing --------------------------------------------------------------------------------------------------------

TOKENIZER = """
import sys
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
words = ["<unk>", "<s>", "</s>"] + [a + b + c + d for a in "bdfgklmnpr" for b in "aeiou" for c in "bdfgklmnpr" for d in "aeio"]
t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
t.pre_tokenizer = pre_tokenizers.Whitespace()
PreTrainedTokenizerFast(tokenizer_object=t, unk_token="<unk>", bos_token="<s>", eos_token="</s>").save_pretrained(sys.argv[1])
"""


def install(names):
    """A tool that does not install within ten minutes is left out. The stub's words are tokens, so is this tokenizer's."""
    for name, (package, python, _, _) in CLIENTS.items():
        if not package or (names and name not in names) or os.path.exists(tool(name)):
            continue
        home = os.path.join(CACHE, name)
        print(f"{package} …", file=sys.stderr)
        try:
            subprocess.run([shutil.which(python) or sys.executable, "-m", "venv", "--clear", home], check=True)
            subprocess.run([home + "/bin/pip", "install", "--quiet", "--disable-pip-version-check", package], check=True,
                           timeout=600)
        except (subprocess.SubprocessError, OSError) as e:
            print(f"{name}: not installed: {e}", file=sys.stderr)
            shutil.rmtree(home, ignore_errors=True)
            continue
        if not os.path.exists(CACHE + "/tokenizer"):
            subprocess.run([home + "/bin/python", "-c", TOKENIZER, CACHE + "/tokenizer"], check=True)


# ---- one cell ----------------------------------------------------------------------------------------------------------


class Memory(threading.Thread):
    """The most that the process group held at once, summed over its processes, in MiB; looked at four times a second."""

    def __init__(self, group):
        super().__init__(daemon=True)
        self.group, self.most, self.over = group, 0.0, threading.Event()

    def run(self):
        page = os.sysconf("SC_PAGE_SIZE")
        while not self.over.wait(0.25):
            total = 0
            for stat in glob.glob("/proc/[0-9]*/stat"):
                try:
                    fields = open(stat).read().rsplit(")", 1)[1].split()
                    total += int(fields[21]) * page if int(fields[2]) == self.group else 0
                except (OSError, IndexError, ValueError):
                    pass  # it ended meanwhile
            self.most = max(self.most, total / 2**20)


def go_first():
    """The truth must not wait for a core: where the host allows it, the stub comes first on its own."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass


def start_stub(gap_ms, log):
    stub = subprocess.Popen(["taskset", "-c", "0", os.path.join(BUILD, "chimera"), "stub", "--first", f"{FIRST_MS}ms",
                             "--gap", f"{gap_ms}ms", "--tokens", str(TOKENS), "--log", log],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=go_first)
    return stub, stub.stdout.readline().split()[-1]


def run_client(command, folder, limit_s):
    """CPU seconds, MiB and seconds from start to exit; None when it failed."""
    env = dict(os.environ, HF_HOME=folder + "/hf")
    before, began = os.times(), time.monotonic()
    child = subprocess.Popen(["taskset", "-c", LAST_CORE] + command, cwd=folder, env=env, start_new_session=True,
                             stdout=open(folder + "/stdout", "w"), stderr=open(folder + "/stderr", "w"))
    memory = Memory(child.pid)
    memory.start()
    try:
        code = child.wait(timeout=limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
    wall = time.monotonic() - began
    memory.over.set()
    memory.join()
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return (cpu, memory.most, wall) if code == 0 else None


def truth(log):
    """Of the stub's whole answers of TOKENS chunks: the true quantiles, mean streams held, chunks a second, answers.
    A last send without text closes each answer. Streams are counted from the first request to the last one's arrival: the
    drain behind it is nobody's fault."""
    rows = [r for r in map(json.loads, open(log)) if r["stream"] and r["end"] == "done" and r["chunks"] == TOKENS]
    texts = [r["sent_ns"][: r["chunks"]] for r in rows]
    begin, last, end = min(r["t_read"] for r in rows), max(r["t_read"] for r in rows), max(r["t_end"] for r in rows)
    held = sum(min(r["t_end"], last) - r["t_read"] for r in rows) / max(last - begin, 1)
    return (report([(t[0] - r["t_read"]) / 1e6 for r, t in zip(rows, texts)],
                   [(t[-1] - t[0]) / (len(t) - 1) / 1e6 for t in texts]),
            held, TOKENS * len(rows) / ((end - begin) / 1e9), len(rows))


def cell(name, streams, limit_s):
    _, _, command, read = CLIENTS[name]
    gap, requests = LOADS[streams]
    folder = tempfile.mkdtemp(prefix="compare-")
    stub, url = start_stub(gap, folder + "/stub.jsonl")
    try:
        cost = run_client(command(url, streams, requests, folder), folder, limit_s)
        stub.send_signal(signal.SIGINT)
        stub.wait()
        if not cost:
            print(f"{name} at {streams} streams failed: {folder}/stderr", file=sys.stderr)
            return None
        true, held, rate, answers = truth(folder + "/stub.jsonl")
        told = read(folder)
        shutil.rmtree(folder)
    finally:
        stub.kill()
        stub.wait()
    bias = {k: [1e3 * (told[k][i] - true[k][i]) for i in (0, 1)] for k in told}  # µs
    return bias["ttft"] + bias["tpot"] + [held, rate, answers, cost[0], cost[1], cost[2]]


def run(args):
    clients = args.clients.split(",") if args.clients else list(CLIENTS)
    for name in [n for n in clients if CLIENTS[n][0] and not os.path.exists(tool(n))]:
        print(f"{name} is not installed: left out", file=sys.stderr)
        clients.remove(name)
    os.sched_setaffinity(0, {os.cpu_count() - 1})
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Linux {os.uname().release}, load average before: "
          f"{' '.join(f'{x:.1f}' for x in os.getloadavg())}; medians of {args.rounds} interleaved rounds\n")
    print("| streams | client | TTFT bias p50 / p99 µs | TPOT bias p50 / p99 µs | mean streams held | chunks/s | answers"
          " | CPU s | RSS MiB | start to exit s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for streams in map(int, args.loads.split(",")):
        cells = {name: [] for name in clients}
        for _ in range(args.rounds):
            for name in clients:
                got = cell(name, streams, args.limit)
                cells[name] += [got] if got else []
        for name in clients:
            if not cells[name]:
                print(f"| {streams} | {name} | failed | | | | | | | |")
                continue
            m = [statistics.median(c[i] for c in cells[name]) for i in range(10)]
            print(f"| {streams} | {name} | {m[0]:+.0f} / {m[1]:+.0f} | {m[2]:+.1f} / {m[3]:+.1f} | {m[4]:.1f} | "
                  f"{m[5]:.0f} | {m[6]:.0f} | {m[7]:.2f} | {m[8]:.0f} | {m[9]:.1f} |", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="what", required=True)
    sub.add_parser("install").add_argument("names", nargs="*")
    r = sub.add_parser("run")
    r.add_argument("--clients", help="comma separated; default: all that are installed")
    r.add_argument("--loads", default="8,200,1000")
    r.add_argument("--rounds", type=int, default=1)
    r.add_argument("--limit", type=int, default=300, help="seconds for one client's run")
    args = p.parse_args()
    if args.what == "install":
        install(args.names)
    else:
        run(args)


main()
