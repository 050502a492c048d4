/* file_keys.c: the table of keys: what a study file may hold. Each map is checked against it before any value is read; the
 * schema and `chimera list keys` are made from it. */
#include <string.h>

#include "study/file.h"

/* How the type is written: file_schema.c. */
static const struct file_key keys[] = {
    {"study", "study", "text!", "its name; required"},
    {"study", "question", "text", "the one question it answers"},
    {"study", "use", "scalars1",
     "presets: maps whose keys stand under those of this file; beside it, or of the program"},
    {"study", "servers", "list servers", "list of what answers; required"},
    {"study", "corpus", "text", "folder that the agents read, relative to this file; required with agents"},
    {"study", "agents", "list agents", "list of agents; required, or loads"},
    {"study", "loads", "list loads", "list of plain loads"},
    {"study", "arms", "list arms",
     "list of what is compared; default: every agent alone, then all together; then every load"},
    {"study", "factors", "list factors", "what is varied: every combination of levels makes arms of its own"},
    {"study", "exclude", "conditions", "combinations that are left out: maps of factor to level or levels"},
    {"study", "scales", "scales", "named sets of paths and values, for --scale NAME"},
    {"study", "blocks", "int 1", "how often every arm is run (1)"},
    {"study", "order", "one random nested abba",
     "random: a new order in each block (default); nested: as written; abba: two arms, AB and BA in turn"},
    {"study", "seed", "int 0", "of every random choice (1)"},
    {"study", "start", "one warm cold", "warm (default) or cold: the proven state of the models before each run"},
    {"study", "prompt_tokens", "int 16", "most tokens of a prompt (400)"},
    {"study", "timeouts", "map timeouts", "connect, first_byte, idle, total in seconds (10, 120, 60, 600)"},
    {"study", "oversubscribe", "bool", "true: more server threads than cores are meant (false)"},
    {"study", "keep_text", "bool", "false: store hashes instead of prompts and outputs (true)"},
    {"study", "compare", "map compare", "the comparison that is declared before the first run"},
    {"study", "stop", "map stop", "fewer blocks, once the arms are known precisely enough"},
    {"study", "budget", "time", "seconds or 90s, 20m, 2h: no block begins that would not end within it; of one call"},
    {"study", "isolate", "bool", "true: the client side of each run is a process of its own (false)"},
    {"study", "guard", "map guard", "wait before each run until the host is quiet and cool enough"},
    {"servers", "name", "name!", "required"},
    {"servers", "kind", "scalar", "engine (default), llama-server, ollama, cmd:COMMAND, or a URL"},
    {"servers", "backend", "scalar", "openai, ollama or llama-server; default: follows the kind"},
    {"servers", "model", "scalar",
     "a GGUF file, a name of `chimera list models`, that with other weights (NAME:q8_0), or what an external server knows"},
    {"servers", "threads", "int 1", "default: an equal share of the cores"},
    {"servers", "num_ctx", "int 16", "context per request (2048)"},
    {"servers", "parallel", "int 1", "requests served at once (1)"},
    {"servers", "num_gpu", "int 0", "layers to offload; default: the server's"},
    {"servers", "args", "scalars", "further arguments of a managed server"},
    {"servers", "cacert", "text", "PEM file of trusted roots, for https"},
    {"servers", "headers", "scalars", "list of extra header lines; not for secrets"},
    {"agents", "name", "name!", "required"},
    {"agents", "server", "scalar", "name of its server; required when there are several"},
    {"agents", "route", "one chat completion", "chat (default) or completion"},
    {"agents", "stream", "bool", "false: one answer at the end (true)"},
    {"agents", "options", "options", "temperature, num_predict, seed and so on: `chimera list options`"},
    {"agents", "extra_body", "text", "a JSON object whose members are added to the request"},
    {"loads", "name", "name!", "required"},
    {"loads", "server", "scalar", "name of its server; required when there are several"},
    {"loads", "route", "one chat completion", "chat (default) or completion"},
    {"loads", "stream", "bool", "false: one answer at the end (true)"},
    {"loads", "options", "options", "temperature, seed and so on: `chimera list options`"},
    {"loads", "extra_body", "text", "a JSON object whose members are added to the request"},
    {"loads", "input_len", "scalar", "tokens of a prompt: N, A..B or lognormal:MEDIAN,SIGMA (512)"},
    {"loads", "output_len", "scalar", "most tokens of an answer: N, A..B or lognormal:MEDIAN,SIGMA (128)"},
    {"loads", "shared_prefix", "int 0", "tokens that all prompts begin with (0)"},
    {"loads", "max_concurrency", "int 1", "closed loop: requests in flight at once"},
    {"loads", "request_rate", "scalar", "open loop: requests per second, or stages such as 10:30s,20..50:60s"},
    {"loads", "arrival", "one constant poisson gamma", "constant, poisson (default) or gamma"},
    {"loads", "burstiness", "number", "of gamma: below 1 burstier than poisson, above 1 steadier"},
    {"loads", "trace", "text",
     "a file of mooncake, azure, burstgpt or sharegpt: times and lengths; with a loop, lengths or texts"},
    {"loads", "prompts", "scalars", "texts to ask, in their order and again from the first, instead of input_len"},
    {"loads", "trace_speed", "number", "2: twice the load in half the time (1)"},
    {"loads", "num_requests", "int 1", "stop after so many; of conversations, where there are turns"},
    {"loads", "duration", "number", "seconds; stop after so long"},
    {"loads", "threads", "int 1", "threads of the client, which share nothing (1)"},
    {"loads", "turns", "scalar", "of a conversation: N, A..B or lognormal:MEDIAN,SIGMA (1: single requests)"},
    {"loads", "think_ms", "scalar", "pause before each further turn: N, A..B or lognormal:MEDIAN,SIGMA (0)"},
    {"loads", "precision", "scalar", "stop earlier: METRIC:WIDTH of the median or METRIC.mean:WIDTH, such as ttft:3%"},
    {"loads", "warmup", "number",
     "seconds of the same load before the window: sent and kept, in no number, not drained (0)"},
    {"arms", "name", "name!", "required"},
    {"arms", "agents", "scalars", "names of the agents that start together"},
    {"arms", "load", "scalar", "name of a load, instead of agents"},
    {"arms", "when", "condition", "only at these levels: a map of factor to level or levels"},
    {"timeouts", "connect", "number", "seconds"},
    {"timeouts", "first_byte", "number", "seconds"},
    {"timeouts", "idle", "number", "seconds"},
    {"timeouts", "total", "number", "seconds"},
    {"factors", "name", "name!", "required"},
    {"factors", "levels", "levels!", "values, or maps of name with value or set; null takes the key away"},
    {"factors", "set", "scalars1", "path or paths that get the level: agents.*.options.num_ctx"},
    {"factors", "when", "condition", "varied only at these levels of earlier factors, else as written"},
    {"levels", "name", "name!", "required"},
    {"levels", "value", "free", "what the paths of the factor get"},
    {"levels", "set", "sets", "paths of its own with their values"},
    {"compare", "baseline", "scalar", "an arm, also with levels: pair,num_ctx=512 (the first as written)"},
    {"compare", "metrics", "metrics", "the family: names of `chimera list metrics`"},
    {"compare", "margin", "scalar", "what difference does not matter: 3%, or ttft:20,e2e:5%"},
    {"stop", "precision", "scalar!", "METRIC:WIDTH, such as makespan:5%: no more blocks once every arm is within it"},
    {"stop", "min_blocks", "int 2", "at least so many blocks (5)"},
    {"guard", "load", "number", "most cores that others may keep busy"},
    {"guard", "temperature_c", "number", "hottest allowed, in degrees Celsius"},
    {"guard", "wait", "time", "at most so long; then the run is made and marked (60)"},
};

enum { N_KEYS = sizeof keys / sizeof keys[0] };

const struct file_key *file_key_at(size_t i)
{
    return i < N_KEYS ? &keys[i] : NULL;
}

const char *study_key_at(size_t i, const char **map, const char **what)
{
    if (i >= N_KEYS)
        return NULL;
    *map = keys[i].map;
    *what = keys[i].what;
    return keys[i].key;
}

int file_allow(const struct yaml_node *node, const char *map, struct err *e)
{
    const char *names[N_KEYS];
    size_t n = 0;
    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i].map, map) == 0)
            names[n++] = keys[i].key;
    return yaml_allow(node, names, n, map, e);
}
