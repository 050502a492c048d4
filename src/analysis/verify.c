/* verify.c: see verify.h. */
#include "analysis/verify.h"

#include <math.h>
#include <string.h>

#include "record/verdict.h"

static bool flags_match(unsigned stored, unsigned again, const struct request *r, struct str *why)
{
    unsigned derived = REQUEST_LENGTH | REQUEST_CONTEXT_TRUNCATED | REQUEST_COLD;
    if (r->usage.cached_tok >= 0)
        derived |= REQUEST_CACHED_PREFIX;
    if (((stored ^ again) & derived) == 0)
        return true;
    str_addz(why, "its flags are '");
    request_flags_words(stored & derived, " ", why);
    str_addz(why, "', and the record gives '");
    request_flags_words(again & derived, " ", why);
    str_addz(why, "'");
    return false;
}

bool verify_request(const struct request *r, struct str *why)
{
    struct request again = *r; /* borrows; only outcome and flags are changed */
    again.flags = 0;
    request_derive(&again, 0);
    if (again.outcome != r->outcome) {
        str_addf(why, "its outcome is %s, and the record gives %s", outcome_word(r->outcome),
                 outcome_word(again.outcome));
        return false;
    }
    return flags_match(r->flags, again.flags, r, why);
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool health_matches(const struct health *stored, const struct health *again, struct str *why)
{
    const struct {
        const char *name;
        double stored, again;
    } rows[] = {
#define ROW(field) {#field, (double)stored->field, (double)again->field}
        ROW(send_lag_p50_us), ROW(send_lag_p99_us), ROW(app_delay_p50_us), ROW(app_delay_p99_us),
        ROW(chunks),          ROW(merged),          ROW(unstamped),        ROW(dropped_chunks),
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!same(rows[i].stored, rows[i].again)) {
            str_addf(why, "its %s is %.9g, and the record gives %.9g", rows[i].name, rows[i].stored, rows[i].again);
            return false;
        }
    return true;
}

bool verify_run(const struct run *r, const struct run_tally *t, struct str *why)
{
    struct health again = r->health;
    struct str rules = STR_INIT;
    run_tally_fill_health(t, &again);
    if (!health_matches(&r->health, &again, why))
        return false;
    enum verdict verdict = verdict_of_run(r, t, &rules);
    const char *stored = r->verdict_why ? r->verdict_why : "";
    bool ok = (int)verdict == r->verdict && !strcmp(stored, str_z(&rules));
    if (!ok)
        str_addf(why, "its verdict is %s (%s), and the record gives %s (%s)", verdict_word((enum verdict)r->verdict),
                 stored, verdict_word(verdict), str_z(&rules));
    str_release(&rules);
    return ok;
}
