/* case.c: see case.h. A file is read line by line, each a key and its rest: here what is asked and what is right, in
 * case_script.c what the server does. */
#include "stub/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "stub/case_script.h"

#define MAX_DURATION_NS (3600 * NS_PER_S)

enum { MAX_WORDS = 64 };

static const char *const expect_words[] = {
#define X(name, word) word,
    CASE_EXPECT_LIST(X)
#undef X
};

const char *case_expect_word(enum case_expect_key k)
{
    return (unsigned)k < CASE_EXPECT_COUNT ? expect_words[k] : "?";
}

int case_find_mark(const struct stub_case *c, struct span name)
{
    for (int i = 0; i < c->n_marks; i++)
        if (span_eq_z(name, c->mark[i]))
            return i;
    return -1;
}

/* ---- values ---- */

bool case_number(struct span text, int64_t *out)
{
    int64_t v = 0;
    if (!text.len || text.len > 15)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        v = v * 10 + (text.at[i] - '0');
    }
    *out = v;
    return true;
}

bool case_duration(struct span text, mono_ns *out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    char digits[32], *end;
    size_t n = 0;
    while (n < text.len && n < sizeof digits - 1 && ((text.at[n] >= '0' && text.at[n] <= '9') || text.at[n] == '.')) {
        digits[n] = text.at[n];
        n++;
    }
    digits[n] = '\0';
    double v = strtod(digits, &end);
    if (end == digits || *end)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (span_eq_z((struct span){text.at + n, text.len - n}, units[i].unit) &&
            v * units[i].ns <= (double)MAX_DURATION_NS) {
            *out = (mono_ns)(v * units[i].ns + 0.5);
            return true;
        }
    return false;
}

struct span case_cut_word(struct span *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->at[n] != ' ')
        n++;
    struct span word = {rest->at, n};
    while (n < rest->len && rest->at[n] == ' ')
        n++;
    *rest = (struct span){rest->at + n, rest->len - n};
    return word;
}

int case_fault(const struct case_reader *r, struct err *e, int code, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_at(e, code, r->line, 0, "%s:%ld: %s", r->name, r->line, text);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int case_unescape(const struct case_reader *r, struct span text, struct str *out, struct err *e)
{
    static const char letters[] = {'r', 'n', 't', '0', '\\'}, bytes[] = {'\r', '\n', '\t', '\0', '\\'};
    for (const char *p = text.at, *end = p + text.len; p < end; p++) {
        if (*p != '\\') {
            str_addc(out, *p);
            continue;
        }
        const char *letter = end - p > 1 ? memchr(letters, p[1], sizeof letters) : NULL;
        if (letter) {
            str_addc(out, bytes[letter - letters]);
            p++;
        } else if (end - p > 3 && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0) {
            str_addc(out, (char)(hex(p[2]) * 16 + hex(p[3])));
            p += 3;
        } else {
            return case_fault(r, e, ERR_INPUT, "behind a backslash comes r, n, t, 0, xHH or another backslash");
        }
    }
    return 0;
}

/* ---- what is asked ---- */

enum key_type { KEY_TEXT, KEY_YES_NO, KEY_CHAT, KEY_COUNT, KEY_NUMBER, KEY_DURATION };

static const struct key {
    const char *word;
    enum key_type type;
    size_t at; /* offset in struct stub_case */
} keys[] = {
#define KEY(word, type, field)                                                                                         \
    {                                                                                                                  \
        word, KEY_##type, offsetof(struct stub_case, field)                                                            \
    }
    KEY("why", TEXT, why),
    KEY("backend", TEXT, backend),
    KEY("route", CHAT, chat),
    KEY("stream", YES_NO, stream),
    KEY("listen", YES_NO, listens),
    KEY("ask", COUNT, asks),
    KEY("think", DURATION, think_ns),
    KEY("num_ctx", NUMBER, num_ctx),
    KEY("max_tokens", NUMBER, max_tokens),
    KEY("connect_limit", DURATION, limits.connect_ns),
    KEY("first_byte_limit", DURATION, limits.first_byte_ns),
    KEY("idle_limit", DURATION, limits.idle_ns),
    KEY("total_limit", DURATION, limits.total_ns),
    KEY("head_limit", NUMBER, limits.head_bytes),
    KEY("line_limit", NUMBER, limits.line_bytes),
    KEY("event_limit", NUMBER, limits.event_bytes),
    KEY("body_limit", NUMBER, limits.body_bytes),
    KEY("drip_limit", NUMBER, limits.drip_bytes_per_s),
#undef KEY
};

enum { N_KEYS = sizeof keys / sizeof keys[0] };

static int one_of(struct case_reader *r, const struct key *k, struct span value, const char *yes, const char *no,
                  struct err *e)
{
    if (!span_eq_z(value, yes) && !span_eq_z(value, no))
        return case_fault(r, e, ERR_INPUT, "%s is %s or %s", k->word, yes, no);
    *(bool *)((char *)r->c + k->at) = span_eq_z(value, yes);
    return 0;
}

static int read_key(struct case_reader *r, const struct key *k, struct span value, struct err *e)
{
    void *to = (char *)r->c + k->at;
    int64_t n;
    if (!value.len)
        return case_fault(r, e, ERR_INPUT, "%s has no value", k->word);
    switch (k->type) {
    case KEY_TEXT: *(const char **)to = arena_dup(&r->c->arena, value.at, value.len); return 0;
    case KEY_YES_NO: return one_of(r, k, value, "yes", "no", e);
    case KEY_CHAT: return one_of(r, k, value, "chat", "completion", e);
    case KEY_COUNT:
        if (!case_number(value, &n) || n < 1 || n > CASE_MAX_ASKS)
            return case_fault(r, e, ERR_INPUT, "%s is a number from 1 to %d", k->word, CASE_MAX_ASKS);
        *(int *)to = (int)n;
        return 0;
    case KEY_NUMBER: return case_number(value, to) ? 0 : case_fault(r, e, ERR_INPUT, "%s is a whole number", k->word);
    case KEY_DURATION:
        return case_duration(value, to) ? 0 : case_fault(r, e, ERR_INPUT, "%s is a time such as 20ms or 1.5s", k->word);
    }
    return 0;
}

static const struct key *find_key(struct span word)
{
    for (size_t i = 0; i < N_KEYS; i++)
        if (span_eq_z(word, keys[i].word))
            return &keys[i];
    return NULL;
}

/* ---- what is right ---- */

static int find_expect(struct span word)
{
    for (int i = 0; i < CASE_EXPECT_COUNT; i++)
        if (span_eq_z(word, expect_words[i]))
            return i;
    return -1;
}

static int unknown(struct case_reader *r, struct span word, const char *what, const char *const *words, size_t n,
                   struct err *e)
{
    char z[64];
    snprintf(z, sizeof z, "%.*s", (int)(word.len < 60 ? word.len : 60), word.at);
    const char *near = word_suggest(z, words, n);
    return case_fault(r, e, ERR_INPUT, "no %s '%s'%s%s%s", what, z, near ? "; did you mean '" : "", near ? near : "",
                      near ? "'?" : "");
}

/* expect [NUMBER] KEY TEXT */
static int read_expect(struct case_reader *r, struct span rest, struct err *e)
{
    int64_t number = 1;
    struct span word = case_cut_word(&rest);
    if (case_number(word, &number))
        word = case_cut_word(&rest);
    int key = find_expect(word);
    if (key < 0)
        return unknown(r, word, "expectation", expect_words, CASE_EXPECT_COUNT, e);
    if (number < 1 || number > CASE_MAX_ASKS)
        return case_fault(r, e, ERR_INPUT, "questions are numbered from 1 to %d", CASE_MAX_ASKS);
    if (r->c->n_expects == CASE_MAX_EXPECTS)
        return case_fault(r, e, ERR_LIMIT, "more than %d expectations", CASE_MAX_EXPECTS);
    struct str text = STR_INIT;
    int rc = case_unescape(r, rest, &text, e);
    if (!rc)
        r->c->expect[r->c->n_expects++] = (struct case_expect){
            (enum case_expect_key)key,
            (int)number - 1,
            r->line,
            {arena_dup(&r->c->arena, str_z(&text), text.len), text.len}};
    str_release(&text);
    return rc;
}

/* ---- lines ---- */

static int unknown_key(struct case_reader *r, struct span word, struct err *e)
{
    const char *words[MAX_WORDS] = {"expect"};
    size_t n = 1;
    for (size_t i = 0; i < N_KEYS; i++)
        words[n++] = keys[i].word;
    n += case_script_words(words + n);
    return unknown(r, word, "key", words, n, e);
}

static int read_line(struct case_reader *r, struct span line, struct err *e)
{
    int rc = 0;
    while (line.len && line.at[0] == ' ')
        line = (struct span){line.at + 1, line.len - 1};
    while (line.len && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\r'))
        line.len--;
    if (!line.len || line.at[0] == '#')
        return 0;
    if (memchr(line.at, '\0', line.len))
        return case_fault(r, e, ERR_INPUT, "a NUL; write \\0");
    struct span rest = line, word = case_cut_word(&rest);
    if ((r->joined = span_eq_z(word, "+")))
        word = case_cut_word(&rest);
    if (case_script_line(r, word, rest, &rc, e))
        return rc;
    if (r->joined)
        return case_fault(r, e, ERR_INPUT, "'+' joins two lines that send, and this one does not");
    if (span_eq_z(word, "expect"))
        return read_expect(r, rest, e);
    const struct key *k = find_key(word);
    return k ? read_key(r, k, rest, e) : unknown_key(r, word, e);
}

/* What only the whole file shows. */
static int check(struct case_reader *r, struct err *e)
{
    const struct stub_case *c = r->c;
    if (!c->why)
        return case_fault(r, e, ERR_INPUT, "no `why`: one sentence about what goes wrong where this is not right");
    if (!c->backend)
        return case_fault(r, e, ERR_INPUT, "no `backend`: openai, ollama or llama-server");
    if (c->listens != (c->n_steps > 0))
        return case_fault(r, e, ERR_INPUT,
                          c->listens ? "the server does nothing" : "a server that does not listen acts");
    if (!c->n_expects)
        return case_fault(r, e, ERR_INPUT, "nothing is expected");
    for (int i = 0; i < c->n_expects; i++)
        if (c->expect[i].request >= c->asks) {
            r->line = c->expect[i].line;
            return case_fault(r, e, ERR_INPUT, "there is no question %d: `ask` says %d", c->expect[i].request + 1,
                              c->asks);
        }
    return 0;
}

int case_parse(struct stub_case *c, const char *name, const char *p, size_t n, struct err *e)
{
    *c = (struct stub_case){.stream = true,
                            .chat = true,
                            .listens = true,
                            .asks = 1,
                            .num_ctx = -1,
                            .max_tokens = 16,
                            .limits = {-1, -1, -1, -1, -1, -1, -1, -1, -1}};
    struct case_reader r = {.c = c, .name = name};
    int rc = 0;
    if (n > CASE_MAX_FILE_BYTES)
        return case_fault(&r, e, ERR_LIMIT, "more than %d bytes", CASE_MAX_FILE_BYTES);
    for (const char *end = p + n; p < end && !rc;) {
        const char *lf = memchr(p, '\n', (size_t)(end - p)), *stop = lf ? lf : end;
        r.line++;
        rc = read_line(&r, (struct span){p, (size_t)(stop - p)}, e);
        p = stop + 1;
    }
    if (!rc)
        rc = case_script_end(&r, e);
    return rc ? rc : check(&r, e);
}

int case_read(struct stub_case *c, const char *path, struct err *e)
{
    struct str text = STR_INIT;
    *c = (struct stub_case){0};
    int rc = file_read(path, CASE_MAX_FILE_BYTES, &text, e);
    if (!rc)
        rc = case_parse(c, path_base(path), str_z(&text), text.len, e);
    str_release(&text);
    return rc;
}

void case_release(struct stub_case *c)
{
    for (size_t i = 0; i < c->n_steps; i++)
        str_release(&c->steps[i].bytes);
    free(c->steps);
    arena_release(&c->arena);
    *c = (struct stub_case){0};
}
