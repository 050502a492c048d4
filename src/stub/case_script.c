/* case_script.c: see case_script.h. */
#include "stub/case_script.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PAUSE_NS (60 * NS_PER_S)

enum { MAX_TIMES = 10000000 };

/* ---- steps ---- */

static struct case_step *last_step(const struct case_reader *r)
{
    return &r->c->steps[r->c->n_steps - 1];
}

static int add_step(struct case_reader *r, enum case_op op, struct case_step **out, struct err *e)
{
    struct stub_case *c = r->c;
    if (c->n_steps == CASE_MAX_STEPS)
        return case_fault(r, e, ERR_LIMIT, "more than %d steps", CASE_MAX_STEPS);
    if (c->n_steps == r->cap_steps) {
        r->cap_steps = r->cap_steps ? 2 * r->cap_steps : 16;
        c->steps = xrealloc(c->steps, r->cap_steps * sizeof *c->steps);
    }
    if (!c->n_connections)
        c->n_connections = 1;
    *out = &c->steps[c->n_steps++];
    **out = (struct case_step){.op = op, .times = 1};
    c->connection[c->n_connections - 1].n++;
    r->may_join = false;
    return 0;
}

/* The step that this line's bytes go into: a new one, or the last one behind a '+'. */
static int send_step(struct case_reader *r, struct case_step **out, struct err *e)
{
    if (r->joined && !r->may_join)
        return case_fault(r, e, ERR_INPUT, "'+' joins this to the line before, which must be a plain sending one");
    if (r->joined) {
        *out = last_step(r);
        return 0;
    }
    int rc = add_step(r, CASE_SEND, out, e);
    r->may_join = !rc;
    return rc;
}

static int count_bytes(struct case_reader *r, size_t n, int64_t times, struct err *e)
{
    if (n && (uint64_t)times > (CASE_MAX_BYTES - r->sent_bytes) / n)
        return case_fault(r, e, ERR_LIMIT, "more than %d bytes to send", CASE_MAX_BYTES);
    r->sent_bytes += n * (size_t)times;
    return 0;
}

/* ---- heads ---- */

/* Ends the fields of an open head; the place of Content-Length is kept until the body is known. */
static void close_head(struct case_reader *r)
{
    if (!r->head_open)
        return;
    r->head_open = false;
    if (r->framing != CASE_LENGTH) {
        str_addz(&last_step(r)->bytes, "\r\n");
        return;
    }
    r->head_step = r->c->n_steps - 1;
    r->head_end = last_step(r)->bytes.len;
    r->body_bytes = 0;
}

static void fill_in_length(struct case_reader *r)
{
    close_head(r);
    if (r->framing != CASE_LENGTH)
        return;
    struct str *old = &r->c->steps[r->head_step].bytes, whole = STR_INIT;
    str_add(&whole, old->at, r->head_end);
    str_addf(&whole, "Content-Length: %zu\r\n\r\n", r->body_bytes);
    str_add(&whole, old->at + r->head_end, old->len - r->head_end);
    str_release(old);
    *old = whole;
    r->framing = CASE_RAW;
}

/* head STATUS TYPE [chunked | close | length | length=N] */
static int read_head(struct case_reader *r, struct span rest, struct err *e)
{
    int64_t status, length = -1;
    struct case_step *s;
    struct span number = case_cut_word(&rest), type = case_cut_word(&rest), how = case_cut_word(&rest);
    bool fixed = span_starts(how, "length=") && case_number((struct span){how.at + 7, how.len - 7}, &length);
    bool chunked = !how.len || span_eq_z(how, "chunked"), close = span_eq_z(how, "close");
    if (!case_number(number, &status) || number.len != 3 || !type.len)
        return case_fault(r, e, ERR_INPUT, "head is a status of three digits and a content type, '-' for none");
    if (!chunked && !close && !fixed && !span_eq_z(how, "length"))
        return case_fault(r, e, ERR_INPUT, "a body comes chunked, close, length or length=N");
    fill_in_length(r);
    int rc = send_step(r, &s, e);
    if (rc)
        return rc;
    str_addf(&s->bytes, "HTTP/1.1 %03d %s\r\n", (int)status, status / 100 == 2 ? "OK" : "Other");
    if (!span_eq_z(type, "-"))
        str_addf(&s->bytes, "Content-Type: %.*s\r\n", (int)type.len, type.at);
    if (close)
        str_addz(&s->bytes, "Connection: close\r\n");
    if (chunked)
        str_addz(&s->bytes, "Transfer-Encoding: chunked\r\n");
    if (fixed)
        str_addf(&s->bytes, "Content-Length: %lld\r\n", (long long)length);
    r->framing = chunked ? CASE_CHUNKED : close || fixed ? CASE_RAW : CASE_LENGTH;
    r->head_open = true;
    return count_bytes(r, s->bytes.len, 1, e);
}

/* field NAME: VALUE */
static int read_field(struct case_reader *r, struct span rest, struct err *e)
{
    if (!r->head_open)
        return case_fault(r, e, ERR_INPUT, "a field comes right behind its head");
    int rc = case_unescape(r, rest, &last_step(r)->bytes, e);
    str_addz(&last_step(r)->bytes, "\r\n");
    return rc ? rc : count_bytes(r, rest.len + 2, 1, e);
}

/* ---- what is sent ---- */

struct repeat {
    int64_t times, piece;
    mono_ns every; /* -1: not said */
};

static bool is_sending(struct span word)
{
    return span_eq_z(word, "send") || span_eq_z(word, "body") || span_eq_z(word, "sse") || span_eq_z(word, "ndjson") ||
           span_eq_z(word, "end");
}

/* A piece of the body in its framing. */
static void add_body(struct case_reader *r, struct span piece, struct str *out)
{
    r->body_bytes += piece.len;
    if (r->framing == CASE_CHUNKED)
        str_addf(out, "%zx\r\n", piece.len);
    str_add(out, piece.at, piece.len);
    if (r->framing == CASE_CHUNKED)
        str_addz(out, "\r\n");
}

/* The bytes of one sending line, once. */
static int write_bytes(struct case_reader *r, struct span word, struct span rest, struct str *out, struct err *e)
{
    struct str piece = STR_INIT;
    int rc = 0;
    if (span_eq_z(word, "end")) {
        if (r->framing == CASE_CHUNKED)
            str_addz(out, "0\r\n\r\n");
        r->framing = r->framing == CASE_CHUNKED ? CASE_RAW : r->framing;
    } else if (span_eq_z(word, "send")) {
        rc = case_unescape(r, rest, out, e);
    } else if (span_eq_z(word, "body")) {
        rc = case_unescape(r, rest, &piece, e);
    } else {
        str_addf(&piece, "%s%.*s%s", span_eq_z(word, "sse") ? "data: " : "", (int)rest.len, rest.at,
                 span_eq_z(word, "sse") ? "\n\n" : "\n");
    }
    if (!rc && piece.len)
        add_body(r, (struct span){str_z(&piece), piece.len}, out);
    str_release(&piece);
    return rc;
}

static int read_send(struct case_reader *r, struct span word, struct span rest, const struct repeat *how, struct err *e)
{
    struct str bytes = STR_INIT;
    struct case_step *s;
    close_head(r);
    size_t body = r->body_bytes;
    int rc = write_bytes(r, word, rest, &bytes, e);
    if (!rc)
        rc = count_bytes(r, bytes.len, how->times, e);
    if (!rc && bytes.len)
        rc = send_step(r, &s, e);
    if (!rc && bytes.len) {
        bool together = how->every < 0; /* all in one write */
        r->body_bytes += (r->body_bytes - body) * (size_t)(how->times - 1);
        for (int64_t i = 0; i < (together ? how->times : 1); i++)
            str_add(&s->bytes, bytes.at, bytes.len);
        if (!together) {
            s->times = how->times;
            s->piece = (size_t)how->piece;
            s->pause_ns = how->every;
            r->may_join = false;
        }
    }
    str_release(&bytes);
    return rc;
}

/* repeat N [every T] LINE, and dribble N every T LINE */
static int read_repeat(struct case_reader *r, bool dribble, struct span rest, struct err *e)
{
    struct repeat how = {.times = 1, .every = -1};
    int64_t n;
    struct span number = case_cut_word(&rest), word = case_cut_word(&rest);
    if (!case_number(number, &n) || n < 1 || n > MAX_TIMES)
        return case_fault(r, e, ERR_INPUT, "a number from 1 to %d is missing", MAX_TIMES);
    if (span_eq_z(word, "every")) {
        if (!case_duration(case_cut_word(&rest), &how.every) || how.every > MAX_PAUSE_NS)
            return case_fault(r, e, ERR_INPUT, "behind `every` comes a time up to 60s");
        word = case_cut_word(&rest);
    }
    if (!is_sending(word))
        return case_fault(r, e, ERR_INPUT, "only send, body, sse, ndjson and end can be repeated or dribbled");
    if (dribble && how.every < 0)
        return case_fault(r, e, ERR_INPUT, "dribble N every T LINE: a time is missing");
    if (r->joined && how.every >= 0)
        return case_fault(r, e, ERR_INPUT, "what comes with pauses cannot be joined with '+'");
    *(dribble ? &how.piece : &how.times) = n;
    return read_send(r, word, rest, &how, e);
}

/* ---- everything else ---- */

static int read_wait(struct case_reader *r, struct span rest, struct err *e)
{
    struct case_step *s;
    mono_ns pause;
    if (!case_duration(rest, &pause) || pause > MAX_PAUSE_NS)
        return case_fault(r, e, ERR_INPUT, "wait takes a time up to 60s, such as 20ms");
    int rc = add_step(r, CASE_WAIT, &s, e);
    if (!rc)
        s->pause_ns = pause;
    return rc;
}

static int read_mark(struct case_reader *r, struct span rest, struct err *e)
{
    struct stub_case *c = r->c;
    struct case_step *s;
    if (!rest.len || memchr(rest.at, ' ', rest.len) || case_find_mark(c, rest) >= 0)
        return case_fault(r, e, ERR_INPUT, "a mark needs a name of its own, without spaces");
    if (c->n_marks == CASE_MAX_MARKS)
        return case_fault(r, e, ERR_LIMIT, "more than %d marks", CASE_MAX_MARKS);
    int rc = add_step(r, CASE_MARK, &s, e);
    if (rc)
        return rc;
    s->mark = c->n_marks;
    c->mark[c->n_marks++] = arena_dup(&c->arena, rest.at, rest.len);
    return 0;
}

static int read_connection(struct case_reader *r, struct err *e)
{
    struct stub_case *c = r->c;
    fill_in_length(r);
    if (!c->n_steps)
        return case_fault(r, e, ERR_INPUT, "the first connection is there without saying so");
    if (c->n_connections == CASE_MAX_CONNECTIONS)
        return case_fault(r, e, ERR_LIMIT, "more than %d connections", CASE_MAX_CONNECTIONS);
    c->connection[c->n_connections++] = (struct case_connection){c->n_steps, 0};
    r->framing = CASE_RAW;
    r->may_join = false;
    return 0;
}

static const struct bare {
    const char *word;
    enum case_op op;
} bare[] = {
    {"request", CASE_REQUEST}, {"close", CASE_CLOSE}, {"half-close", CASE_HALF_CLOSE},
    {"reset", CASE_RESET},     {"stall", CASE_STALL},
};

enum { N_BARE = sizeof bare / sizeof bare[0] };

static int read_bare(struct case_reader *r, const struct bare *b, struct span rest, struct err *e)
{
    struct case_step *s;
    if (rest.len)
        return case_fault(r, e, ERR_INPUT, "nothing comes behind %s", b->word);
    if (b->op == CASE_REQUEST) {
        fill_in_length(r);
        r->framing = CASE_RAW;
    }
    close_head(r);
    return add_step(r, b->op, &s, e);
}

static const char *const words[] = {"head",    "field", "send", "body", "sse",        "ndjson", "end",
                                    "dribble", "wait",  "mark", "+",    "connection", "repeat"};

enum { N_WORDS = sizeof words / sizeof words[0] };

size_t case_script_words(const char **out)
{
    memcpy(out, words, sizeof words);
    for (size_t i = 0; i < N_BARE; i++)
        out[N_WORDS + i] = bare[i].word;
    return N_WORDS + N_BARE;
}

bool case_script_line(struct case_reader *r, struct span word, struct span rest, int *rc, struct err *e)
{
    static const struct repeat once = {.times = 1, .every = -1};
    bool sends = is_sending(word) || span_eq_z(word, "repeat") || span_eq_z(word, "head");
    if (r->joined && !sends)
        return false; /* case.c complains */
    if (is_sending(word)) {
        *rc = read_send(r, word, rest, &once, e);
    } else if (span_eq_z(word, "head")) {
        *rc = read_head(r, rest, e);
    } else if (span_eq_z(word, "field")) {
        *rc = read_field(r, rest, e);
    } else if (span_eq_z(word, "repeat") || span_eq_z(word, "dribble")) {
        *rc = read_repeat(r, span_eq_z(word, "dribble"), rest, e);
    } else if (span_eq_z(word, "wait") || span_eq_z(word, "mark") || span_eq_z(word, "connection")) {
        close_head(r);
        *rc = span_eq_z(word, "wait")   ? read_wait(r, rest, e)
              : span_eq_z(word, "mark") ? read_mark(r, rest, e)
                                        : read_connection(r, e);
    } else {
        for (size_t i = 0; i < N_BARE; i++)
            if (span_eq_z(word, bare[i].word)) {
                *rc = read_bare(r, &bare[i], rest, e);
                return true;
            }
        return false;
    }
    return true;
}

int case_script_end(struct case_reader *r, struct err *e)
{
    fill_in_length(r);
    for (int i = 0; i < r->c->n_connections; i++)
        if (!r->c->connection[i].n)
            return case_fault(r, e, ERR_INPUT, "connection %d does nothing", i + 1);
    return 0;
}
