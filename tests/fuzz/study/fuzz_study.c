/* The study file: any bytes give a study that hangs together, or an error with its place in front; the same bytes the same plan.
 * Files that it would read (presets, traces) are left out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "study/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { MAX_ROWS = 20000 };

static bool is_level(const struct study_factor *f, const char *level)
{
    for (size_t i = 0; i < f->n_levels; i++)
        if (f->levels[i] == level)
            return true;
    return false;
}

static void check_ask(const struct study *s, const struct study_arm *arm, const struct study_ask *ask)
{
    if (ask->server < 0 || (size_t)ask->server >= s->n_servers)
        BUG("a server that is not there");
    if (arm->servers[s->slot_of[ask->server]] != ask->server)
        BUG("an arm that asks a server which is not up");
}

static void check_arm(const struct study *s, const struct study_arm *arm)
{
    if ((arm->load >= 0) == (arm->n_agents > 0) || strncmp(arm->name, arm->base, strlen(arm->base)) != 0)
        BUG("an arm that is nothing, or not named after itself");
    for (size_t i = 0; i < s->n_slots; i++)
        if (s->slot_of[arm->servers[i]] != (int)i)
            BUG("a server in the place of another");
    for (size_t i = 0; i < s->n_factors; i++)
        if (arm->level[i] && !is_level(&s->factors[i], arm->level[i]))
            BUG("a level that its factor does not have");
    for (size_t i = 0; i < arm->n_agents; i++)
        check_ask(s, arm, &s->agents[arm->agents[i]].ask);
    if (arm->load >= 0)
        check_ask(s, arm, &s->loads[arm->load].ask);
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static void check_names(const struct study *s)
{
    const char **names = xcalloc(s->n_arms, sizeof *names);
    for (size_t i = 0; i < s->n_arms; i++)
        names[i] = s->arms[i].name;
    qsort(names, s->n_arms, sizeof *names, by_name);
    for (size_t i = 1; i < s->n_arms; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            BUG("two arms of one name");
    free(names);
}

static void parse(const char *text, size_t n, struct str *out)
{
    struct study s;
    struct plan plan;
    struct err e = ERR_INIT;
    if (study_parse(&s, "f.yaml", ".", text, n, &e)) {
        if (e.line < 1 || strncmp(e.text, "f.yaml:", 7) != 0)
            BUG("an error without its place");
        str_addz(out, e.text);
        return;
    }
    check_names(&s);
    for (size_t i = 0; i < s.n_arms; i++)
        check_arm(&s, &s.arms[i]);
    if ((size_t)s.blocks * s.n_arms <= MAX_ROWS) {
        size_t *starts = xcalloc(s.n_servers, sizeof *starts), all = 0;
        plan_make(&plan, &s, NULL);
        plan_count_starts(&plan, &s, starts);
        for (size_t i = 0; i < s.n_servers; i++)
            all += starts[i];
        if (all < s.n_slots || all > plan.n * s.n_slots)
            BUG("starts that no order makes");
        str_addz(out, plan.sha256);
        plan_release(&plan);
        free(starts);
    }
    study_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str text = STR_INIT, once = STR_INIT, twice = STR_INIT;
    str_add(&text, p, n);
    if (!strstr(str_z(&text), "use") && !strstr(str_z(&text), "trace")) {
        parse(str_z(&text), n, &once);
        parse(str_z(&text), n, &twice);
        if (strcmp(str_z(&once), str_z(&twice)) != 0)
            BUG("the same bytes read differently");
    }
    str_release(&text);
    str_release(&once);
    str_release(&twice);
    return 0;
}
