/* fault.c: the table of faults, and the rules that choose one. */
#include "stub/fault.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "stub/acts.h"

/* How many are one too many: the client's limits are those of the design, section 9. */
enum { HEAD_BYTES = 70000, FIELDS = 300, INTERIMS = 40, DEPTH = 200, EVENT_BYTES = 9 << 20 };

/* clang-format off: a row a line */
static const struct fault faults[] = {
    /* errors of the API */
    {.name = "status_400",
     .what = "400 with an error object",
     .instead = act_status,
     .status = 400,
     .text = "invalid_request_error"},
    {.name = "status_401",
     .what = "401 with an error object",
     .instead = act_status,
     .status = 401,
     .text = "authentication_error"},
    {.name = "status_404",
     .what = "404 with an error object",
     .instead = act_status,
     .status = 404,
     .text = "not_found_error"},
    {.name = "status_429",
     .what = "429 with an error object and Retry-After",
     .instead = act_status,
     .status = 429,
     .text = "rate_limit_error"},
    {.name = "status_500",
     .what = "500 with an error object",
     .instead = act_status,
     .status = 500,
     .text = "server_error"},
    {.name = "status_503",
     .what = "503 with an error object and Retry-After",
     .instead = act_status,
     .status = 503,
     .text = "unavailable_error"},
    {.name = "context_exceeded",
     .what = "400: the prompt is said to be over the context",
     .instead = act_status,
     .status = 400,
     .text = STUB_TOO_LONG},
    {.name = "html_502", .what = "an HTML page with 502, as gateways send it", .instead = act_html, .status = 502},
    {.name = "html_200", .what = "an HTML page with 200", .instead = act_html, .status = 200},
    {.name = "no_body_500", .what = "500 without a body", .instead = act_no_body, .status = 500},
    {.name = "redirect", .what = "302 to another path", .instead = act_redirect, .status = 302},
    {.name = "error_in_200",
     .what = "an error object in the middle of the stream, then its end",
     .middle = act_error_event,
     .text = "server_error"},
    {.name = "overloaded_in_200",
     .what = "the error object says that the server is overloaded",
     .middle = act_error_event,
     .text = "overloaded_error"},
    /* connections */
    {.name = "close_at_once", .what = "the connection is closed instead of an answer", .instead = act_close},
    {.name = "reset_at_once", .what = "the connection is reset instead of an answer", .instead = act_reset},
    {.name = "no_first_byte", .what = "never a byte", .instead = act_hang},
    {.name = "head_only", .what = "a head, then nothing", .instead = act_head_only},
    {.name = "half_head",
     .what = "the connection is closed within the head",
     .instead = act_raw_close,
     .text = "HTTP/1.1 200 OK\r\nContent-Ty"},
    {.name = "early_close", .what = "the connection is closed in the middle", .middle = act_close, .flags = FAULT_CUTS},
    {.name = "reset", .what = "the connection is reset in the middle", .middle = act_reset, .flags = FAULT_CUTS},
    {.name = "stall", .what = "nothing comes from the middle on", .middle = act_hang, .flags = FAULT_CUTS},
    {.name = "drip", .what = "from the middle on one byte each 50 ms", .flags = FAULT_DRIP},
    {.name = "endless", .what = "tokens until the client leaves", .flags = FAULT_ENDLESS},
    {.name = "close_idle",
     .what = "a whole answer that keeps the connection alive, and then its close",
     .last = act_close_idle},
    /* HTTP */
    {.name = "bad_status_line",
     .what = "a status line that is none",
     .instead = act_raw_close,
     .text = "HELLO 200 OK\r\n\r\n"},
    {.name = "huge_head", .what = "a field of 70 kB", .instead = act_huge_head, .status = HEAD_BYTES},
    {.name = "many_fields", .what = "300 fields", .instead = act_many_fields, .status = FIELDS},
    {.name = "many_interims",
     .what = "40 interim answers before the real one",
     .head = act_interim,
     .status = INTERIMS,
     .flags = FAULT_RAW_BODY},
    {.name = "interim",
     .what = "an interim answer before the real one (harmless)",
     .head = act_interim,
     .status = 1,
     .flags = FAULT_RAW_BODY},
    {.name = "two_lengths",
     .what = "Content-Length beside chunked",
     .head = act_raw_head,
     .text = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
     .flags = FAULT_RAW_BODY},
    {.name = "compressed",
     .what = "a head that says gzip, which was not asked for, over bytes that are not",
     .head = act_raw_head,
     .text = "Content-Encoding: gzip\r\nConnection: close\r\n",
     .flags = FAULT_RAW_BODY},
    {.name = "until_close",
     .what = "a stream without length or chunks, ended by the close (harmless)",
     .head = act_raw_head,
     .text = "Connection: close\r\n",
     .flags = FAULT_RAW_BODY},
    {.name = "short_body",
     .what = "fewer bytes than Content-Length, then the close",
     .instead = act_short_body,
     .status = 100},
    {.name = "bad_chunk_size", .what = "a chunk size that is no number", .middle = act_raw, .text = "zz\r\n"},
    {.name = "chunk_too_long",
     .what = "a chunk with more bytes than its size says",
     .middle = act_raw,
     .text = "3\r\n: more\r\n"},
    {.name = "chunk_cut",
     .what = "the connection is closed within a chunk",
     .middle = act_raw_close,
     .text = "ff\r\ndata: {"},
    {.name = "garbage_behind",
     .what = "bytes behind the end of the answer",
     .last = act_behind_end,
     .text = "0\r\n\r\ngarbage"},
    {.name = "trailers", .what = "trailer fields behind the last chunk (harmless)", .last = act_trailers},
    {.name = "wrong_type", .what = "the stream is called text/plain", .type = "text/plain"},
    {.name = "no_type", .what = "no content type (harmless)", .type = ""},
    {.name = "not_streamed",
     .what = "one JSON document although a stream was asked for (harmless)",
     .flags = FAULT_WHOLE},
    /* events */
    {.name = "empty_stream", .what = "a head and the end, nothing between", .head = act_empty},
    {.name = "no_done", .what = "all the text, but no finish and no terminator", .last = act_end},
    {.name = "done_early",
     .what = "finish and terminator in the middle, the text goes on, and again at the end",
     .middle = act_done_early},
    {.name = "done_twice", .what = "finish and terminator twice (harmless)", .last = act_done_end},
    {.name = "no_text", .what = "finish and terminator without any text", .flags = FAULT_NO_TEXT},
    {.name = "usage_missing", .what = "no counts and no timings (harmless)", .flags = FAULT_NO_USAGE},
    {.name = "usage_absurd", .what = "negative and astronomic counts (harmless)", .last = act_usage},
    {.name = "bad_json",
     .what = "an event that is cut JSON",
     .middle = act_event,
     .text = "{\"choices\":[{\"delta\":{\"content\":\"cut"},
    {.name = "deep_json", .what = "an event nested 200 deep", .middle = act_deep, .status = DEPTH},
    {.name = "duplicate_keys",
     .what = "an event with a key twice (harmless)",
     .middle = act_event,
     .text = "{\"choices\":[],\"choices\":[],\"done\":false,\"done\":false}"},
    {.name = "huge_event", .what = "an event of 9 MiB", .middle = act_huge_event, .status = EVENT_BYTES},
    {.name = "bad_utf8", .what = "text that is not UTF-8", .middle = act_words, .text = " \xFF\xFE\xC3("},
    {.name = "split_utf8", .what = "a character in two writes (harmless)", .middle = act_split_utf8},
    {.name = "nul", .what = "a NUL byte within an event", .middle = act_words, .text = " a\0b", .status = 4},
    {.name = "nul_escaped", .what = "an escaped NUL in the text (harmless)", .middle = act_words, .text = " a\\u0000b"},
    {.name = "empty_deltas", .what = "100 events without text (harmless)", .middle = act_empties, .status = 100},
    {.name = "loop", .what = "the same word over and over: the answer is degenerate", .flags = FAULT_LOOP},
    {.name = "crlf", .what = "lines end with CR LF (harmless)", .event = frame_crlf},
    {.name = "cr", .what = "SSE lines end with CR (harmless)", .event = frame_cr},
    {.name = "mixed_ends", .what = "line ends of all kinds (harmless)", .event = frame_mixed},
    {.name = "bom",
     .what = "a byte order mark before the first event (harmless)",
     .head = act_raw_head,
     .text = "Connection: close\r\n\r\n\xEF\xBB\xBF",
     .flags = FAULT_RAW_BODY},
    {.name = "comments", .what = "SSE comments or empty lines around the events (harmless)", .event = frame_comments},
    {.name = "fields", .what = "event, id, retry and unknown SSE fields (harmless)", .event = frame_fields},
    {.name = "multi_line", .what = "SSE data on two lines (harmless)", .event = frame_multi},
    {.name = "byte_chunks", .what = "each byte in a chunk of its own (harmless)", .event = frame_bytes},
    {.name = "no_last_blank", .what = "no line end behind the last event", .last = act_no_blank},
};
/* clang-format on */

enum { N_FAULTS = sizeof faults / sizeof faults[0] };

const struct fault *fault_at(size_t i)
{
    return i < N_FAULTS ? &faults[i] : NULL;
}

const struct fault *fault_find(const char *name)
{
    for (size_t i = 0; i < N_FAULTS; i++)
        if (strcmp(faults[i].name, name) == 0)
            return &faults[i];
    return NULL;
}

static int find(const char *name, const struct fault **out, struct err *e)
{
    const char *names[N_FAULTS];
    for (size_t i = 0; i < N_FAULTS; i++)
        names[i] = faults[i].name;
    if ((*out = fault_find(name)))
        return 0;
    const char *near = word_suggest(name, names, N_FAULTS);
    return err_set(e, ERR_USAGE, "no fault '%s'%s%s%s", name, near ? "; did you mean '" : "; --list-faults names them",
                   near ? near : "", near ? "'?" : "");
}

static bool whole_number(const char *z, uint64_t *out)
{
    char *end;
    *out = strtoull(z, &end, 10);
    return *z >= '0' && *z <= '9' && !*end && *out > 0;
}

static int read_condition(struct fault_rule *r, const char *z, struct err *e)
{
    char *end;
    if (strncmp(z, "rate=", 5) == 0) {
        r->rate = strtod(z + 5, &end);
        if (end != z + 5 && !*end && r->rate >= 0 && r->rate <= 1)
            return 0;
    } else if (strncmp(z, "every=", 6) == 0) {
        if (whole_number(z + 6, &r->every))
            return 0;
    } else if (strncmp(z, "request=", 8) == 0) {
        if (whole_number(z + 8, &r->request))
            return 0;
    }
    return err_set(e, ERR_USAGE, "'%s': expected rate=0 … 1, every=N or request=K", z);
}

int fault_rule_parse(struct fault_rule *out, const char *text, struct err *e)
{
    char name[64] = "";
    size_t n = strcspn(text, ":");
    *out = (struct fault_rule){.rate = -1};
    memcpy(name, text, n < sizeof name - 1 ? n : sizeof name - 1);
    int rc = find(name, &out->fault, e);
    if (!rc && text[n])
        rc = read_condition(out, text + n + 1, e);
    if (rc)
        err_prefix(e, "--fault %.100s", text);
    return rc;
}

const struct fault *fault_pick(const struct fault_rule *rules, size_t n, uint64_t number, struct rng *r)
{
    const struct fault *chosen = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct fault_rule *rule = &rules[i];
        bool applies = true;
        if (rule->rate >= 0)
            applies = rng_double(r) < rule->rate;
        else if (rule->every)
            applies = number % rule->every == 0;
        else if (rule->request)
            applies = number == rule->request;
        if (applies && !chosen)
            chosen = rule->fault;
    }
    return chosen;
}
