/* file_load.c: the loads of a study file. See file.h. */
#include <string.h>

#include "analysis/precision.h"
#include "base/file.h"
#include "base/hash.h"
#include "load/conversation.h"
#include "load/shards.h"
#include "load/trace.h"

#include "study/file.h"

enum { MAX_LOADS = 64, MAX_CONCURRENCY = 1 << 20 };
#define MAX_REQUESTS SCHEDULE_MAX_N

/* The text of a key goes to its parser; what that says gets the key's place. */
static int read_amount(const struct yaml_node *map, const char *key, int64_t least, struct amount_law *out,
                       struct err *e)
{
    struct err why = ERR_INIT;
    const char *text = NULL;
    int rc = yaml_get_scalar(map, key, &text, e);
    if (!rc && text && amount_parse(text, key, least, out, &why))
        rc = yaml_error(yaml_get(map, key), e, "%s", why.text);
    return rc;
}

static int read_precision(struct study *s, const struct yaml_node *map, struct study_load *l, struct err *e)
{
    struct precision_rule rule;
    struct err why = ERR_INIT;
    const char *text = NULL;
    int rc = yaml_get_scalar(map, "precision", &text, e);
    if (rc || !text)
        return rc;
    if (precision_parse(text, &rule, &why))
        return yaml_error(yaml_get(map, "precision"), e, "%s", why.text);
    l->precision = arena_dupz(&s->arena, text);
    return 0;
}

static int read_turns(const struct yaml_node *map, struct study_load *l, struct err *e)
{
    int rc = read_amount(map, "turns", 1, &l->turns, e);
    if (rc || (rc = read_amount(map, "think_ms", 0, &l->think_ms, e)))
        return rc;
    if (l->turns.high > CONVERSATION_MAX_TURNS)
        return yaml_error(yaml_get(map, "turns"), e, "turns: a conversation has at most %d", CONVERSATION_MAX_TURNS);
    if (l->turns.high > 1 && l->ask.route != ROUTE_CHAT)
        return yaml_error(yaml_get(map, "turns"), e, "turns: the history of a conversation needs the route chat");
    if (l->turns.high == 1 && yaml_get(map, "think_ms"))
        return yaml_error(yaml_get(map, "think_ms"), e, "think_ms: a pause is between turns: give turns");
    return 0;
}

static int read_rate(const struct yaml_node *map, struct study_load *l, struct err *e)
{
    static const char *const laws[] = {"constant", "poisson", "gamma"};
    struct err why = ERR_INIT;
    const char *text = NULL;
    int law = ARRIVAL_POISSON;
    l->schedule.burstiness = 1;
    int rc = yaml_get_scalar(map, "request_rate", &text, e);
    if (rc || (rc = yaml_get_choice(map, "arrival", laws, 3, &law, e)) ||
        (rc = yaml_get_double(map, "burstiness", 0.1, 10000, &l->schedule.burstiness, e)))
        return rc;
    l->schedule.law = (enum arrival_law)law;
    if (text && schedule_parse_stages(text, &l->schedule, &why))
        return yaml_error(yaml_get(map, "request_rate"), e, "request_rate: %s", why.text);
    return 0;
}

static int read_trace(const struct study *s, const struct yaml_node *map, struct study_load *l, struct arena *a,
                      struct err *e)
{
    struct str path = STR_INIT, bytes = STR_INIT;
    struct err why = ERR_INIT;
    const char *text = NULL;
    l->trace_speed = 1;
    int rc = yaml_get_text(map, "trace", &text, e);
    if (rc || (rc = yaml_get_double(map, "trace_speed", 1e-6, 1e6, &l->trace_speed, e)) || !text)
        return rc;
    path_join(&path, s->dir, text);
    l->trace = arena_dupz(a, str_z(&path));
    if (file_read(l->trace, TRACE_MAX_FILE_BYTES, &bytes, &why))
        rc = yaml_error(yaml_get(map, "trace"), e, "%s", why.text);
    else
        sha256_hex(str_z(&bytes), bytes.len, l->trace_sha256);
    str_release(&path);
    str_release(&bytes);
    return rc;
}

/* As the rows of a trace with texts: one question of the user each. */
static int read_prompts(const struct yaml_node *map, struct study_load *l, struct arena *a, struct err *e)
{
    struct yaml_node *list = NULL;
    int rc = yaml_get_list(map, "prompts", &list, e);
    if (rc || !list)
        return rc;
    if (!list->n)
        return yaml_error(list, e, "prompts: the list is empty");
    if (l->trace || yaml_get(map, "turns") || yaml_get(map, "input_len"))
        return yaml_error(list, e, "prompts: the load '%s' has input_len, turns or a trace, which make prompts, too",
                          l->name);
    l->n_prompts = list->n;
    l->prompts = arena_alloc(a, list->n * sizeof *l->prompts);
    for (size_t i = 0; i < list->n && !rc; i++) {
        struct trace_turn *turn = arena_alloc(a, sizeof *turn);
        rc = yaml_as_scalar(list->item[i], "a prompt", &turn->text, e);
        if (!rc && !*turn->text)
            rc = yaml_error(list->item[i], e, "prompts: an empty one");
        turn->role = TRACE_USER;
        turn->text = arena_dupz(a, turn->text);
        l->prompts[i] = (struct trace_row){
            .input_tok = -1, .output_tok = -1, .line = list->item[i]->line, .turns = turn, .n_turns = 1};
    }
    return rc;
}

/* An open stage ends with the load's duration, or with its count. */
static int close_stages(const struct yaml_node *map, struct study_load *l, struct err *e)
{
    struct rate_stage *last = &l->schedule.stages[l->schedule.n_stages - 1];
    if (last->duration_ns != SCHEDULE_OPEN)
        return l->duration_ns
                   ? yaml_error(yaml_get(map, "duration"), e, "duration: the stages of request_rate end by themselves")
                   : 0;
    if (l->duration_ns)
        last->duration_ns = l->warmup_ns + l->duration_ns;
    return 0;
}

static int check_shape(const struct yaml_node *map, struct study_load *l, struct err *e)
{
    bool open = l->schedule.n_stages > 0;
    int shapes = open + (l->max_concurrency > 0);
    if (shapes > 1 || (!shapes && !l->trace))
        return yaml_error(map, e, "the load '%s' needs max_concurrency or request_rate, one of them, or a trace",
                          l->name);
    if (shapes && l->trace && l->trace_speed != 1)
        return yaml_error(yaml_get(map, "trace_speed"), e,
                          "trace_speed: the load has its own times, not those of the trace");
    if (l->max_concurrency && l->threads > l->max_concurrency)
        return yaml_error(yaml_get(map, "threads"), e,
                          "threads: %lld of them have not one request each of %lld in flight", (long long)l->threads,
                          (long long)l->max_concurrency);
    int rc = open ? close_stages(map, l, e) : 0;
    bool ends = open && l->schedule.stages[l->schedule.n_stages - 1].duration_ns != SCHEDULE_OPEN;
    if (!rc && !ends && !l->num_requests && !l->duration_ns && !l->trace && !l->n_prompts)
        rc = yaml_error(map, e, "the load '%s' never ends: give num_requests or duration", l->name);
    return rc;
}

static int read_load(struct study *s, const struct yaml_node *map, struct study_load *l, struct err *e)
{
    double seconds = 0, warmup = 0;
    *l = (struct study_load){.threads = 1};
    amount_parse("512", "input_len", 1, &l->input_tok, NULL);
    amount_parse("128", "output_len", 1, &l->output_tok, NULL);
    amount_parse("1", "turns", 1, &l->turns, NULL);
    amount_parse("0", "think_ms", 0, &l->think_ms, NULL);
    int rc = yaml_as_map(map, "loads", e);
    if (rc || (rc = file_allow(map, "loads", e)) || (rc = file_read_name(map, "a load", &s->arena, &l->name, e)) ||
        (rc = file_read_ask(s, map, &l->ask, &s->arena, e)) ||
        (rc = read_amount(map, "input_len", 1, &l->input_tok, e)) ||
        (rc = read_amount(map, "output_len", 1, &l->output_tok, e)) ||
        (rc = yaml_get_int(map, "shared_prefix", 0, 1 << 22, &l->shared_tok, e)) ||
        (rc = yaml_get_int(map, "max_concurrency", 1, MAX_CONCURRENCY, &l->max_concurrency, e)) ||
        (rc = read_rate(map, l, e)) || (rc = read_trace(s, map, l, &s->arena, e)) ||
        (rc = yaml_get_int(map, "num_requests", 1, MAX_REQUESTS, &l->num_requests, e)) ||
        (rc = yaml_get_int(map, "threads", 1, SHARDS_MAX, &l->threads, e)) ||
        (rc = yaml_get_double(map, "duration", 0.001, 366 * 86400.0, &seconds, e)) ||
        (rc = yaml_get_double(map, "warmup", 0, 86400, &warmup, e)) || (rc = read_precision(s, map, l, e)) ||
        (rc = read_turns(map, l, e)) || (rc = read_prompts(map, l, &s->arena, e)))
        return rc;
    l->warmup_ns = (mono_ns)(warmup * 1e9);
    l->output_given = yaml_get(map, "output_len") != NULL;
    l->duration_ns = (mono_ns)(seconds * 1e9);
    return check_shape(map, l, e);
}

int file_read_loads(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *list = NULL;
    int rc = yaml_get_list(root, "loads", &list, e);
    if (rc || !list)
        return rc;
    if (!list->n || list->n > MAX_LOADS)
        return yaml_error(list, e, "loads: %zu of them; 1 to %d are possible", list->n, MAX_LOADS);
    s->n_loads = list->n;
    s->loads = arena_alloc(&s->arena, list->n * sizeof *s->loads);
    for (size_t i = 0; i < list->n && !rc; i++) {
        rc = read_load(s, list->item[i], &s->loads[i], e);
        for (size_t k = 0; k < i && !rc; k++)
            if (strcmp(s->loads[k].name, s->loads[i].name) == 0)
                rc = yaml_error(list->item[i], e, "two loads are named '%s'", s->loads[i].name);
    }
    return rc;
}

int file_arm_load(const struct study *s, const struct yaml_node *map, struct study_arm *arm, struct err *e)
{
    const char *names[MAX_LOADS];
    for (size_t i = 0; i < s->n_loads; i++)
        names[i] = s->loads[i].name;
    if (yaml_get(map, "agents"))
        return yaml_error(map, e, "the arm '%s' has agents and a load: one of them", arm->name);
    if (!s->n_loads)
        return yaml_error(map, e, "the arm '%s' names a load, and the study has none", arm->name);
    return yaml_as_choice(yaml_get(map, "load"), "load", names, s->n_loads, &arm->load, e);
}
