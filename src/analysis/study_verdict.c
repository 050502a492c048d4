/* study_verdict.c: see study_verdict.h. */
#include "analysis/study_verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* Of one arm. */
struct counts {
    int32_t complete, counted;
};

static struct counts count_arm(const struct study_course *c, const char *arm)
{
    struct counts n = {0, 0};
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct run *r = &c->runs[i];
        if (r->state != RUN_COMPLETE || strcmp(r->arm, arm) != 0)
            continue;
        n.complete++;
        n.counted += r->verdict != VERDICT_VOID;
    }
    return n;
}

/* Blocks with a complete run. */
static int32_t blocks_begun(const struct study_course *c)
{
    int32_t n = 0;
    bool *seen = xcalloc((size_t)c->blocks + 1, sizeof *seen);
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct run *r = &c->runs[i];
        if (r->state == RUN_COMPLETE && r->block >= 0 && r->block < c->blocks && !seen[r->block]) {
            seen[r->block] = true;
            n++;
        }
    }
    free(seen);
    return n;
}

/* Distinct host facts of complete runs; from a few on it does not matter how many. */
static size_t strata(const struct study_course *c)
{
    enum { MOST = 16 };
    const char *seen[MOST];
    size_t n = 0;
    for (size_t i = 0; i < c->n_runs && n < MOST; i++) {
        size_t k = 0;
        if (c->runs[i].state != RUN_COMPLETE || !c->runs[i].stratum)
            continue;
        while (k < n && strcmp(seen[k], c->runs[i].stratum) != 0)
            k++;
        if (k == n)
            seen[n++] = c->runs[i].stratum;
    }
    return n;
}

static bool is_judged(const struct study_course *c)
{
    for (size_t i = 0; i < c->n_runs; i++)
        if (c->runs[i].state == RUN_COMPLETE && c->runs[i].verdict == VERDICT_NONE)
            return false;
    return (size_t)c->blocks * c->n_arms > 1;
}

/* Arms that a rule is about, the first few by name. */
struct list {
    struct str text;
    size_t n;
};

static void add_arm(struct list *l, const char *arm, int32_t n)
{
    enum { NAMED = 4 };
    if (l->n++ < NAMED)
        str_addf(&l->text, n ? "%s%s: %d" : "%s%s", l->text.len ? ", " : "", arm, (int)n);
    else if (l->n == NAMED + 1)
        str_addz(&l->text, ", ...");
}

static void rule(enum verdict *worst, enum verdict v, struct str *why, const char *word)
{
    *worst = v > *worst ? v : *worst;
    str_addf(why, "%s%s: ", why->len ? "; " : "", word);
}

static void rule_of_arms(enum verdict *worst, enum verdict v, struct str *why, const char *word, const char *what,
                         struct list *l)
{
    if (l->n) {
        rule(worst, v, why, word);
        str_addf(why, "%s (%s)", what, str_z(&l->text));
    }
    str_release(&l->text);
}

static void judge_arms(const struct study_course *c, int32_t blocks, enum verdict *worst, struct str *why)
{
    struct list empty = {STR_INIT, 0}, missing = empty, voids = empty;
    for (size_t i = 0; i < c->n_arms; i++) {
        struct counts n = count_arm(c, c->arms[i]);
        if (!n.counted)
            add_arm(&empty, c->arms[i], 0);
        if (n.complete < blocks)
            add_arm(&missing, c->arms[i], blocks - n.complete);
        if (n.complete > n.counted)
            add_arm(&voids, c->arms[i], n.complete - n.counted);
    }
    rule_of_arms(worst, VERDICT_VOID, why, "empty", "arms without a run that counts", &empty);
    rule_of_arms(worst, VERDICT_SUSPECT, why, "missing", "planned runs are not complete", &missing);
    rule_of_arms(worst, VERDICT_SUSPECT, why, "void_runs", "complete runs are VOID", &voids);
}

enum verdict study_verdict(const struct study_course *c, struct str *why)
{
    enum verdict worst = VERDICT_VALID;
    if (!is_judged(c))
        return VERDICT_NONE;
    int32_t begun = blocks_begun(c);
    size_t n_strata = strata(c);
    judge_arms(c, c->enough ? begun : c->blocks, &worst, why);
    if (begun < STUDY_MIN_BLOCKS) {
        rule(&worst, VERDICT_SUSPECT, why, "blocks");
        str_addf(why, "%d block%s (comparisons take %d)", (int)begun, begun == 1 ? "" : "s", STUDY_MIN_BLOCKS);
    }
    if (c->nested && c->n_arms > 1) {
        rule(&worst, VERDICT_SUSPECT, why, "order");
        str_addz(why, "every block ran the arms in the same order, so that what the order does looks like the arms");
    }
    if (n_strata > 1) {
        rule(&worst, VERDICT_SUSPECT, why, "strata");
        str_addf(why, "the runs were made under %zu sets of host facts", n_strata);
    }
    if (c->drifts) {
        rule(&worst, VERDICT_SUSPECT, why, "drift");
        str_addz(why, "the runs changed with the time at which they ran");
    }
    return worst;
}
