/* What is derived again from a record, and what must show when the stored one is another. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/verify.h"
#include "runs.h"

static struct arena arena;
static struct str why;

static struct run a_run(struct run_tally *t)
{
    struct run r = make_run(&arena, "one", 0, 1);
    struct str rules = STR_INIT;
    add_session(&r, "load", 2);
    for (int i = 0; i < 2; i++) {
        struct request *q = add_request(&r, "load", 1, 64, 9, 1);
        q->usage.cached_tok = 0;
        q->usage.load_ns = -1;
        run_tally_add(t, q);
    }
    r.health.stopped_max_ms = r.health.receive_full = NAN;
    r.health.steal = 0.5; /* VOID for it */
    run_tally_fill_health(t, &r.health);
    r.verdict = (int)verdict_of_run(&r, t, &rules);
    r.verdict_why = arena_dupz(&arena, str_z(&rules));
    str_release(&rules);
    return r;
}

static bool says(const char *words)
{
    bool found = strstr(str_z(&why), words);
    str_clear(&why);
    return found;
}

static void a_request_follows_from_its_record(void **state)
{
    (void)state;
    struct run_tally t = {0};
    struct run r = a_run(&t);
    struct request *q = &r.requests[0];
    assert_true(verify_request(q, &why) && !why.len);
    q->flags = REQUEST_RECONNECTED | REQUEST_UNSTAMPED_SEND | REQUEST_DEGENERATE; /* follow from other things */
    assert_true(verify_request(q, &why));
    q->flags = REQUEST_LENGTH;
    assert_true(!verify_request(q, &why) && says("its flags are 'length', and the record gives ''"));
    q->flags = REQUEST_CACHED_PREFIX; /* the server says that none came from a cache */
    assert_true(!verify_request(q, &why) && says("cached_prefix"));
    q->usage.cached_tok = -1; /* it does not say, so it was judged beside other runs */
    assert_true(verify_request(q, &why));
    q->flags = 0;
    q->usage.load_ns = NS_PER_S;
    assert_true(!verify_request(q, &why) && says("gives 'cold'"));
    q->flags = REQUEST_COLD;
    assert_true(verify_request(q, &why));
    q->stamp[STAMP_FIRST_TOKEN] = MONO_NONE;
    assert_true(!verify_request(q, &why) && says("its outcome is ok, and the record gives empty"));
    q->outcome = OUTCOME_EMPTY;
    assert_true(verify_request(q, &why));
    run_tally_release(&t);
}

static void a_run_follows_from_its_requests(void **state)
{
    (void)state;
    struct run_tally t = {0};
    struct run r = a_run(&t);
    assert_true(verify_run(&r, &t, &why) && !why.len && r.verdict == VERDICT_VOID);
    r.health.send_lag_p99_us += 1;
    assert_true(!verify_run(&r, &t, &why) && says("its send_lag_p99_us is 1, and the record gives 0"));
    r.health.send_lag_p99_us -= 1;
    r.health.merged = 3;
    assert_true(!verify_run(&r, &t, &why) && says("its merged is 3"));
    r.health.merged = 0;
    r.verdict = VERDICT_VALID;
    assert_true(!verify_run(&r, &t, &why) && says("its verdict is VALID (steal: "));
    r.verdict = VERDICT_VOID;
    r.verdict_why = "steal";
    assert_true(!verify_run(&r, &t, &why) && says("and the record gives VOID (steal: "));
    run_tally_release(&t);
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    str_release(&why);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_follows_from_its_record),
        cmocka_unit_test(a_run_follows_from_its_requests),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
