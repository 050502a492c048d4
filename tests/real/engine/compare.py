"""chimera-engine beside llama.cpp's own server, same model, one thread each, one after the other.

Gated: the prompt token ids are the same for 20 prompts (10 texts, 10 dialogues, some without a system message, which the
model's template then adds). Reported, not gated: over how many tokens the two greedy answers agree; the libraries are
different builds. Usage: compare.py LLAMA_SERVER (with CHIMERA_BIN, CHIMERA_DEPS).
"""
import http.client
import json
import socket
import subprocess
import sys
import time

from client import MODEL, PATIENCE_S, Engine

TEXTS = ["The capital of France is", "Once upon a time, in a land far away,", "def fibonacci(n):\n    ", "1, 2, 3, 4,",
         "Ünïcödé — “quotes” and 中文", "  leading spaces and\ttabs\n\n", "😀 emoji 👩‍👩‍👧‍👦", "<|im_start|>user\nHi<|im_end|>\n",
         "a" * 300, "{\"json\": [1, 2.5e-3, null]}"]
DIALOGUES = [
    [("user", "Hello")],
    [("system", "You are brief."), ("user", "Name three colours.")],
    [("user", "What is 2+2?"), ("assistant", "4"), ("user", "And 3+3?")],
    [("system", "Sprich Deutsch."), ("user", "Wie heißt du?"), ("assistant", "Ich heiße SmolLM."), ("user", "Schön!")],
    [("user", "Write a haiku about the sea.\n")],
    [("system", ""), ("user", "An empty system message.")],
    [("user", "Code:\n```c\nint main(void) { return 0; }\n```")],
    [("user", " spaces at both ends ")],
    [("system", "S"), ("user", "U1"), ("assistant", "A1"), ("user", "U2"), ("assistant", "A2"), ("user", "U3")],
    [("user", "Summarise: " + "the quick brown fox jumps over the lazy dog. " * 20)],
]
N_TOKENS = 32


def messages(dialogue):
    return [{"role": r, "content": c} for r, c in dialogue]


class LlamaServer:
    def __init__(self, program):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen([program, "-m", MODEL, "--port", str(self.port), "-c", "1024", "-t", "1", "-np", "1",
                                         "--no-warmup"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("llama-server did not start")
            time.sleep(0.05)

    def ready(self):
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        c.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        r = c.getresponse()
        data = json.loads(r.read() or b"null")
        c.close()
        return r.status, data

    def post(self, path, body):
        status, data = self.call("POST", path, body)
        if status != 200:
            sys.exit(f"llama-server: {path}: {status} {data}")
        return data

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)


def ask_theirs(program):
    server = LlamaServer(program)
    out = []
    for text in TEXTS:
        ids = server.post("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]
        answer = server.post("/completion", {"prompt": text, "n_predict": N_TOKENS, "temperature": 0, "samplers": ["top_k"],
                                             "top_k": 1, "cache_prompt": False, "return_tokens": True})
        out.append((ids, answer["tokens"]))
    for d in DIALOGUES:
        prompt = server.post("/apply-template", {"messages": messages(d)})["prompt"]
        ids = server.post("/tokenize", {"content": prompt, "add_special": True, "parse_special": True})["tokens"]
        answer = server.post("/v1/chat/completions", {"messages": messages(d), "max_tokens": N_TOKENS, "temperature": 0,
                                                      "samplers": ["top_k"], "top_k": 1, "cache_prompt": False})
        if answer["usage"]["prompt_tokens"] != len(ids):
            sys.exit(f"llama-server counts {answer['usage']['prompt_tokens']} prompt tokens where its template gives {len(ids)}")
        text = answer["choices"][0]["message"]["content"]
        out.append((ids, server.post("/tokenize", {"content": text, "add_special": False})["tokens"]))
    server.stop()
    return out


def ask_ours():
    engine = Engine()
    out = []
    for text in TEXTS:
        ids = engine.post("/tokenize", {"content": text, "add_special": True})[2]["tokens"]
        a = engine.post("/v1/completions", {"prompt": text, "max_tokens": N_TOKENS, "temperature": 0, "chimera": {"stamps": True}})[2]
        out.append((ids, a["chimera"]["tokens"]))
    for d in DIALOGUES:
        ids = engine.post("/tokenize", {"messages": messages(d)})[2]["tokens"]
        a = engine.post("/v1/chat/completions", {"messages": messages(d), "max_tokens": N_TOKENS, "temperature": 0})[2]
        assert a["usage"]["prompt_tokens"] == len(ids)
        text = a["choices"][0]["message"]["content"]
        out.append((ids, engine.post("/tokenize", {"content": text, "add_special": False})[2]["tokens"]))
    engine.stop()
    return out


def main():
    theirs, ours = ask_theirs(sys.argv[1]), ask_ours()
    differing, agreed, total = [], 0, 0
    for i, ((their_ids, their_out), (our_ids, our_out)) in enumerate(zip(theirs, ours)):
        if their_ids != our_ids:
            differing.append(i)
            print(f"prompt {i}: theirs {their_ids[:60]}\n          ours   {our_ids[:60]}")
        n = min(len(their_out), len(our_out))
        same = next((k for k in range(n) if their_out[k] != our_out[k]), n)
        agreed, total = agreed + same, total + n
        print(f"prompt {i}: {len(our_ids)} prompt tokens, greedy answers agree over {same} of {n}")
    print(f"prompt token ids equal for {len(ours) - len(differing)} of {len(ours)}; "
          f"greedy answers agree over {agreed} of {total} tokens before they part")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
