/* import_llama_bench.c: rows of llama-bench -o json, jsonl or csv (peer_import.h). A row is a run, its repetitions (samples_ns,
 * not in a CSV) are requests with the server's times only: nothing was sent and nothing came. What a table of llama-bench
 * would show besides the model and the test is in the name of the arm, as `t4 ngl99`. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "exchange/peer_run.h"
#include "format/json.h"

#define KEYS "build_commit", "model_filename", "n_prompt", "n_gen", "avg_ns", "avg_ts"

static const char *const columns[] = {KEYS, NULL};

static bool is_row(yyjson_val *o)
{
    for (size_t i = 0; columns[i]; i++)
        if (!yyjson_obj_get(o, columns[i]))
            return false;
    return true;
}

/* Settings that tell arms apart, with llama-bench's own defaults, which its tables leave out too. */
static const struct {
    const char *key, *shown, *usual;
} settings[] = {{"n_threads", "t", ""},          {"n_gpu_layers", "ngl", "-1"},
                {"n_batch", "b", "2048"},        {"n_ubatch", "ub", "512"},
                {"type_k", "ctk", "f16"},        {"type_v", "ctv", "f16"},
                {"flash_attn", "fa", "-1"},      {"split_mode", "sm", "layer"},
                {"main_gpu", "mg", "0"},         {"n_cpu_moe", "ncmoe", "0"},
                {"tensor_split", "ts", "0.00"},  {"no_kv_offload", "nkvo", "false"},
                {"use_mmap", "mmap", "true"},    {"load_mode", "lm", "auto"},
                {"embeddings", "embd", "false"}, {"poll", "poll", "50"},
                {"cpu_mask", "cpu-mask", "0x0"}, {"cpu_strict", "cpu-strict", "false"},
                {"devices", "dev", "auto"},      {"tensor_buft_overrides", "ot", "none"}};

static const char *text_of(struct import_runs *out, yyjson_val *v)
{
    return yyjson_is_str(v)    ? yyjson_get_str(v)
           : yyjson_is_bool(v) ? (yyjson_get_bool(v) ? "true" : "false")
           : yyjson_is_num(v)  ? arena_printf(out->arena, "%g", yyjson_get_num(v))
                               : "";
}

static const char *arm_of(yyjson_val *o, struct import_runs *out)
{
    struct arena *a = out->arena;
    const char *build = text_of(out, yyjson_obj_get(o, "build_commit"));
    const char *arm = arena_printf(a, "%s%s%s", build, *build ? " " : "",
                                   path_base(text_of(out, yyjson_obj_get(o, "model_filename"))));
    long long prompt = (long long)json_get_int(o, "n_prompt", 0), gen = (long long)json_get_int(o, "n_gen", 0);
    bool ours = json_get_int(o, "n_batch", 0) == 0; /* chimera's exports know no settings: 0 there is nothing */
    for (size_t i = 0; !ours && i < sizeof settings / sizeof settings[0]; i++) {
        const char *value = text_of(out, yyjson_obj_get(o, settings[i].key));
        if (*value && strcmp(value, settings[i].usual) != 0)
            arm = arena_printf(a, "%s %s%s", arm, settings[i].shown, value);
    }
    if (prompt > 0)
        arm = arena_printf(a, "%s pp%lld", arm, prompt);
    if (gen > 0)
        arm = arena_printf(a, "%s%stg%lld", arm, prompt > 0 ? "+" : " ", gen);
    if (json_get_int(o, "n_depth", 0) > 0)
        arm = arena_printf(a, "%s@d%lld", arm, (long long)json_get_int(o, "n_depth", 0));
    return arm;
}

/* Of a test of both, the time of each is not told. */
static int read_sample(yyjson_val *o, yyjson_val *ns, struct request *q, struct err *e)
{
    int64_t prompt = 0, gen = 0, *to = &q->usage.total_ns;
    int rc = field_count(o, "n_prompt", &prompt, e);
    rc = rc ? rc : field_count(o, "n_gen", &gen, e);
    if (prompt && !gen)
        to = &q->usage.prompt_eval_ns;
    if (gen && !prompt)
        to = &q->usage.eval_ns;
    q->usage.prompt_tok = prompt ? prompt : -1;
    q->usage.completion_tok = gen ? gen : -1;
    return rc ? rc : value_ns(ns, "a sample", 1, to, e);
}

static int read_row(yyjson_val *o, const char *origin, struct import_runs *out, struct err *e)
{
    struct run *r = peer_run_new(out, arm_of(o, out));
    yyjson_val *samples = yyjson_obj_get(o, "samples_ns"), *v;
    const char *model = text_of(out, yyjson_obj_get(o, "model_filename"));
    double n = samples ? (double)yyjson_arr_size(samples) : NAN;
    size_t i, max;
    int rc = 0;
    (void)origin;
    model = arena_dupz(out->arena, model);
    field_wall_ns(yyjson_get_str(yyjson_obj_get(o, "test_time")), &r->wall_ns);
    import_runs_tell(
        out, (struct import_told){"avg_ts.llama-bench", "tok/s", n, json_get_double(o, "avg_ts", NAN), NAN, NAN, NAN});
    yyjson_arr_foreach (samples, i, max, v) {
        struct request q;
        if (rc)
            return rc;
        request_init(&q);
        rc = read_sample(o, v, &q, e);
        q.model = model;
        q.turn = (int32_t)i;
        peer_run_add(out, r, &q);
    }
    return rc;
}

const struct import_format llama_bench_formats[] = {
    {.id = "llama-bench",
     .what = "tests of llama-bench",
     .columns = columns,
     .matches = is_row,
     .runs = read_row,
     .clock =
         "times of llama-bench: its own process's clock around the model alone, in ns, without sampling; there are no "
         "requests and no server, so nothing of a client's is known"},
    {0},
};
