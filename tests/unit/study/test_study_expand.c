/* Random small studies beside a model of what their factors mean: every combination that is not left out is there once, nothing
 * else is, and each arm has the levels that it is named by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "study/study.h"

enum { STUDIES = 400, KEYS = 3, LOADS = 2, MOST = LOADS * 27 };

static const char *const keys[KEYS] = {"num_requests", "shared_prefix", "input_len"};

/* Factor f sets key f of the loads in `of` (bits) to 10 (f + 1) + level. */
struct model {
    int n_factors;
    int n_levels[KEYS], of[KEYS];
    int when_factor[KEYS], when_level[KEYS]; /* -1: always */
    int out_level[KEYS];                     /* of the one exclusion; -1: any */
    bool excludes;
};

struct content {
    int load;
    int64_t value[KEYS];
};

static int64_t written(int key)
{
    return 5 + key;
}

static int pick(struct rng *r, int n)
{
    return (int)rng_below(r, (uint64_t)n);
}

static void draw(struct model *m, struct rng *r)
{
    *m = (struct model){.n_factors = 1 + pick(r, KEYS), .excludes = pick(r, 3) == 0};
    for (int f = 0; f < m->n_factors; f++) {
        m->n_levels[f] = 1 + pick(r, 3);
        m->of[f] = 1 + pick(r, 3);
        m->when_factor[f] = f && pick(r, 3) == 0 ? pick(r, f) : -1;
        m->when_level[f] = m->when_factor[f] >= 0 ? pick(r, m->n_levels[m->when_factor[f]]) : -1;
        m->out_level[f] = f == 0 || pick(r, 2) ? pick(r, m->n_levels[f]) : -1;
    }
}

static void write_study(const struct model *m, struct str *y)
{
    static const char *const paths[] = {"", "loads.l0.%s", "loads.l1.%s", "loads.*.%s"};
    str_addz(y, "study: s\nservers: [{name: a}]\nloads:\n");
    for (int l = 0; l < LOADS; l++)
        str_addf(y, "  - {name: l%d, max_concurrency: 1, num_requests: 5, shared_prefix: 6, input_len: 7}\n", l);
    str_addz(y, "factors:\n");
    for (int f = 0; f < m->n_factors; f++) {
        char path[64];
        snprintf(path, sizeof path, m->of[f] == 1 ? paths[1] : m->of[f] == 2 ? paths[2] : paths[3], keys[f]);
        str_addf(y, "  - {name: f%d, set: %s, levels: [", f, path);
        for (int i = 0; i < m->n_levels[f]; i++)
            str_addf(y, "%s%d", i ? ", " : "", 10 * (f + 1) + i);
        str_addz(y, "]");
        if (m->when_factor[f] >= 0)
            str_addf(y, ", when: {f%d: %d}", m->when_factor[f], 10 * (m->when_factor[f] + 1) + m->when_level[f]);
        str_addz(y, "}\n");
    }
    if (!m->excludes)
        return;
    str_addz(y, "exclude: [{");
    for (int f = 0; f < m->n_factors; f++)
        if (m->out_level[f] >= 0)
            str_addf(y, "%sf%d: %d", f ? ", " : "", f, 10 * (f + 1) + m->out_level[f]);
    str_addz(y, "}]\n");
}

static void add_content(struct content *all, size_t *n, const struct content *one)
{
    for (size_t i = 0; i < *n; i++)
        if (all[i].load == one->load && memcmp(all[i].value, one->value, sizeof one->value) == 0)
            return;
    assert_true(*n < MOST);
    all[(*n)++] = *one;
}

/* Counts through all numbers with one digit a factor; a factor whose condition does not hold counts once, as written. */
static size_t expected(const struct model *m, struct content *all)
{
    size_t n = 0;
    for (int number = 0; number < 27; number++) {
        int level[KEYS], rest = number;
        bool counts = true, out = m->excludes;
        for (int f = 0; f < m->n_factors; f++, rest /= 3) {
            level[f] = rest % 3;
            bool varied = m->when_factor[f] < 0 || level[m->when_factor[f]] == m->when_level[f];
            counts = counts && level[f] < (varied ? m->n_levels[f] : 1);
            level[f] = varied ? level[f] : -1;
            out = out && (m->out_level[f] < 0 || m->out_level[f] == level[f]);
        }
        for (int l = 0; l < LOADS && counts && !out && !rest; l++) {
            struct content c = {.load = l};
            for (int k = 0; k < KEYS; k++)
                c.value[k] = k < m->n_factors && level[k] >= 0 && m->of[k] >> l & 1 ? 10 * (k + 1) + level[k]
                                                                                    : written(k);
            add_content(all, &n, &c);
        }
    }
    return n;
}

static struct content content_of(const struct study *s, const struct study_arm *arm)
{
    const struct study_load *l = &s->loads[arm->load];
    return (struct content){arm->base[1] - '0', {l->num_requests, l->shared_tok, l->input_tok.low}};
}

static void check_levels(const struct model *m, const struct study *s, const struct study_arm *arm)
{
    struct content c = content_of(s, arm);
    for (int f = 0; f < m->n_factors; f++) {
        const char *level = arm->level[f];
        bool mine = m->of[f] >> c.load & 1, named = false;
        for (int g = 0; g < m->n_factors; g++)
            named = named || m->when_factor[g] == f;
        if (level && mine && c.value[f] != strtoll(level, NULL, 10))
            fail_msg("%s: f%d is %lld", arm->name, f, (long long)c.value[f]);
        if (level && !mine && !named && !m->excludes)
            fail_msg("%s: f%d changes nothing of it", arm->name, f);
        if (!level && mine && m->n_levels[f] > 1 && c.value[f] != written(f))
            fail_msg("%s: f%d is %lld, and not in its name", arm->name, f, (long long)c.value[f]);
    }
}

static bool check_study(const struct model *m, const char *text)
{
    struct content want[MOST], have[MOST];
    size_t n_want = expected(m, want), n_have = 0;
    struct study s;
    struct err e = ERR_INIT;
    if (study_parse(&s, "f", ".", text, strlen(text), &e)) {
        if (!strstr(e.text, "no combination") && !strstr(e.text, "changes nothing"))
            fail_msg("%s\n%s", e.text, text);
        return false;
    }
    for (size_t i = 0; i < s.n_arms; i++) {
        struct content c = content_of(&s, &s.arms[i]);
        add_content(want, &n_want, &c);
        add_content(have, &n_have, &c);
        check_levels(m, &s, &s.arms[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(s.arms[i].name, s.arms[k].name);
    }
    if (n_want != expected(m, want) || n_have != n_want || s.n_arms != n_want)
        fail_msg("%zu arms, %zu different ones, and not %zu:\n%s", s.n_arms, n_have, expected(m, want), text);
    study_release(&s);
    return true;
}

static void an_expansion_is_what_its_factors_mean(void **state)
{
    struct rng r = rng_stream(1, "studies");
    int good = 0;
    (void)state;
    for (int i = 0; i < STUDIES; i++) {
        struct model m;
        struct str text = STR_INIT;
        draw(&m, &r);
        write_study(&m, &text);
        good += check_study(&m, str_z(&text));
        str_release(&text);
    }
    if (good < STUDIES / 2)
        fail_msg("only %d of %d studies could be read", good, STUDIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_expansion_is_what_its_factors_mean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
