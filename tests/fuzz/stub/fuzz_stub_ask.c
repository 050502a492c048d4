/* Any bytes as the body of the four generation routes, and as the text of a law and of a fault's rule: no crash, and either
 * an error with a sentence or values within their limits. */
#include <stdlib.h>
#include <string.h>

#include "stub/ask.h"
#include "stub/fault.h"
#include "stub/law.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void bodies(const uint8_t *p, size_t n)
{
    for (int route = ASK_CHAT; route <= ASK_OLLAMA_CHAT; route++) {
        struct ask a;
        struct err e = ERR_INIT;
        int rc = ask_parse(&a, (enum ask_route)route, (struct span){(const char *)p, n}, true, &e);
        if ((rc != 0) != (e.text[0] != 0))
            abort();
        if (rc == 0 && (a.max_tokens < -1 || a.max_tokens == 0 || a.max_tokens > ASK_MAX_TOKENS || a.num_ctx < -1 ||
                        a.num_ctx == 0 || a.prompt_tok < 0 || a.prompt_tok > (int64_t)n))
            abort();
        ask_release(&a);
    }
}

static void options(const uint8_t *p, size_t n)
{
    char text[256];
    struct law l;
    struct fault_rule rule;
    struct err e = ERR_INIT;
    struct rng r = rng_stream(1, "fuzz");
    n = n < sizeof text - 1 ? n : sizeof text - 1;
    memcpy(text, p, n);
    text[n] = 0;
    if (strncmp(text, "file:", 5) != 0 && law_parse(&l, text, &e) == 0) {
        for (uint64_t i = 0; i < 4; i++)
            if (law_draw(&l, &r, i) < 0)
                abort();
        law_release(&l);
    }
    err_clear(&e);
    if (fault_rule_parse(&rule, text, &e) == 0 && !rule.fault)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    bodies(p, n);
    options(p, n);
    return 0;
}
