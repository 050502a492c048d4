/* one_run.c: see one_run.h. */
#include "exchange/one_run.h"

int one_run_begin(struct one_run *x, struct store *s, const struct run *run, const char *tool, FILE *file,
                  struct err *e)
{
    *x = (struct one_run){0};
    out_init(&x->out, file, e);
    int rc = asked_of_run(s, run, &x->arena, &x->asked, e);
    return rc ? rc : totals_read(s, run, tool, &x->arena, &x->totals, e);
}

int one_run_end(struct one_run *x, int rc)
{
    if (!rc)
        str_addc(&x->out.text, '\n');
    totals_release(&x->totals);
    arena_release(&x->arena);
    return out_end(&x->out, rc);
}
