/* view.c: reads a result into the view: arms, their runs, their numbers, their counts. */
#include "report/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "format/json.h"
#include "record/verdict.h"
#include "report/course.h"
#include "report/study_view.h"

const char *view_run_word(const struct run *r)
{
    if (r->state != RUN_COMPLETE)
        return run_state_word(r->state);
    return r->verdict == VERDICT_NONE ? "imported" : verdict_word((enum verdict)r->verdict);
}

const struct view_number *view_find(const struct view_arm *arm, const char *id)
{
    for (size_t i = 0; i < arm->n_numbers; i++)
        if (!strcmp(arm->numbers[i].metric->id, id))
            return &arm->numbers[i];
    return NULL;
}

const char *view_worst_verdict(const struct view_arm *arm)
{
    enum verdict worst = VERDICT_VALID; /* NONE is after all of them: who did not judge cannot vouch */
    for (size_t i = 0; i < arm->n_runs; i++)
        if (run_is_counted(arm->runs[i]) && arm->runs[i]->verdict > (int)worst)
            worst = (enum verdict)arm->runs[i]->verdict;
    return verdict_word(worst);
}

/* ---- arms ------------------------------------------------------------------------------------------------ */

static struct view_arm *arm_named(struct report_view *v, const char *name)
{
    name = name ? name : "";
    for (size_t i = 0; i < v->n_arms; i++)
        if (!strcmp(v->arms[i].name, name))
            return &v->arms[i];
    size_t n = v->n_arms++;
    v->arms = arena_grow(&v->arena, v->arms, n * sizeof *v->arms, (n + 1) * sizeof *v->arms);
    v->arms[n] = (struct view_arm){.name = arena_dupz(&v->arena, name)};
    return &v->arms[n];
}

/* Arms in the order of the study file, as far as its plan tells; else as they come. */
static void list_arms(struct report_view *v)
{
    yyjson_doc *doc = json_read_z(v->info.study.plan_json);
    size_t i, max;
    yyjson_val *arm;
    yyjson_arr_foreach (yyjson_obj_get(yyjson_doc_get_root(doc), "arms"), i, max, arm) {
        if (yyjson_is_str(yyjson_obj_get(arm, "name")))
            arm_named(v, yyjson_get_str(yyjson_obj_get(arm, "name")));
    }
    yyjson_doc_free(doc);
    for (size_t k = 0; k < v->info.study.n_rows; k++)
        arm_named(v, v->info.study.rows[k].arm)->planned++;
    for (size_t k = 0; k < v->n_runs; k++)
        arm_named(v, v->runs[k].arm);
}

static int by_block(const void *a, const void *b)
{
    const struct run *x = *(const struct run *const *)a, *y = *(const struct run *const *)b;
    if (x->block != y->block)
        return x->block < y->block ? -1 : 1;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Each name once, in the order of the sessions; sessions of plain load are all called "load". */
static void name_agents(struct report_view *v, struct view_arm *arm, const struct run *r)
{
    for (size_t i = 0; i < r->n_sessions; i++) {
        const char *name = r->sessions[i].agent ? r->sessions[i].agent : "";
        size_t k = 0;
        while (k < arm->n_agents && strcmp(arm->agents[k], name) != 0)
            k++;
        if (k < arm->n_agents || k == VIEW_AGENTS)
            continue;
        arm->agents = arena_grow(&v->arena, arm->agents, k * sizeof *arm->agents, (k + 1) * sizeof *arm->agents);
        arm->agents[arm->n_agents++] = name;
    }
}

static void list_runs(struct report_view *v)
{
    for (size_t i = 0; i < v->n_arms; i++) {
        struct view_arm *arm = &v->arms[i];
        arm->runs = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof(const struct run *));
        arm->others = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof(const struct run *));
    }
    for (size_t i = 0; i < v->n_runs; i++) {
        const struct run *r = &v->runs[i];
        struct view_arm *arm = arm_named(v, r->arm);
        if (r->state == RUN_COMPLETE)
            arm->runs[arm->n_runs++] = r;
        else
            arm->others[arm->n_others++] = r;
        arm->n_counted += run_is_counted(r);
        name_agents(v, arm, r);
        if (r->state == RUN_COMPLETE && r->verdict >= VERDICT_VALID && r->verdict <= VERDICT_NONE)
            v->verdicts[r->verdict]++;
    }
    for (size_t i = 0; i < v->n_arms; i++) {
        qsort(v->arms[i].runs, v->arms[i].n_runs, sizeof *v->arms[i].runs, by_block);
        qsort(v->arms[i].others, v->arms[i].n_others, sizeof *v->arms[i].others, by_block);
    }
}

/* ---- numbers --------------------------------------------------------------------------------------------- */

static int64_t behind(const struct run *r, const struct metric *m)
{
    int64_t n = 0;
    for (size_t i = 0; m->of_request && i < r->n_requests; i++)
        n += r->requests[i].outcome == OUTCOME_OK && isfinite(m->of_request(&r->requests[i]));
    for (size_t i = 0; m->of_session && i < r->n_sessions; i++)
        n += isfinite(m->of_session(r, &r->sessions[i]));
    return n;
}

static void arm_numbers(struct report_view *v, struct view_arm *arm)
{
    size_t rows = 0;
    while (metric_at(rows))
        rows++;
    arm->numbers = arena_alloc(&v->arena, (rows + 1) * sizeof *arm->numbers);
    for (size_t k = 0; k < rows; k++) {
        const struct metric *m = metric_at(k);
        double *values = arena_alloc(&v->arena, (arm->n_runs + 1) * sizeof *values);
        int64_t n_below = m->of_run ? -1 : 0;
        if (m->level == METRIC_BLOCK)
            continue;
        for (size_t i = 0; i < arm->n_runs; i++) {
            values[i] = run_is_counted(arm->runs[i]) ? run_median_of(arm->runs[i], m) : NAN;
            if (n_below >= 0 && isfinite(values[i]))
                n_below += behind(arm->runs[i], m);
        }
        struct view_number n = view_number_of(v, m, values, arm->n_runs, n_below);
        if (n.n)
            arm->numbers[arm->n_numbers++] = n;
    }
}

/* ---- counts ---------------------------------------------------------------------------------------------- */

static void count_run(struct view_counts *c, const struct run *r)
{
    struct run_counts one = run_count(r);
    c->runs++;
    c->planned += one.planned;
    c->completed += one.completed;
    c->failed += one.failed;
    c->cancelled += one.cancelled;
    c->unsent += one.unsent;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        c->by_outcome[i] += one.by_outcome[i];
    for (size_t i = 0; i < r->n_requests; i++)
        for (int bit = 0; bit < VIEW_FLAGS; bit++)
            c->by_flag[bit] += (r->requests[i].flags >> bit & 1u) != 0;
}

static void count_all(struct report_view *v)
{
    for (size_t i = 0; i < v->n_runs; i++) {
        count_run(&v->counts, &v->runs[i]);
        count_run(&arm_named(v, v->runs[i].arm)->counts, &v->runs[i]);
    }
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int hash_rows(struct report_view *v, struct store *s, struct err *e)
{
    int64_t *ids = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *ids);
    struct sha256 *all = sha256_new();
    size_t hashed = 0;
    int rc = 0;
    for (size_t i = 0; i < v->n_runs; i++)
        ids[i] = v->runs[i].id;
    qsort(ids, v->n_runs, sizeof *ids, by_id);
    for (size_t i = 0; i < v->n_runs && !rc; i++) {
        char hex[65];
        rc = store_run_stored_hash(s, ids[i], hex, e);
        hashed += !rc && *hex;
        sha256_add(all, hex, rc ? 0 : strlen(hex));
    }
    sha256_done(all, v->raw_sha256);
    if (!hashed)
        *v->raw_sha256 = 0;
    return rc;
}

static int add_source(void *user, const struct store_source *f)
{
    struct report_view *v = user;
    size_t n = v->n_sources++;
    if ((n & (n - 1)) == 0) /* room doubles when it is full */
        v->sources = arena_grow(&v->arena, v->sources, n * sizeof *f, (n ? 2 * n : 1) * sizeof *f);
    v->sources[n] = *f;
    v->sources[n].path = arena_dupz(&v->arena, f->path);
    v->sources[n].sha256 = arena_dupz(&v->arena, f->sha256);
    v->sources[n].format = arena_dupz(&v->arena, f->format);
    v->sources[n].problem = arena_dupz(&v->arena, f->problem);
    v->sources[n].head_json = arena_dupz(&v->arena, f->head_json);
    return 0;
}

static int read_all(struct report_view *v, struct store *s, struct err *e)
{
    int rc = store_info(s, &v->arena, &v->info, e);
    if (!rc)
        rc = store_runs(s, STORE_CHUNKS, &v->arena, &v->runs, &v->n_runs, e);
    if (!rc)
        rc = store_hosts(s, &v->arena, &v->hosts, &v->n_hosts, e);
    if (!rc)
        rc = store_servers(s, &v->arena, &v->servers, &v->n_servers, e);
    if (!rc)
        rc = store_each_source(s, add_source, v, e);
    if (rc)
        return rc;
    rc = hash_rows(v, s, e);
    v->corpus_json = store_get_note(s, &v->arena, "corpus");
    v->host_at_start_json = store_get_note(s, &v->arena, "host_at_start");
    v->prompts_json = store_get_note(s, &v->arena, "prompts");
    v->client_json = store_get_note(s, &v->arena, "client");
    v->import_json = store_get_note(s, &v->arena, "import");
    v->load_json = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *v->load_json);
    for (size_t i = 0; i < v->n_runs; i++)
        v->load_json[i] = store_get_note(s, &v->arena,
                                         arena_printf(&v->arena, "load of run %lld", (long long)v->runs[i].id));
    return rc;
}

static bool drifts(const struct report_view *v)
{
    for (size_t i = 0; i < v->study->n_drifts; i++)
        if (v->study->drifts[i].certain)
            return true;
    return false;
}

int report_view_build(struct store *s, struct report_view **out, struct err *e)
{
    struct report_view *v = xcalloc(1, sizeof *v);
    int rc = read_all(v, s, e);
    *out = NULL;
    if (rc) {
        report_view_free(v);
        return rc;
    }
    list_arms(v);
    list_runs(v);
    for (size_t i = 0; i < v->n_arms; i++)
        arm_numbers(v, &v->arms[i]);
    count_all(v);
    design_read(&v->design, v->info.study.plan_json, &v->arena);
    speedup_of_runs(v->runs, v->n_runs, &v->design, &v->arena, &v->speedup);
    view_loads(v);
    view_duets(v);
    view_study(v);
    view_comparisons(v);
    v->verdict = course_verdict(s, &v->info, v->runs, v->n_runs, drifts(v), &v->arena, &v->verdict_why, &v->enough);
    view_worth(v);
    view_answer(v);
    *out = v;
    return 0;
}

void report_view_add_peers(struct report_view *v, const struct peer_limits *limits)
{
    size_t rows = 0;
    while (peer_at(rows))
        rows++;
    v->with_peers = true;
    v->peer_limits = limits ? (void *)arena_dup(&v->arena, limits, sizeof *limits) : NULL;
    for (size_t i = 0; i < v->n_arms; i++) {
        struct view_arm *arm = &v->arms[i];
        const struct run **counted = arena_alloc(&v->arena, (arm->n_runs + 1) * sizeof *counted);
        size_t n = 0;
        for (size_t k = 0; k < arm->n_runs; k++)
            if (run_is_counted(arm->runs[k]))
                counted[n++] = arm->runs[k];
        if (!n)
            continue;
        arm->peers = arena_alloc(&v->arena, rows * sizeof *arm->peers);
        for (size_t k = 0; k < rows; k++)
            arm->peers[k] = peer_of_runs(peer_at(k), v->peer_limits, counted, n);
    }
}

size_t report_view_void_runs(const struct report_view *v)
{
    return (size_t)v->verdicts[VERDICT_VOID];
}

void report_view_free(struct report_view *v)
{
    if (!v)
        return;
    store_runs_release(v->runs, v->n_runs);
    view_comparisons_release(v);
    arena_release(&v->arena);
    free(v);
}
