/* page_facts.c: what it ran on: instrument, servers, host, study, and the definitions of the ids above. */
#include <math.h>
#include <string.h>

#include "report/facts.h"
#include "report/number.h"
#include "report/page.h"

static void fact_table(struct page *p, const char *head, const struct facts *f)
{
    struct table t;
    if (!f->n)
        return;
    table_init(&t, &p->arena);
    table_column(&t, head, TABLE_LEFT);
    table_column(&t, "", TABLE_LEFT);
    for (size_t i = 0; i < f->n; i++) {
        table_cell(&t, f->rows[i].key);
        table_cell(&t, f->rows[i].value);
    }
    p->ops->table(p, &t);
}

static void instrument(struct page *p, const struct report_view *v)
{
    struct table t;
    if (!v->n_health)
        return;
    p->ops->heading(p, "Instrument and host during the runs");
    table_init(&t, &p->arena);
    table_column(&t, "per run", TABLE_LEFT);
    table_column(&t, "unit", TABLE_LEFT);
    table_column(&t, "n", TABLE_RIGHT);
    table_column(&t, "median", TABLE_RIGHT);
    table_column(&t, "largest", TABLE_RIGHT);
    table_column(&t, "in", TABLE_LEFT);
    for (size_t i = 0; i < v->n_health; i++) {
        const struct view_health *h = &v->health[i];
        table_cell(&t, h->what);
        table_cell(&t, h->unit);
        table_cellf(&t, "%zu", h->n);
        table_cell(&t, number_text(&p->arena, h->median));
        table_cell(&t, number_text(&p->arena, h->worst));
        table_cellf(&t, "block %d, %s", h->worst_run->block + 1, h->worst_run->arm ? h->worst_run->arm : "");
    }
    p->ops->table(p, &t);
    struct facts client = facts_of(&p->arena, v->client_json);
    fact_table(p, "client of the last load", &client);
}

static const char *or_dash(const char *z)
{
    return z && *z ? z : NO_NUMBER;
}

/* Enough of a hash to see that two differ; a name before it is dropped. */
static const char *short_hash(struct page *p, const char *hash)
{
    const char *colon = hash ? strrchr(hash, ':') : NULL;
    return hash && *hash ? arena_printf(&p->arena, "%.12s", colon ? colon + 1 : hash) : NO_NUMBER;
}

static bool alike(const struct facts *f, size_t n, const char *key)
{
    for (size_t i = 1; i < n; i++)
        if (strcmp(or_dash(facts_get(&f[i], key)), or_dash(facts_get(&f[0], key))))
            return false;
    return true;
}

/* What a study that varies its servers did not vary, or could not tell them, stands beside what it did. */
static void differences(struct page *p, const struct report_view *v)
{
    enum { SERVERS = 4 }; /* side by side */
    struct facts f[SERVERS];
    struct table t;
    if (!v->design.n_factors || v->n_servers < 2 || v->n_servers > SERVERS)
        return;
    table_init(&t, &p->arena);
    table_column(&t, "where they differ", TABLE_LEFT);
    for (size_t i = 0; i < v->n_servers; i++) {
        f[i] = facts_of(&p->arena, v->servers[i].json);
        table_column(&t, v->servers[i].name, TABLE_LEFT);
    }
    for (size_t k = 0; k < f[0].n; k++) {
        const char *key = f[0].rows[k].key;
        if (!strcmp(key, "name") || alike(f, v->n_servers, key))
            continue;
        bool hash = strstr(key, "digest") != NULL;
        table_cell(&t, key);
        for (size_t i = 0; i < v->n_servers; i++)
            table_cell(&t, hash ? short_hash(p, facts_get(&f[i], key)) : or_dash(facts_get(&f[i], key)));
    }
    if (table_rows(&t))
        p->ops->table(p, &t);
}

static void servers(struct page *p, const struct report_view *v)
{
    static const char *const columns[][2] = {{"kind", "kind"},           {"version", "version"}, {"model", "model"},
                                             {"quantisation", "quant."}, {"context", "context"}, {"threads", "threads"},
                                             {"parallel", "parallel"}};
    enum { COLUMNS = sizeof columns / sizeof columns[0] };
    struct table t;
    if (!v->n_servers)
        return;
    p->ops->heading(p, "Servers");
    table_init(&t, &p->arena);
    table_column(&t, "server", TABLE_LEFT);
    for (size_t i = 0; i < COLUMNS; i++)
        table_column(&t, columns[i][1], i < 4 ? TABLE_LEFT : TABLE_RIGHT);
    table_column(&t, "model digest", TABLE_LEFT);
    for (size_t i = 0; i < v->n_servers; i++) {
        struct facts f = facts_of(&p->arena, v->servers[i].json);
        table_cell(&t, v->servers[i].name);
        for (size_t k = 0; k < COLUMNS; k++)
            table_cell(&t, or_dash(facts_get(&f, columns[k][0])));
        table_cell(&t, short_hash(p, facts_get(&f, "model_digest")));
    }
    p->ops->table(p, &t);
    differences(p, v);
}

static void host(struct page *p, const struct report_view *v)
{
    if (!v->n_hosts && !v->host_at_start_json)
        return;
    p->ops->heading(p, "Host");
    for (size_t i = 0; i < v->n_hosts; i++) {
        struct facts f = facts_of(&p->arena, v->hosts[i].json);
        fact_table(p, arena_printf(&p->arena, "stratum %s", short_hash(p, v->hosts[i].name)), &f);
    }
    struct facts at_start = facts_of(&p->arena, v->host_at_start_json);
    fact_table(p, "at the start", &at_start);
}

static void add_fact(struct facts *f, const char *key, const char *value)
{
    f->rows[f->n++] = (struct fact_row){key, or_dash(value)};
}

static void study(struct page *p, const struct report_view *v)
{
    const struct store_study *s = &v->info.study;
    struct fact_row rows[16];
    struct facts f = {rows, 0}, corpus = facts_of(&p->arena, v->corpus_json);
    char created[32];
    clock_wall_text(v->info.created_wall_ns, created);
    p->ops->heading(p, "Study");
    add_fact(&f, "chimera", s->chimera_version);
    add_fact(&f, "commit", s->chimera_commit);
    add_fact(&f, "created", created);
    add_fact(&f, "command", s->command);
    add_fact(&f, "plan", short_hash(p, s->plan_sha256));
    add_fact(&f, "seed", arena_printf(&p->arena, "%llu", (unsigned long long)s->seed));
    add_fact(&f, "result format", arena_printf(&p->arena, "%lld", (long long)v->info.schema));
    if (facts_get(&corpus, "sha256"))
        add_fact(&f, "corpus", short_hash(p, facts_get(&corpus, "sha256")));
    fact_table(p, "study", &f);
}

void section_facts(struct page *p, const struct report_view *v)
{
    instrument(p, v);
    servers(p, v);
    host(p, v);
    study(p, v);
}

/* ---- definitions ----------------------------------------------------------------------------------------- */

bool page_defines(const struct report_view *v, const struct metric *m)
{
    for (size_t i = 0; i < v->n_arms; i++)
        if (view_find(&v->arms[i], m->id))
            return true;
    return m->level == METRIC_BLOCK && v->n_duets;
}

void section_definitions(struct page *p, const struct report_view *v)
{
    const struct metric *m;
    struct table t;
    if (!p->definitions) {
        p->ops->text(p, "Each id is defined in: chimera list metrics.");
        return;
    }
    table_init(&t, &p->arena);
    table_column(&t, "id", TABLE_LEFT);
    table_column(&t, "unit", TABLE_LEFT);
    table_column(&t, "better", TABLE_LEFT);
    table_column(&t, "definition", TABLE_LEFT);
    table_column(&t, "source", TABLE_LEFT);
    for (size_t i = 0; (m = metric_at(i)); i++) {
        if (!page_defines(v, m))
            continue;
        table_cell(&t, m->id);
        table_cell(&t, m->unit);
        table_cell(&t, metric_better_word(m->better));
        table_cell(&t, m->definition);
        table_cell(&t, m->source);
    }
    if (table_rows(&t)) {
        p->ops->heading(p, "Definitions");
        p->ops->table(p, &t);
    }
    if (v->with_peers) {
        struct table peers;
        peer_definitions(&peers, &p->arena);
        p->ops->heading(p, "Definitions of other tools");
        p->ops->table(p, &peers);
    }
}
