/* stub: the reference server: known latency law, known faults, and a log of what it did that serves as the oracle.
 *
 * Owns: the three dialects as a server writes them, latency laws, slots and their queue, the table of faults, the log.
 * Must not know: the client, its parsers, models, measurements. It shares no response parser with net/ or backend/.
 *
 * stub.h: the life of a stub. One thread runs stub_run; stub_stop may come from any thread or a signal handler. */
#ifndef STUB_STUB_H
#define STUB_STUB_H

#include "stub/fault.h"
#include "stub/law.h"
#include "stub/slots.h"

/* Zero means the default that stands beside the field; text and rules are borrowed and must outlive the stub. */
struct stub_options {
    const char *host;         /* "127.0.0.1" */
    int port;                 /* 0: the kernel picks one */
    const char *model;        /* the model's name: "stub" */
    struct law first;         /* from the start of service to the first chunk, beside load and prompt; zero: at once */
    struct law gap;           /* from one chunk to the next; zero: at once */
    int64_t tokens;           /* of an answer that nothing cuts: 64 */
    int64_t tokens_per_chunk; /* 1 */
    double prompt_rate;       /* prompt tokens a second; 0: the prompt takes no time */
    double drift; /* by which share of its delays each answer is slower than the one before: a planted drift */
    size_t slots; /* requests in service at full speed; 0: no limit */
    enum slots_order order;
    int64_t
        num_ctx;  /* tokens of prompt and answer together; 0: 1 Mi. Ollama's routes cut the prompt in silence and obey
                        options.num_ctx, the others answer 400 exceed_context_size_error */
    mono_ns load; /* the first request, and the first one after an unload, waits so long for the model */
    const struct fault_rule *rules; /* the first one that applies wins; a body's "stub_fault" goes before */
    size_t n_rules;
    uint64_t seed;   /* of words, delays and faults; every request draws from its own stream, named by its number */
    const char *log; /* file, replaced; NULL: none. See log.h */
    bool stamps; /* the first word of each text chunk is CLOCK_MONOTONIC in ns right before its write, in 19 digits */
};

struct stub_counts {
    uint64_t requests, finished, faulted, gone; /* generation requests; gone: the client left first */
    uint64_t chunks, tokens;                    /* text chunks, and the tokens in them */
    uint64_t connections;
    mono_ns worst_late_ns; /* the latest chunk behind its due moment */
};

struct stub;
/* Binds and listens; *out is set only on success. The laws become the stub's own. With equal seed and requests in equal
 * order the bytes of two runs are equal, unless stamps are on or requests queue: times in answers are those of the laws. */
int stub_open(struct stub **out, struct stub_options *options, struct err *e);
int stub_port(const struct stub *s);
/* Stops the stub when fd becomes readable (a signalfd); fd stays the caller's. */
int stub_stop_on(struct stub *s, int fd, struct err *e);
int stub_run(struct stub *s, struct err *e);
void stub_stop(struct stub *s);
struct stub_counts stub_counts(const struct stub *s);
/* Closes what is open and the log; ERR_IO when the log could not be written whole. */
int stub_free(struct stub *s, struct err *e);

#endif
