/* Any JSON values as records of an import, every other one in a file of its own: each finding stands on something. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { ROWS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    yyjson_doc *doc = yyjson_read((const char *)p, n, 0);
    struct audit_row rows[ROWS];
    char alone[ROWS][16];
    struct audit found = {0};
    struct audit_input in = {.name = "x", .rows = rows};
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach (yyjson_doc_get_root(doc), i, max, v) {
        if (in.n_rows == ROWS)
            break;
        snprintf(alone[in.n_rows], sizeof *alone, "a/b/c%zu/x", in.n_rows);
        rows[in.n_rows] = (struct audit_row){.file = in.n_rows % 4 == 3 ? alone[in.n_rows] : "list",
                                             .line = (int64_t)in.n_rows + 1,
                                             .origin = in.n_rows % 2 ? "a/b/test100/run_1/m" : NULL,
                                             .format = "f",
                                             .json = v};
        in.n_rows++;
    }
    audit_look(&in, &found);
    for (size_t k = 0; k < found.n; k++)
        if (!found.findings[k].n_points || !*found.findings[k].sentence || !found.findings[k].rule)
            abort();
    audit_release(&found);
    yyjson_doc_free(doc);
    return 0;
}
