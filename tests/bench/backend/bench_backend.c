/* What one event costs to translate, as a ratio to a plain memmem over the same bytes in the same run.
 * Three readings of each recorded stream: as it comes (the shape is learned), with the shape forgotten
 * before each event (always parsed), and the same but without the depth check, that is, yyjson alone.
 *
 *     bench_backend [rounds] */
#include <stdio.h>
#include <stdlib.h>

#include "../../unit/backend/sample_file.h"
#include "../../unit/backend/sample_rows.h"
#include "backend/memo.h"
#include "base/clock.h"
#include "format/json.h"

enum { MAX_EVENTS = 64 };

struct stream {
    const struct backend *backend;
    struct sample_file file;
    struct span events[MAX_EVENTS]; /* those with text only */
    size_t n, bytes;
};

static bool is_text_event(const struct backend *b, struct span s)
{
    struct backend_state st;
    struct event ev;
    backend_state_init(&st);
    bool yes = b->on_event(&st, s.at, s.len, &ev, NULL) == 0 && ev.kind == CHUNK_TEXT && !ev.done;
    backend_state_release(&st);
    return yes;
}

static void load_stream(struct stream *s, const struct sample_row *row)
{
    *s = (struct stream){.backend = backend_find(row->backend)};
    if (!sample_load(row->file, &s->file))
        exit(3);
    size_t skip = row->framing == FRAMING_SSE ? 6 : 0;
    for (const char *line = s->file.body.at; *line && s->n < MAX_EVENTS;) {
        size_t n = strcspn(line, "\n");
        struct span ev = {line + skip, n > skip ? n - skip : 0};
        if (ev.len && is_text_event(s->backend, ev)) {
            s->events[s->n++] = ev;
            s->bytes += ev.len;
        }
        line += n + (line[n] == '\n');
    }
}

enum reading { SCAN, LEARNED, PARSED, YYJSON };

static size_t one_event(enum reading how, struct backend_state *st, const struct stream *s, struct span ev)
{
    struct event out;
    if (how == SCAN) /* for what is not there: all bytes are read */
        return memmem(ev.at, ev.len, "\x01none", 5) != NULL;
    if (how == YYJSON) {
        yyjson_alc alc;
        yyjson_alc_pool_init(&alc, st->pool, st->pool_bytes);
        return yyjson_doc_get_val_count(yyjson_read_opts((char *)(uintptr_t)ev.at, ev.len, 0, &alc, NULL));
    }
    if (how == PARSED)
        memo_forget(st->memo);
    s->backend->on_event(st, ev.at, ev.len, &out, NULL);
    return out.text.len;
}

/* The fastest of five passes: the others were disturbed. */
static double ns_per_event(enum reading how, const struct stream *s, long rounds, size_t *sum)
{
    struct backend_state st;
    struct request r;
    double best = 1e18;
    backend_state_init(&st);
    request_init(&r);
    backend_state_begin(&st, &r);
    for (int pass = 0; pass < 5; pass++) {
        mono_ns t = clock_now(NULL);
        for (long i = 0; i < rounds; i++)
            for (size_t k = 0; k < s->n; k++)
                *sum += one_event(how, &st, s, s->events[k]);
        double ns = (double)(clock_now(NULL) - t) / ((double)rounds * (double)s->n);
        best = ns < best ? ns : best;
    }
    backend_state_release(&st);
    request_release(&r);
    return best;
}

int main(int argc, char **argv)
{
    static const char *const files[] = {
        "ollama_gen_stream_warm.http", "ollama_chat_stream.http", "ollama_v1_chat_stream_usage.http",
        "lcpp_chat_stream_plain.http", "lcpp_chat_stream.http",   "lcpp_v1_completions_stream.http"};
    long rounds = argc > 1 ? atol(argv[1]) : 20000;
    size_t sum = 0;
    printf("%-34s %6s %9s %9s %9s %9s  ratios to scan\n", "stream", "bytes", "scan ns", "learned", "parsed", "yyjson");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        for (size_t k = 0; k < sizeof sample_rows / sizeof sample_rows[0]; k++) {
            if (strcmp(sample_rows[k].file, files[i]) != 0)
                continue;
            struct stream s;
            double ns[4];
            load_stream(&s, &sample_rows[k]);
            for (int how = SCAN; how <= YYJSON; how++)
                ns[how] = ns_per_event((enum reading)how, &s, rounds, &sum);
            printf("%-34s %6zu %9.1f %9.1f %9.1f %9.1f  learned %.1f, parsed %.1f\n", files[i], s.bytes / s.n, ns[SCAN],
                   ns[LEARNED], ns[PARSED], ns[YYJSON], ns[LEARNED] / ns[SCAN], ns[PARSED] / ns[SCAN]);
            str_release(&s.file.body);
        }
    return sum == 42; /* keeps the work */
}
