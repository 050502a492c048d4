/* Any text as a rule of precision: what is taken can be used, what is refused says why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/precision.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct precision_rule rule;
    struct err e = ERR_INIT;
    char *text = xmalloc(n + 1);
    memcpy(text, p, n);
    text[n] = '\0';
    if (precision_parse(text, &rule, &e)) {
        if (!*e.text)
            abort();
    } else if (!rule.metric || !rule.metric->of_request || !(rule.relative > 0 && rule.relative < 1)) {
        abort();
    }
    free(text);
    return 0;
}
