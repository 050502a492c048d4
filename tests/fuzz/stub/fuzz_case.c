/* Case files: any bytes give a case whose parts fit together, or an error with its place. */
#include <stdint.h>
#include <string.h>

#include "stub/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_step(const struct stub_case *c, const struct case_step *s)
{
    if (s->op == CASE_SEND && (!s->bytes.len || s->times < 1 || s->pause_ns < 0))
        BUG("a send of nothing");
    if (s->op != CASE_SEND && s->bytes.len)
        BUG("bytes that are not sent");
    if (s->op == CASE_MARK && (s->mark < 0 || s->mark >= c->n_marks))
        BUG("a mark without name");
}

static void check_case(const struct stub_case *c)
{
    size_t steps = 0;
    for (int i = 0; i < c->n_connections; i++) {
        if (!c->connection[i].n || c->connection[i].first != steps)
            BUG("connections do not follow each other");
        steps += c->connection[i].n;
    }
    if (steps != c->n_steps || !c->why || !c->backend || !c->n_expects)
        BUG("an incomplete case");
    for (size_t i = 0; i < c->n_steps; i++)
        check_step(c, &c->steps[i]);
    for (int i = 0; i < c->n_expects; i++)
        if (c->expect[i].request >= c->asks || c->expect[i].text.at[c->expect[i].text.len])
            BUG("an expectation outside");
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct stub_case c;
    struct err e = ERR_INIT;
    int rc = case_parse(&c, "f.case", (const char *)p, n, &e);
    if (!rc)
        check_case(&c);
    else if (rc != e.code || strncmp(e.text, "f.case:", 7) != 0)
        BUG("an error without its place");
    case_release(&c);
    return 0;
}
