/* What a planned study will see, from a stored result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "report/power.h"

static struct str told(const struct study_spec *spec, const struct power_ask *ask, size_t *blocks)
{
    char path[] = "/tmp/chimera-power-XXXXXX";
    struct str out = STR_INIT;
    struct store *s = NULL;
    struct err e = ERR_INIT;
    new_path(path);
    write_study(path, spec);
    if (store_open(&s, path, false, &e) || report_power(s, ask, blocks, &out, &e) || store_close(s, &e))
        fail_msg("%s", e.text);
    unlink(path);
    return out;
}

static bool has(const struct str *s, const char *words)
{
    return strstr(s->at, words) != NULL;
}

/* Three arms of six blocks: the family of three metrics of agents, each against two arms. */
static void a_row_for_each_metric_and_the_blocks_to_plan(void **state)
{
    (void)state;
    struct power_ask ask = {
        .blocks = 5, .comparisons = 2, .effect = POWER_EFFECT, .baseline = "pair", .from = "prior.db"};
    size_t blocks;
    struct str s = told(&(struct study_spec){.blocks = 6}, &ask, &blocks);
    assert_true(has(&s, "from prior.db") && has(&s, "Holm over 2 comparisons of 3 metrics"));
    assert_true(has(&s, "session.duration") && has(&s, "output_rate.system") && has(&s, "ttft"));
    assert_true(has(&s, "(18 runs)") && has(&s, "With 5 blocks no comparison of a family of 6 gets a verdict: that "
                                                "takes 8 blocks"));
    struct str plan = STR_INIT;
    str_addf(&plan, "To find 5 %% in every metric, plan %zu blocks.", blocks);
    assert_true(blocks >= 8 && blocks < 40 && has(&s, str_z(&plan)));
    str_release(&s);
    ask.blocks = (int32_t)blocks;
    s = told(&(struct study_spec){.blocks = 6}, &ask, NULL);
    assert_true(has(&s, "; so many are planned.") && has(&s, " s ") && !has(&s, "no comparison"));
    str_release(&s);
    str_release(&plan);
}

/* A study with factors asks its levels of the speedup, too. */
static void the_speedup_is_part_of_the_family(void **state)
{
    (void)state;
    const struct metric *m = metric_find("makespan");
    struct power_ask ask = {.blocks = 4,
                            .comparisons = 3,
                            .speedups = 2,
                            .metrics = &m,
                            .n_metrics = 1,
                            .effect = POWER_EFFECT,
                            .columns = 80,
                            .from = "prior.db"};
    struct str s = told(&(struct study_spec){.blocks = 6}, &ask, NULL);
    assert_true(has(&s, "Holm over 3\ncomparisons of 1 metric and 2 of the speedup"));
    assert_true(has(&s, "no comparison of a family of 5 gets a verdict"));
    str_release(&s);
}

static bool void_runs(struct run *r, int arm)
{
    (void)arm;
    r->verdict = VERDICT_VOID;
    r->verdict_why = "clock";
    return true;
}

static void runs_that_do_not_count_tell_nothing(void **state)
{
    (void)state;
    const struct metric *m = metric_find("makespan");
    struct power_ask ask = {
        .blocks = 8, .comparisons = 1, .metrics = &m, .n_metrics = 1, .effect = 0.02, .from = "two pilot blocks"};
    size_t blocks = 1;
    struct str s = told(&(struct study_spec){.blocks = 2, .change = void_runs}, &ask, &blocks);
    assert_true(blocks == 0 && has(&s, "makespan") && has(&s, "not known") && !has(&s, "To find"));
    str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_for_each_metric_and_the_blocks_to_plan),
        cmocka_unit_test(the_speedup_is_part_of_the_family),
        cmocka_unit_test(runs_that_do_not_count_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
