/* chimera calibrate: how wrong this client is on this host, and how much it can carry.
 *
 * A study of plain loads against `chimera stub`, like any other and kept as such; what follows from its record is printed and
 * stored, and judges later loads. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/calibration.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/calibrate_aa.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "format/json.h"
#include "format/table.h"
#include "format/yaml.h"
#include "load/clockwork.h"
#include "store/store.h"
#include "study/calibration.h"
#include "study/execute.h"

enum { GAP_MS = 5, STREAM_TOK = 300, TICKS = 400 };

/* One run. Of streams: so many at once, one chunk every GAP_MS on each. Of requests with one chunk: in_flight of them, or
 * at a rate. */
struct trial {
    const char *name;
    enum { STREAMS, IN_FLIGHT, RATE } shape;
    int n;
};

/* The most streams first: only memory that was never used shows what a stream needs. */
static const struct trial trials[] = {
    {"chunks-400k", STREAMS, 2000}, {"chunks-300k", STREAMS, 1500},  {"chunks-200k", STREAMS, 1000},
    {"chunks-150k", STREAMS, 750},  {"chunks-100k", STREAMS, 500},   {"chunks-50k", STREAMS, 250},
    {"chunks-10k", STREAMS, 50},    {"requests-c64", IN_FLIGHT, 64}, {"requests-c8", IN_FLIGHT, 8},
    {"requests-c1", IN_FLIGHT, 1},  {"sends-5000", RATE, 5000},      {"sends-1000", RATE, 1000},
    {"sends-100", RATE, 100},
};
enum { TRIALS = sizeof trials / sizeof trials[0] };

struct budget {
    struct calibration_point point[TRIALS];
    struct clock_cost clock;
    struct timer_error sleep, spin;
    int64_t stream_bytes; /* memory of one stream that waits; -1: not known */
    struct calibration made;
};

/* ---- the study ------------------------------------------------------------------------------------------------------ */

static int first_core(void)
{
    cpu_set_t set;
    int core = 0;
    if (sched_getaffinity(0, sizeof set, &set))
        return 0;
    while (core < CPU_SETSIZE - 1 && !CPU_ISSET((size_t)core, &set))
        core++;
    return core;
}

static void add_stub(struct str *y, const struct app *app, const char *name, const char *options)
{
    struct str kind = STR_INIT;
    str_addf(&kind, "cmd:'%s' stub --listen 127.0.0.1:{port} --core %d %s", app->self_path, first_core(), options);
    str_addf(y, "  - {name: %s, backend: openai, model: stub, kind: ", name);
    yaml_add_quoted(y, str_z(&kind));
    str_addz(y, "}\n");
    str_release(&kind);
}

static void write_study(const struct app *app, struct str *y)
{
    str_addz(
        y,
        "study: calibration\nquestion: How wrong is this client on this host, and how much can it carry?\nservers:\n");
    /* Streams begin at different times, so that their chunks come evenly. */
    add_stub(y, app, "streams", "--first exp:20ms --gap 5ms --tokens 1000 --stamps");
    add_stub(y, app, "singles", "--tokens 1 --stamps");
    str_addz(y, "oversubscribe: true\nblocks: 1\norder: nested\nloads:\n");
    for (int i = 0; i < TRIALS; i++) {
        const struct trial *t = &trials[i];
        str_addf(y, "  - {name: \"%s\", server: %s, input_len: 16, output_len: %d, ", t->name,
                 t->shape == STREAMS ? "streams" : "singles", t->shape == STREAMS ? STREAM_TOK : 1);
        if (t->shape == STREAMS)
            str_addf(y, "max_concurrency: %d, num_requests: %d}\n", t->n, t->n);
        else if (t->shape == IN_FLIGHT)
            str_addf(y, "max_concurrency: %d, duration: 1.5}\n", t->n);
        else
            str_addf(y, "request_rate: %d, arrival: poisson, duration: 2}\n", t->n);
    }
}

static int execute(struct app *app, const char *path, bool quiet, struct err *e)
{
    struct str yaml = STR_INIT;
    struct study s;
    struct execute_summary sum;
    struct execute_options o = {
        .result_path = path,
        .again = true,
        .self_path = app->self_path,
        .command_line = app->command_line,
        .version = CHIMERA_VERSION,
        .commit = CHIMERA_COMMIT,
        .stop = app->stop,
    };
    write_study(app, &yaml);
    int rc = study_parse(&s, "calibration", "", str_z(&yaml), yaml.len, e);
    if (!rc) {
        struct progress *progress = progress_start(app, &s, quiet, &o);
        o.say = NULL; /* what its runs are is in its own words */
        rc = study_execute(&s, &o, &sum, e);
        progress_stop(progress);
        study_release(&s);
    }
    str_release(&yaml);
    return rc;
}

/* ---- what follows from the record ------------------------------------------------------------------------------------ */

struct reading {
    struct budget *b;
    struct calibration_sum sum;
    int64_t run_id;
    int trial; /* -1: none yet */
    struct run run;
};

static void finish_point(struct reading *x)
{
    if (x->trial >= 0)
        calibration_point(&x->sum, &x->run, &x->b->point[x->trial]);
    x->trial = -1;
}

static int take_request(void *user, const struct run *run, const struct request *r)
{
    struct reading *x = user;
    if (run->state != RUN_COMPLETE)
        return 0;
    if (x->trial < 0 || run->id != x->run_id) {
        finish_point(x);
        x->run = *run;
        x->run_id = run->id;
        x->trial = run->position;
    }
    calibration_add(&x->sum, run, r, trials[run->position].shape == RATE);
    return 0;
}

/* The highest rate that was held, and whether the client could have taken more. */
static double ceiling_of(const struct budget *b, bool chunks)
{
    double best = NAN;
    for (int i = 0; i < TRIALS; i++) {
        const struct calibration_point *p = &b->point[i];
        double rate = chunks ? p->chunks_per_s : p->requests_per_s;
        if ((trials[i].shape == STREAMS) == chunks && p->held && !(rate <= best))
            best = rate;
    }
    return best;
}

static int64_t read_stream_bytes(struct store *s, struct arena *a)
{
    const char *note = store_get_note(s, a, "client");
    yyjson_doc *doc = json_read_z(note);
    int64_t bytes = json_get_int(doc ? yyjson_doc_get_root(doc) : NULL, "stream_bytes", -1);
    yyjson_doc_free(doc);
    return bytes;
}

static int read_record(const char *path, struct budget *b, struct err *e)
{
    struct store *s = NULL;
    struct arena arena = {0};
    struct named_json *hosts = NULL;
    struct reading x = {.b = b, .trial = -1};
    size_t n = 0;
    int rc = store_open(&s, path, false, e);
    if (!rc)
        rc = store_each_request(s, take_request, &x, e);
    if (!rc)
        rc = store_hosts(s, &arena, &hosts, &n, e);
    finish_point(&x);
    b->stream_bytes = rc ? -1 : read_stream_bytes(s, &arena);
    if (!rc && n)
        snprintf(b->made.stratum, sizeof b->made.stratum, "%s", hosts[0].name);
    b->made.chunks_per_s = ceiling_of(b, true);
    b->made.requests_per_s = ceiling_of(b, false);
    arena_release(&arena);
    store_close(s, NULL);
    return rc;
}

/* ---- what is printed and stored -------------------------------------------------------------------------------------- */

static void add_error(struct json_writer *w, const char *key, const struct calibration_error *x)
{
    if (!x->n)
        return;
    json_key(w, key);
    json_object(w);
    json_kint(w, "n", (int64_t)x->n);
    json_kdouble(w, "p50_us", x->p50_us);
    json_kdouble(w, "p99_us", x->p99_us);
    json_kdouble(w, "p999_us", x->p999_us);
    json_object_end(w);
}

static void add_point(struct json_writer *w, const struct trial *t, const struct calibration_point *p)
{
    json_object(w);
    json_kz(w, "name", t->name);
    json_kdouble(w, "chunks_per_s", p->chunks_per_s);
    json_kdouble(w, "requests_per_s", p->requests_per_s);
    json_kint(w, "chunks", (int64_t)p->n_chunks);
    json_kint(w, "merged", (int64_t)p->n_merged);
    json_kint(w, "unstamped", (int64_t)p->n_unstamped);
    add_error(w, "stamp_error", &p->stamp);
    add_error(w, "app_clock_error", &p->app);
    add_error(w, "send_error", &p->send);
    json_kdouble(w, "wait_p99_us", p->wait_p99_us);
    json_kdouble(w, "loop_busy", p->loop_busy);
    json_kbool(w, "held", p->held);
    json_object_end(w);
}

static void add_timer(struct json_writer *w, const char *key, const struct timer_error *t)
{
    json_key(w, key);
    json_object(w);
    json_kint(w, "n", (int64_t)t->n);
    json_kdouble(w, "p50_us", t->p50_us);
    json_kdouble(w, "p99_us", t->p99_us);
    json_object_end(w);
}

static void budget_json(const struct budget *b, const char *result, struct str *out)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "schema", "chimera.calibration/1");
    json_kz(&w, "version", CHIMERA_VERSION);
    json_kz(&w, "commit", CHIMERA_COMMIT);
    json_kz(&w, "stratum", b->made.stratum);
    json_kint(&w, "wall_ns", clock_wall_ns());
    json_kz(&w, "result", result);
    json_kdouble(&w, "chunks_per_s", b->made.chunks_per_s);
    json_kdouble(&w, "requests_per_s", b->made.requests_per_s);
    if (b->stream_bytes >= 0)
        json_kint(&w, "stream_bytes", b->stream_bytes);
    else
        json_knull(&w, "stream_bytes");
    json_kdouble(&w, "clock_read_ns", b->clock.read_ns);
    json_kdouble(&w, "clock_step_ns", b->clock.step_ns);
    add_timer(&w, "timer_sleep", &b->sleep);
    add_timer(&w, "timer_spin", &b->spin);
    json_key(&w, "points");
    json_array(&w);
    for (int i = 0; i < TRIALS; i++)
        add_point(&w, &trials[i], &b->point[i]);
    json_array_end(&w);
    json_object_end(&w);
}

static const char *number(struct arena *a, double v)
{
    return isnan(v) ? "" : arena_printf(a, fabs(v) < 100 ? "%.1f" : "%.0f", v);
}

static void chunk_table(const struct budget *b, struct arena *a, const struct table_style *style, struct str *out)
{
    struct table t;
    table_init(&t, a);
    table_column(&t, "chunk stamps", TABLE_LEFT);
    const char *const heads[] = {"arrived/s",     "p50 \u00b5s", "p99 \u00b5s", "p99.9 \u00b5s",
                                 "app clock p99", "waited p99",  "loop busy",   ""};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 7 ? TABLE_LEFT : TABLE_RIGHT);
    for (int i = 0; i < TRIALS; i++) {
        const struct calibration_point *p = &b->point[i];
        if (trials[i].shape == RATE)
            continue;
        table_cell(&t, trials[i].name);
        table_cellf(&t, "%.0f", p->chunks_per_s);
        table_cell(&t, number(a, p->stamp.p50_us));
        table_cell(&t, number(a, p->stamp.p99_us));
        table_cell(&t, number(a, p->stamp.p999_us));
        table_cell(&t, number(a, p->app.p99_us));
        table_cell(&t, number(a, p->wait_p99_us));
        table_cellf(&t, "%.0f %%", 100 * p->loop_busy);
        table_cell(&t, p->held ? "held" : "not held");
    }
    table_terminal(&t, style, out);
}

static void send_table(const struct budget *b, struct arena *a, const struct table_style *style, struct str *out)
{
    struct table t;
    table_init(&t, a);
    table_column(&t, "sent - planned", TABLE_LEFT);
    const char *const heads[] = {"sent/s", "p50 \u00b5s", "p99 \u00b5s", "p99.9 \u00b5s", "loop busy", ""};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 5 ? TABLE_LEFT : TABLE_RIGHT);
    for (int i = 0; i < TRIALS; i++) {
        const struct calibration_point *p = &b->point[i];
        if (trials[i].shape != RATE)
            continue;
        table_cell(&t, trials[i].name);
        table_cellf(&t, "%.0f", p->requests_per_s);
        table_cell(&t, number(a, p->send.p50_us));
        table_cell(&t, number(a, p->send.p99_us));
        table_cell(&t, number(a, p->send.p999_us));
        table_cellf(&t, "%.0f %%", 100 * p->loop_busy);
        table_cell(&t, p->held ? "held" : "not held");
    }
    table_terminal(&t, style, out);
}

static void budget_text(const struct app *app, const struct budget *b, struct str *out)
{
    struct arena a = {0};
    struct table_style style = {.ascii = !app->utf8};
    str_addf(out, "clock: a reading costs %.0f ns, the smallest step is %.0f ns\n", b->clock.read_ns, b->clock.step_ns);
    str_addf(out, "timers: %.1f \u00b5s late at the median, %.1f at p99; %.1f and %.1f where a core is free to spin\n",
             b->sleep.p50_us, b->sleep.p99_us, b->spin.p50_us, b->spin.p99_us);
    if (b->stream_bytes >= 0)
        str_addf(out, "memory: %.1f KB for each stream that waits for its answer\n", (double)b->stream_bytes / 1024);
    str_addc(out, '\n');
    chunk_table(b, &a, &style, out);
    str_addc(out, '\n');
    send_table(b, &a, &style, out);
    if (isnan(b->made.chunks_per_s) || isnan(b->made.requests_per_s))
        str_addz(
            out,
            "\nno ceiling: at every rate more than 1 % waited longer than 1 ms for this client, because other processes\n"
            "took its core. Stamps are as good as they stand above; calibrate again when the host is quiet.\n");
    else
        str_addf(
            out,
            "\nceiling of one loop thread: %.0f chunks/s, %.0f requests/s: the highest rates at which no more than\n"
            "1 %% waited longer than 1 ms for this client, with the server on the same host. A load above half of it\n"
            "is SUSPECT, above 80 %% VOID.\n",
            b->made.chunks_per_s, b->made.requests_per_s);
    arena_release(&a);
}

static int measure(struct app *app, const char *path, bool quiet, struct budget *b, struct err *e)
{
    b->clock = clockwork_clock();
    int rc = clockwork_timer(TICKS, false, &b->sleep, e);
    if (!rc)
        rc = clockwork_timer(TICKS, true, &b->spin, e);
    if (!rc)
        rc = execute(app, path, quiet, e);
    return rc ? rc : read_record(path, b, e);
}

static int calibrate_host(struct app *app, const char *output, bool json, bool quiet, struct err *e)
{
    struct str path = STR_INIT, dir = STR_INIT, text = STR_INIT;
    struct budget *b = xcalloc(1, sizeof *b);
    calibration_dir(&dir);
    path_join(&path, output ? "" : str_z(&dir), output ? output : "calibration.db");
    int rc = dir_make(str_z(&dir), e);
    if (!output) /* ours alone, whatever version wrote it */
        unlink(str_z(&path));
    if (!rc)
        rc = measure(app, str_z(&path), quiet, b, e);
    if (!rc) {
        budget_json(b, str_z(&path), &text);
        rc = calibration_write(&text, e);
    }
    if (!json) {
        str_clear(&text);
        budget_text(app, b, &text);
    }
    if (!rc)
        printf("%s%s", str_z(&text), json ? "\n" : "");
    free(b);
    str_release(&path);
    str_release(&dir);
    str_release(&text);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    const char *output = NULL;
    bool help = false, json = false, quiet = false;
    struct aa_flags aa = {.runs = 8, .concurrency = 4, .requests = 40};
    struct text_list operands = {0};
    const struct option_row rows[] = {
        {0, "aa", OPT_TEXT, &aa.server, "SERVER",
         "instead: the same load twice in each block, on URL|engine|llama-server|ollama; its noise floor is kept"},
        {'m', "model", OPT_TEXT, &aa.model, "NAME|GGUF", "of --aa, as the next three"},
        {0, "runs", OPT_INT, &aa.runs, "N", "blocks (8)"},
        {0, "max-concurrency", OPT_INT, &aa.concurrency, "N", "requests in flight at once (4)"},
        {0, "num-requests", OPT_INT, &aa.requests, "N", "of a run (40)"},
        {'o', "output", OPT_TEXT, &output, "FILE",
         "result file (default: calibration.db or aa.db in ~/.local/state/chimera)"},
        {'q', "quiet", OPT_FLAG, &quiet, NULL, "no progress on stderr"},
        {0, "json", OPT_FLAG, &json, NULL, "print as JSON"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help) {
        print_help(
            "chimera calibrate [options]",
            "Measures this client on this host against `chimera stub`: stamp and send errors, timers, and the highest\n"
            "rates it can carry. The result is kept and judges later loads. Takes less than a minute.\n"
            "With --aa: by how much two runs of the same thing differ on a server. chimera compare claims nothing smaller.",
            rows, "chimera calibrate\n  chimera calibrate --aa http://127.0.0.1:8000 -m m --max-concurrency 8");
    } else if (!rc && operands.n) {
        rc = err_set(e, ERR_USAGE, "'%s' is not an option; chimera calibrate --help", operands.at[0]);
    } else if (!rc) {
        rc = aa.server ? calibrate_aa(app, &aa, output, json, quiet, e) : calibrate_host(app, output, json, quiet, e);
    }
    text_list_release(&operands);
    return rc;
}

const struct command cmd_calibrate = {"calibrate", "this client's own error and ceiling on this host", run};
