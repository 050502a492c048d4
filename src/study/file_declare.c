/* file_declare.c: what a study file declares beside its work: the comparison, and when it ends or waits. See file.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "record/metric.h"
#include "study/file.h"

enum { MAX_METRICS = 64, DEFAULT_MIN_BLOCKS = 5, DEFAULT_WAIT_S = 60 };
#define MAX_SECONDS (366 * 86400.0)

/* "3%" or "0.03"; NaN: neither, or not above 0. */
static double read_share(const char *text)
{
    char *end;
    double v = strtod(text, &end);
    bool percent = *end == '%';
    return end == text || end[percent] || !(v > 0) || !isfinite(v) ? NAN : percent ? v / 100 : v;
}

static int no_metric(const struct yaml_node *node, const char *name, struct err *e)
{
    const char *names[256];
    size_t n = 0;
    for (; n < 256 && metric_at(n); n++)
        names[n] = metric_at(n)->id;
    const char *near = word_suggest(name, names, n);
    return yaml_error(node, e, "no metric '%.60s'; %s%s%s", name, near ? "did you mean '" : "`chimera list metrics`",
                      near ? near : " lists them", near ? "'?" : "");
}

static int check_metric(const struct yaml_node *node, const char *name, struct err *e)
{
    const struct metric *m = metric_find(name);
    if (m && m->level == METRIC_BLOCK)
        return yaml_error(node, e, "%s is of a whole block, not of one arm", name);
    return m ? 0 : no_metric(node, name, e);
}

/* "METRIC:REST"; *rest is what stands behind the colon. */
static int read_metric_of(const struct yaml_node *node, const char *text, const char **rest, struct err *e)
{
    char name[64];
    size_t n = strcspn(text, ":");
    size_t len = n < sizeof name ? n : sizeof name - 1;
    memcpy(name, text, len);
    name[len] = 0;
    *rest = text + n + (text[n] == ':');
    return check_metric(node, name, e);
}

/* ---- compare ------------------------------------------------------------------------------------------------------- */

static bool has_level(const struct study *s, const struct study_arm *arm, const char *part, size_t n)
{
    for (size_t i = 0; i < s->n_factors; i++) {
        size_t len = strlen(s->factors[i].name);
        if (arm->level[i] && n > len && strncmp(part, s->factors[i].name, len) == 0 && part[len] == '=' &&
            strlen(arm->level[i]) == n - len - 1 && strncmp(part + len + 1, arm->level[i], n - len - 1) == 0)
            return true;
    }
    return false;
}

bool study_arm_is(const struct study *s, const struct study_arm *arm, const char *text)
{
    size_t n = strcspn(text, ",");
    if (strlen(arm->base) != n || strncmp(arm->base, text, n) != 0)
        return false;
    while (text[n]) {
        const char *part = text + n + 1;
        size_t len = strcspn(part, ",");
        if (!has_level(s, arm, part, len))
            return false;
        n = (size_t)(part - text) + len;
    }
    return true;
}

static int read_baseline(struct study *s, const struct yaml_node *map, struct err *e)
{
    const char *text = NULL;
    const char **names;
    int rc = yaml_get_scalar(map, "baseline", &text, e);
    if (rc || !text)
        return rc;
    s->compare.baseline = arena_dupz(&s->arena, text);
    names = arena_alloc(&s->arena, 2 * s->n_arms * sizeof *names);
    for (size_t i = 0; i < s->n_arms; i++) {
        if (study_arm_is(s, &s->arms[i], text))
            return 0;
        names[2 * i] = s->arms[i].base;
        names[2 * i + 1] = s->arms[i].name;
    }
    struct str hint = STR_INIT;
    word_hint(&hint, text, names, 2 * s->n_arms);
    rc = yaml_error(yaml_get(map, "baseline"), e, "no arm '%.100s'%s", text, str_z(&hint));
    str_release(&hint);
    return rc;
}

static int read_metrics(struct study *s, const struct yaml_node *map, struct err *e)
{
    struct yaml_node *list = NULL;
    int rc = yaml_get_list(map, "metrics", &list, e);
    if (rc || !list)
        return rc;
    if (!list->n || list->n > MAX_METRICS)
        return yaml_error(list, e, "metrics: %zu of them; 1 to %d are possible", list->n, MAX_METRICS);
    s->compare.metrics = arena_alloc(&s->arena, list->n * sizeof *s->compare.metrics);
    for (size_t i = 0; i < list->n && !rc; i++) {
        const char *name = "";
        rc = yaml_as_text(list->item[i], "a metric", &name, e);
        if (!rc)
            rc = check_metric(list->item[i], name, e);
        if (!rc)
            s->compare.metrics[s->compare.n_metrics++] = arena_dupz(&s->arena, name);
    }
    return rc;
}

/* As `chimera compare --margin`: "3%", or "ttft:20,e2e:5%". */
static int check_margin(const struct yaml_node *node, const char *text, struct err *e)
{
    int rc = 0;
    if (strchr(text, '%') && !strchr(text, ':') && !strchr(text, ','))
        return isnan(read_share(text)) ? yaml_error(node, e, "margin: '%.60s' is no share such as 3%%", text) : 0;
    for (const char *p = text; !rc && (p == text || *p++);) {
        char part[96] = "";
        const char *number;
        size_t n = strcspn(p, ",");
        memcpy(part, p, n < sizeof part ? n : sizeof part - 1);
        rc = read_metric_of(node, part, &number, e);
        if (!rc && isnan(read_share(number)))
            rc = yaml_error(node, e, "margin: '%.60s' needs a number above 0, as in 3%% or ttft:20", part);
        p += n;
        if (!*p)
            break;
    }
    return rc;
}

static int read_compare(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *map = NULL;
    const char *margin = NULL;
    int rc = yaml_get_map(root, "compare", &map, e);
    if (rc || !map)
        return rc;
    if ((rc = file_allow(map, "compare", e)) || (rc = read_baseline(s, map, e)) || (rc = read_metrics(s, map, e)) ||
        (rc = yaml_get_scalar(map, "margin", &margin, e)) ||
        (rc = margin ? check_margin(yaml_get(map, "margin"), margin, e) : 0))
        return rc;
    s->compare.margin = arena_dupz(&s->arena, margin);
    return 0;
}

/* ---- when it ends and waits ---------------------------------------------------------------------------------------- */

static int read_stop(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *map = NULL, *node;
    const char *text, *share;
    int64_t least = DEFAULT_MIN_BLOCKS; /* a trial with fewer blocks runs them all */
    int rc = yaml_get_map(root, "stop", &map, e);
    if (rc || !map)
        return rc;
    if ((rc = file_allow(map, "stop", e)) || (rc = yaml_need(map, "precision", "stop", &node, e)) ||
        (rc = yaml_as_text(node, "precision", &text, e)) || (rc = read_metric_of(node, text, &share, e)) ||
        (rc = yaml_get_int(map, "min_blocks", 2, FILE_MAX_BLOCKS, &least, e)))
        return rc;
    if (isnan(read_share(share)) || read_share(share) >= 1)
        return yaml_error(node, e, "precision: METRIC:WIDTH is needed, such as makespan:5%%, not '%.60s'", text);
    s->stop.precision = arena_dupz(&s->arena, text);
    s->stop.min_blocks = (int32_t)least;
    return 0;
}

/* Seconds as a number, or a number with s, m or h. */
static int read_time(const struct yaml_node *map, const char *key, mono_ns *out, struct err *e)
{
    static const char units[] = "smh";
    static const double seconds[] = {1, 60, 3600};
    const char *text = NULL;
    int rc = yaml_get_scalar(map, key, &text, e);
    if (rc || !text)
        return rc;
    char *end;
    double v = strtod(text, &end);
    const char *unit = *end && !end[1] ? strchr(units, *end) : NULL;
    v *= unit ? seconds[unit - units] : 1;
    if (end == text || (*end && !unit) || !(v >= 0.001) || v > MAX_SECONDS)
        return yaml_error(yaml_get(map, key), e, "%s: a time such as 90, 90s, 20m or 2h is needed, not '%.60s'", key,
                          text);
    *out = (mono_ns)(v * 1e9);
    return 0;
}

static int read_guard(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *map = NULL;
    int rc = yaml_get_map(root, "guard", &map, e);
    if (rc || !map)
        return rc;
    s->guard.wait_ns = DEFAULT_WAIT_S * NS_PER_S;
    if ((rc = file_allow(map, "guard", e)) || (rc = yaml_get_double(map, "load", 0.01, 4096, &s->guard.load, e)) ||
        (rc = yaml_get_double(map, "temperature_c", 1, 200, &s->guard.temperature_c, e)) ||
        (rc = read_time(map, "wait", &s->guard.wait_ns, e)))
        return rc;
    return s->guard.load == 0 && s->guard.temperature_c == 0 ? yaml_error(map, e, "guard: load or temperature_c?") : 0;
}

int file_read_declared(struct study *s, const struct yaml_node *root, struct err *e)
{
    int rc = read_compare(s, root, e);
    if (rc || (rc = read_stop(s, root, e)) || (rc = read_time(root, "budget", &s->budget_ns, e)) ||
        (rc = yaml_get_bool(root, "isolate", &s->isolate, e)) || (rc = read_guard(s, root, e)))
        return rc;
    if (s->order == ORDER_ABBA && s->n_arms != 2)
        return yaml_error(yaml_get(root, "order"), e, "order: abba is for two arms, and there are %zu", s->n_arms);
    return 0;
}
