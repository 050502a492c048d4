/* page_peers.c: what other tools would have reported of the same requests, side by side. */
#include <math.h>
#include <string.h>

#include "report/number.h"
#include "report/page.h"

/* What stands in a cell without a number; explained below the tables. */
#define NEEDS_TOKENIZER "(t)"
#define NEEDS_CHUNKS "(c)"

static const struct {
    enum peer_quantity quantity;
    const char *head;
} columns[] = {{PEER_TTFT, "TTFT ms"},       {PEER_ITL, "ITL ms"},      {PEER_TPOT, "TPOT ms"},
               {PEER_E2E, "E2E ms"},         {PEER_SPEED, "tok/s one"}, {PEER_OUTPUT_RATE, "tok/s all"},
               {PEER_REQUEST_RATE, "req/s"}, {PEER_GOODPUT, "good/s"}}; /* the last: only with limits */

static const char *cell_of(struct page *p, double value, const char *lack)
{
    if (lack)
        return lack == peer_lack_tokenizer ? NEEDS_TOKENIZER : NEEDS_CHUNKS;
    return number_text(&p->arena, value);
}

/* ---- side by side ---------------------------------------------------------------------------------------- */

/* The mean by the tool's first row of that quantity; empty when it has none. */
static const char *mean_of(struct page *p, const struct view_arm *arm, const struct peer_tool *tool,
                           enum peer_quantity quantity)
{
    const struct peer *row;
    for (size_t i = 0; (row = peer_at(i)); i++)
        if (row->tool == tool && row->quantity == quantity)
            return cell_of(p, arm->peers[i].mean, arm->peers[i].lack);
    return "";
}

static void side_by_side(struct page *p, const struct view_arm *arm, bool goodput)
{
    size_t n = sizeof columns / sizeof columns[0] - !goodput;
    const struct peer_tool *tool;
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, arm->name, TABLE_LEFT);
    for (size_t k = 0; k < n; k++)
        table_column(&t, columns[k].head, TABLE_RIGHT);
    for (size_t i = 0; (tool = peer_tool_at(i)); i++) {
        table_cell(&t, tool->name);
        for (size_t k = 0; k < n; k++)
            table_cell(&t, mean_of(p, arm, tool, columns[k].quantity));
    }
    p->ops->table(p, &t);
}

/* "ITL from 13.6 to 73.8 ms": how far the tools are apart in each quantity that they name alike. */
static void spread(struct page *p, const struct view_arm *arm)
{
    static const char *const names[] = {
        [PEER_TTFT] = "TTFT", [PEER_ITL] = "ITL", [PEER_TPOT] = "TPOT", [PEER_E2E] = "E2E"};
    const struct peer *row;
    const char *text = "";
    for (int q = PEER_TTFT; q <= PEER_E2E; q++) {
        double lo = NAN, hi = NAN;
        for (size_t i = 0; (row = peer_at(i)); i++)
            if ((int)row->quantity == q) {
                lo = fmin(lo, arm->peers[i].mean);
                hi = fmax(hi, arm->peers[i].mean);
            }
        if (hi > lo)
            text = arena_printf(&p->arena, "%s%s%s from %s to %s ms", text, *text ? ", " : "", names[q],
                                number_text(&p->arena, lo), number_text(&p->arena, hi));
    }
    if (*text)
        page_textf(p, "By the tool: %s.", text);
}

/* Why the columns do not agree: the short form of the definitions. */
static const char *const reasons[] = {
    "TTFT: vLLM bench stops at the first event, the empty role chunk included; the others wait for text: of any kind, "
    "or (inference-perf, llmperf, Ollama) of the answer only. MLPerf LoadGen starts at the planned time.",
    "ITL: vLLM bench pools the gaps between events; AIPerf and GuideLLM average per request, over tokens; "
    "inference-perf takes gaps between tokens, 0 within a chunk; llmperf has TTFT in it and divides by events.",
    "TPOT: GuideLLM has TTFT in it; vLLM bench begins at the first event; genai-bench ends at the usage event and "
    "MLPerf at the end of the stream; Ollama's is the server's own time.",
    "E2E: ends at the last event with choices (vLLM bench), the last text (AIPerf), the usage event (genai-bench), the "
    "end of the stream (others); Ollama's is the server's own time.",
    "tok/s of one request: after the first token (AIPerf, genai-bench), or by the server's clock (Ollama).",
    "tok/s and req/s of all: over the whole run, failed requests in the window; AIPerf ends at the last text, MLPerf "
    "LoadGen with the request that was planned last.",
    "Tokens: as the server counts them; where it tells none, GuideLLM takes chunks for tokens and the others count in "
    "the text.",
};

/* "TTFT 500 ms, E2E 4000 ms" */
static const char *limits_text(struct page *p, const struct peer_limits *l)
{
    const struct {
        const char *name;
        double ms;
    } rows[] = {{"TTFT", l->ttft_ms}, {"TPOT", l->tpot_ms}, {"E2E", l->e2e_ms}};
    const char *text = "";
    for (size_t i = 0; i < 3; i++)
        if (rows[i].ms > 0)
            text = arena_printf(&p->arena, "%s%s%s %s ms", text, *text ? ", " : "", rows[i].name,
                                number_text(&p->arena, rows[i].ms));
    return text;
}

static void explain(struct page *p, const struct peer_limits *limits)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        p->ops->item(p, reasons[i]);
    if (limits)
        page_itemf(
            p,
            "good/s: requests within %s, each by the tool's own number; vLLM bench takes a TPOT that is not defined "
            "as kept, AIPerf and inference-perf as missed; inference-perf's window leaves failed requests out.",
            limits_text(p, limits));
    p->ops->text(p, "Empty: the tool has no such number; " NO_NUMBER ": no request has it; " NEEDS_TOKENIZER
                    ": needs the tool's tokenizer, because it counts tokens in the text itself; " NEEDS_CHUNKS
                    ": needs the chunks, which this record does not hold. Times are the record's own, from `sent`: the "
                    "tool's clock starts a little earlier, before it connects.");
}

/* ---- all rows -------------------------------------------------------------------------------------------- */

static void all_rows(struct page *p, const struct view_arm *arm)
{
    static const char *const heads[] = {"its name", "unit", "n", "mean", "median", "p90", "p99"};
    const struct peer *row;
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, arm->name, TABLE_LEFT);
    for (size_t k = 0; k < sizeof heads / sizeof heads[0]; k++)
        table_column(&t, heads[k], k < 2 ? TABLE_LEFT : TABLE_RIGHT);
    for (size_t i = 0; (row = peer_at(i)); i++) {
        const struct peer_number *x = &arm->peers[i];
        if (x->lack == peer_lack_limits)
            continue;
        const char *tail = row->of_run ? NULL : x->lack ? x->lack : x->lack_quantiles;
        table_cell(&t, row->tool->name);
        table_cell(&t, row->name);
        table_cell(&t, row->unit);
        table_cellf(&t, "%zu %.*s", x->n, (int)strlen(row->over) - (x->n == 1), row->over);
        table_cell(&t, cell_of(p, x->mean, x->lack));
        table_cell(&t, row->of_run ? "" : cell_of(p, x->p50, tail));
        table_cell(&t, row->of_run ? "" : cell_of(p, x->p90, tail));
        table_cell(&t, row->of_run ? "" : cell_of(p, x->p99, tail));
    }
    p->ops->table(p, &t);
}

/* ---- the section ----------------------------------------------------------------------------------------- */

void section_peers(struct page *p, const struct report_view *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_arms; i++)
        n += v->arms[i].peers != NULL;
    if (!n)
        return;
    p->ops->heading(p, "By other tools' definitions");
    p->ops->text(p,
                 "The same recording as other tools would report it, mean values; pooled over requests of all counted "
                 "runs, which is not our unit of statistics: no interval, nothing to conclude from.");
    for (size_t i = 0; i < v->n_arms; i++) {
        if (!v->arms[i].peers)
            continue;
        side_by_side(p, &v->arms[i], v->peer_limits != NULL);
        spread(p, &v->arms[i]);
    }
    explain(p, v->peer_limits);
    if (!p->definitions) {
        p->ops->text(p, "Median and tail of every number: --format md or json. Formulas: chimera list peers.");
        return;
    }
    for (size_t i = 0; i < v->n_arms; i++)
        if (v->arms[i].peers)
            all_rows(p, &v->arms[i]);
}

/* ---- definitions ----------------------------------------------------------------------------------------- */

void peer_definitions(struct table *t, struct arena *a)
{
    static const char *const heads[] = {"id", "tool", "its name", "unit", "definition"};
    const struct peer *row;
    table_init(t, a);
    for (size_t k = 0; k < sizeof heads / sizeof heads[0]; k++)
        table_column(t, heads[k], TABLE_LEFT);
    for (size_t i = 0; (row = peer_at(i)); i++) {
        table_cell(t, row->id);
        table_cell(t, row->tool->name);
        table_cell(t, row->name);
        table_cell(t, row->unit);
        table_cell(t, row->definition);
    }
}

void peer_tools(struct table *t, struct arena *a)
{
    const struct peer_tool *tool;
    table_init(t, a);
    table_column(t, "tool", TABLE_LEFT);
    table_column(t, "percentiles", TABLE_LEFT);
    table_column(t, "source", TABLE_LEFT);
    for (size_t i = 0; (tool = peer_tool_at(i)); i++) {
        table_cell(t, tool->name);
        table_cell(t, peer_rule_words(tool->rule));
        table_cell(t, tool->source);
    }
}
