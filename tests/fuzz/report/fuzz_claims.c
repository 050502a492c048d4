/* Any rows behind the claims: they are answered without a fault, each with a reason, and the JSON of it is JSON.
 * A line of input: format, place, how many times, the row; separated by tabs. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "report/claims_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { TIMES_MAX = 200, ROWS_MAX = 2000 };

static void add_line(struct claims_view *v, char *line)
{
    char *part[4] = {line, NULL, NULL, NULL};
    for (int i = 1; i < 4; i++) {
        char *tab = strchr(part[i - 1], '\t');
        if (!tab)
            return;
        *tab = '\0';
        part[i] = tab + 1;
    }
    struct store_source f = {.path = part[1], .format = part[0]};
    struct err e = ERR_INIT;
    long times = strtol(part[2], NULL, 10);
    for (long i = 0; i < times && i < TIMES_MAX && v->n_rows < ROWS_MAX; i++)
        if (claims_add_row(v, &f, &(struct store_source_row){.line = i + 1, .json = part[3]}, &e))
            return;
}

static void check(struct claims_view *v)
{
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    for (size_t i = 0; i < v->n_results; i++) {
        const struct claim_result *r = &v->results[i];
        if (!r->why || !*r->why || (r->state == CLAIM_SURVIVES && !r->reproduced) || r->n_instead > CLAIM_INSTEAD_MAX)
            abort();
        for (size_t k = 0; k < r->recomputed.n_uses; k++)
            if (r->recomputed.uses[k].row < v->rows || r->recomputed.uses[k].row >= v->rows + v->n_rows)
                abort();
    }
    claims_json(v, &out);
    yyjson_doc *doc = json_read(str_z(&out), out.len, NULL, &e);
    if (!doc)
        abort();
    yyjson_doc_free(doc);
    str_clear(&out);
    claims_terminal(v, NULL, &out);
    str_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct claims_view *v = xcalloc(1, sizeof *v);
    char *text = xmalloc(n + 1), *rest = text;
    memcpy(text, p, n);
    text[n] = '\0';
    for (char *line; (line = strsep(&rest, "\n"));)
        add_line(v, line);
    claims_answer(v);
    check(v);
    claims_view_free(v);
    free(text);
    return 0;
}
