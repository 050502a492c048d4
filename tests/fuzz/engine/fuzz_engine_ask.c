/* Any bytes as the body of the four generation routes: no crash, and either an error with a sentence or a request within
 * its limits. The engine is a program, not a library, so its pure parts are compiled in here. */
#include <stdlib.h>

#include "engine/ask.c"
#include "engine/ask_fields.c"
#include "engine/sampling.c"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct ask_limits limits = {.n_ctx = 2048, .n_threads = 1, .n_batch = 512};
    for (int route = ASK_CHAT; route <= ASK_OLLAMA_CHAT; route++) {
        struct ask a;
        struct err e = ERR_INIT;
        int rc = ask_parse(&a, (enum ask_route)route, (struct span){(const char *)p, n}, &limits, &e);
        if ((rc != 0) != (e.text[0] != 0))
            abort();
        if (a.n_stops > ASK_MAX_STOPS || a.n_not_applied > ASK_MAX_NOT_APPLIED || a.n_messages > ASK_MAX_MESSAGES)
            abort();
        for (size_t i = 0; rc == 0 && i < a.n_messages; i++)
            if (!a.messages[i].role || !a.messages[i].content)
                abort();
        ask_release(&a);
    }
    return 0;
}
