/* out.c: see out.h. */
#include "exchange/out.h"

#include <errno.h>
#include <string.h>

#include "record/verdict.h"

enum { SPILL_BYTES = 32 * 1024, MAX_LISTED = 12 };

void out_init(struct out *o, FILE *file, struct err *e)
{
    *o = (struct out){.file = file, .e = e};
    json_init(&o->w, &o->text);
}

static int hand_on(struct out *o)
{
    if (!o->rc && fwrite(o->text.at, 1, o->text.len, o->file) != o->text.len)
        o->rc = err_sys(o->e, ERR_IO, errno, "cannot write the export");
    str_clear(&o->text);
    return o->rc;
}

int out_spill(struct out *o)
{
    return o->text.len < SPILL_BYTES ? o->rc : hand_on(o);
}

int out_end(struct out *o, int rc)
{
    if (!rc && o->text.len)
        rc = hand_on(o);
    if (!rc && fflush(o->file) != 0)
        rc = err_sys(o->e, ERR_IO, errno, "cannot write the export");
    str_release(&o->text);
    return rc;
}

const char *run_standing(const struct run *run)
{
    const char *verdict = verdict_word((enum verdict)run->verdict);
    return run->state != RUN_COMPLETE ? run_state_word(run->state) : verdict ? verdict : "not judged";
}

/* ---- runs ----------------------------------------------------------------------------------------------------------- */

static bool is_chosen(const struct run_choice *choice, const struct run *run)
{
    return (!choice->run || run->id == choice->run) && (!choice->arm || !strcmp(run->arm, choice->arm)) &&
           (!choice->complete || run->state == RUN_COMPLETE);
}

static void list(const struct run *runs, size_t n, struct str *out)
{
    for (size_t i = 0; i < n && i < MAX_LISTED; i++)
        str_addf(out, "%s %lld (%.120s, block %d, %s)", i ? "," : "", (long long)runs[i].id, runs[i].arm,
                 (int)runs[i].block + 1, run_standing(&runs[i]));
    if (n > MAX_LISTED)
        str_addf(out, " and %zu more", n - MAX_LISTED);
}

static int refuse(const struct run_choice *choice, const struct run *runs, size_t n, bool many, struct err *e)
{
    struct str there = STR_INIT;
    int rc = ERR_USAGE;
    list(runs, n, &there);
    if (many)
        err_set(e, rc, "this format holds one run; say with --run which of them:%s", str_z(&there));
    else if (n)
        err_set(e, rc, "no %srun of that choice; there are:%s", choice->complete ? "complete " : "", str_z(&there));
    else
        rc = err_set(e, ERR_INPUT, "the result holds no run");
    str_release(&there);
    return rc;
}

int runs_choose(struct store *s, const struct run_choice *choice, struct arena *a, struct run **out, size_t *n,
                struct err *e)
{
    struct run *all;
    size_t n_all;
    *n = 0;
    int rc = store_run_heads(s, a, &all, &n_all, e);
    if (rc)
        return rc;
    *out = arena_alloc(a, (n_all + 1) * sizeof **out);
    for (size_t i = 0; i < n_all; i++)
        if (is_chosen(choice, &all[i]))
            (*out)[(*n)++] = all[i];
    if (choice->one && *n > 1)
        return refuse(choice, *out, *n, true, e);
    bool asked = choice->run || choice->arm || choice->complete;
    return *n || !asked ? 0 : refuse(choice, all, n_all, false, e);
}
