/* bare_client PORT STREAMS REQUESTS TOKENS: the bare loop as a client of a server that speaks OpenAI's chat route, for
 * compare.py. Prints {"ttft_ms":[…],"tpot_ms":[…]}, one entry a request: from our clock before the send to the kernel's
 * stamp of the first text, and (last text - first text) / (chunks - 1). */
#include <stdio.h>
#include <stdlib.h>

#include "../support/bare.h"
#include "../support/host.h"

static void print(const char *name, const struct bare *b, int tpot)
{
    printf("\"%s\":[", name);
    for (uint64_t i = 0; i < b->requests; i++) {
        const struct bare_answer *a = &b->answers[i];
        double ns = tpot ? (double)(a->last_ns - a->first_ns) / (double)(a->chunks - 1)
                         : (double)(a->first_ns - a->sent_ns);
        printf("%s%.6f", i ? "," : "", ns / 1e6);
    }
    printf("]");
}

int main(int argc, char **argv)
{
    char body[256], request[512];
    if (argc != 5) {
        fprintf(stderr, "usage: bare_client PORT STREAMS REQUESTS TOKENS\n");
        return 2;
    }
    struct bare b = {.port = atoi(argv[1]), .streams = atoi(argv[2]), .requests = strtoull(argv[3], NULL, 10)};
    int n = snprintf(
        body, sizeof body,
        "{\"model\":\"stub\",\"messages\":[{\"role\":\"user\",\"content\":\"a question\"}],\"stream\":true,"
        "\"max_tokens\":%d}",
        atoi(argv[4]));
    snprintf(request, sizeof request,
             "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
             "Content-Length: %d\r\n\r\n%s",
             n, body);
    b.request = request;
    b.answers = calloc(b.requests, sizeof *b.answers);
    if (b.streams < 1 || b.requests < (uint64_t)b.streams || !b.answers)
        give_up("bare_client: streams and requests");
    bare_run(&b);
    for (uint64_t i = 0; i < b.requests; i++)
        if (b.answers[i].chunks < 2)
            give_up("bare_client: an answer of less than two chunks");
    printf("{");
    print("ttft_ms", &b, 0);
    printf(",");
    print("tpot_ms", &b, 1);
    printf("}\n");
    return 0;
}
