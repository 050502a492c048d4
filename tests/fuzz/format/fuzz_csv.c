/* The CSV reader: any bytes give records within the limits or an error with its place, and the records, written with every
 * field in quotes, read back the same. The first byte of the input chooses the separator. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void add_quoted(struct str *out, struct span s)
{
    str_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '"')
            str_addc(out, '"');
        str_addc(out, s.at[i]);
    }
    str_addc(out, '"');
}

static void check_record(const struct csv *c, long *line)
{
    if (c->n_fields == 0 || c->n_fields > CSV_MAX_FIELDS || c->record_line <= *line)
        BUG("a record outside its limits");
    *line = c->record_line;
    for (size_t i = 0; i < c->n_fields; i++)
        if (c->field[i].len > CSV_MAX_FIELD_BYTES || memchr(c->field[i].at, 0, c->field[i].len))
            BUG("a field outside its limits");
}

/* Writes the records to out with every field in quotes; returns the last code. */
static int rewrite(const char *p, size_t n, char separator, struct str *out)
{
    struct csv *c = xmalloc(sizeof *c); /* too large for the stack */
    struct err e = ERR_INIT;
    long line = 0;
    int more;
    csv_init(c, "f.csv", p, n, separator);
    while ((more = csv_next(c, &e)) > 0) {
        check_record(c, &line);
        for (size_t i = 0; i < c->n_fields; i++) {
            if (i)
                str_addc(out, separator);
            add_quoted(out, c->field[i]);
        }
        str_addc(out, '\n');
    }
    if (more && (e.code != more || e.line < 1 || e.column < 1 || strncmp(e.text, "f.csv:", 6) != 0))
        BUG("an error without its place");
    csv_release(c);
    free(c);
    return more;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const char separators[] = {',', ';', '\t', '|'};
    struct str once = STR_INIT, twice = STR_INIT;
    if (n < 1)
        return 0;
    char separator = separators[p[0] % sizeof separators];
    rewrite((const char *)p + 1, n - 1, separator, &once);
    if (once.len < CSV_MAX_RECORD_BYTES && rewrite(str_z(&once), once.len, separator, &twice) != 0)
        BUG("what was written in quotes is refused");
    if (twice.len && (once.len != twice.len || memcmp(once.at, twice.at, once.len) != 0))
        BUG("what was written in quotes reads differently");
    str_release(&once);
    str_release(&twice);
    return 0;
}
