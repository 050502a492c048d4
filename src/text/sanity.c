/* sanity.c: the figures behind sanity.h.
 *
 * Loops are found by comparing a sequence with itself moved by a period: position i matches when item[i] equals
 * item[i - period]; a run of matches of length r is a loop of r + period items. Words are compared without case, outer
 * punctuation and list numbers, so that "1. same 2. same" is a loop and a table of different rows is none.
 * REPEATED_4GRAMS is 1 - distinct 4-grams / 4-grams, "rep-4" of Welleck et al. 2020 (Neural Text Generation with
 * Unlikelihood Training, section 4.1); REPEATED_LINES is the duplicate-line share of Rae et al. 2021 (Gopher, table A1),
 * both with limits that ordinary lists and tables of reports stay far below. */
#include "text/sanity.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "text/script.h"

enum { MAX_BYTES = 1 << 20, MAX_PERIOD = 64, MAX_RAW_TOKEN = 40 };
enum { WORD_ROUNDS = 4, WORD_LOOP_MIN = 16, CHAR_ROUNDS = 8, CHAR_LOOP_MIN = 120 };
enum { GRAM_WORDS = 4, GRAM_MIN_WORDS = 48, LINES_MIN = 8, LETTERS_MIN = 100, SYMBOLS_MIN = 16 };

/* A growing list of numbers: hashes of words or lines, or code points. */
struct numbers {
    uint64_t *at; /* owned */
    size_t n, cap;
};

static void numbers_add(struct numbers *l, uint64_t v)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->at = xrealloc(l->at, l->cap * sizeof *l->at);
    }
    l->at[l->n++] = v;
}

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static uint64_t hash_lower(const char *p, size_t n)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)tolower((unsigned char)p[i])) * 0x100000001B3u;
    return h;
}

/* ---- cutting --------------------------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_wordy(char c)
{
    return (unsigned char)c >= 0x80 || isalnum((unsigned char)c);
}

/* Length of "- ", "* ", "12. ", "3) " at the start of a line, blanks before it included; 0: no list item. */
static size_t list_marker(const char *p, size_t n)
{
    size_t i = 0, digits = 0;
    while (i < n && (p[i] == ' ' || p[i] == '\t'))
        i++;
    while (i + digits < n && isdigit((unsigned char)p[i + digits]))
        digits++;
    if (digits && digits < 4 && i + digits < n && (p[i + digits] == '.' || p[i + digits] == ')'))
        i += digits + 1;
    else if (i < n && (p[i] == '-' || p[i] == '*' || p[i] == '+'))
        i++;
    else
        return 0;
    return i == n || is_space(p[i]) ? i : 0;
}

static void add_word(struct numbers *words, const char *p, size_t n)
{
    while (n && !is_wordy(p[0])) {
        p++;
        n--;
    }
    while (n && !is_wordy(p[n - 1]))
        n--;
    if (n)
        numbers_add(words, hash_lower(p, n));
}

static void cut_line(const char *p, size_t n, struct numbers *words, struct numbers *lines)
{
    size_t i = list_marker(p, n), wordy = 0;
    while (n > i && is_space(p[n - 1]))
        n--;
    while (i < n && is_space(p[i]))
        i++;
    for (size_t k = i; k < n; k++)
        wordy += is_wordy(p[k]);
    if (wordy >= 3)
        numbers_add(lines, hash_lower(p + i, n - i));
    while (i < n) {
        size_t start = i;
        while (i < n && !is_space(p[i]))
            i++;
        add_word(words, p + start, i - start);
        while (i < n && is_space(p[i]))
            i++;
    }
}

static void cut_words(struct span t, struct numbers *words, struct numbers *lines)
{
    for (size_t i = 0; i < t.len;) {
        const char *end = memchr(t.at + i, '\n', t.len - i);
        size_t n = end ? (size_t)(end - (t.at + i)) : t.len - i;
        cut_line(t.at + i, n, words, lines);
        i += n + 1;
    }
}

/* ---- loops ----------------------------------------------------------------------------------------------------- */

struct loops {
    size_t covered; /* items inside loops, for the period that covers most */
    size_t longest; /* items of the longest single loop */
};

static struct loops loops_of_period(const struct numbers *l, size_t period, size_t rounds, size_t min)
{
    struct loops found = {0};
    size_t run = 0;
    for (size_t i = period; i <= l->n; i++) {
        if (i < l->n && l->at[i] == l->at[i - period]) {
            run++;
            continue;
        }
        size_t items = run + period;
        if (run && items >= rounds * period && items >= min) {
            found.covered += items;
            if (items > found.longest)
                found.longest = items;
        }
        run = 0;
    }
    if (found.covered > l->n) /* two loops may share the items between them */
        found.covered = l->n;
    return found;
}

static struct loops find_loops(const struct numbers *l, size_t rounds, size_t min)
{
    struct loops best = {0};
    for (size_t period = 1; period <= MAX_PERIOD && period < l->n; period++) {
        struct loops one = loops_of_period(l, period, rounds, min);
        if (one.covered > best.covered)
            best.covered = one.covered;
        if (one.longest > best.longest)
            best.longest = one.longest;
    }
    return best;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Share of items that equal another one before them; sorts the list. */
static double repeated_share(struct numbers *l)
{
    size_t repeated = 0;
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, by_number);
    for (size_t i = 1; i < l->n; i++)
        repeated += l->at[i] == l->at[i - 1];
    return share(repeated, l->n);
}

static double repeated_grams(const struct numbers *words)
{
    struct numbers grams = {0};
    if (words->n < GRAM_MIN_WORDS)
        return 0;
    for (size_t i = 0; i + GRAM_WORDS <= words->n; i++)
        numbers_add(&grams, hash_lower((const char *)(words->at + i), GRAM_WORDS * sizeof *words->at));
    double r = repeated_share(&grams);
    free(grams.at);
    return r;
}

/* ---- characters ------------------------------------------------------------------------------------------------ */

/* Length of a special token of a tokenizer that leaked into the text at p, else 0. */
static size_t raw_token(const char *p, size_t n)
{
    static const char *const whole[] = {"<pad>", "<unk>",  "<bos>",           "<eos>",         "<s>",
                                        "</s>",  "<mask>", "<start_of_turn>", "<end_of_turn>", "<|endoftext|>"};
    static const char *const open[] = {"<unused", "<|", "<0x", "<reserved", "[UNUSED"};
    if (p[0] != '<' && p[0] != '[')
        return 0;
    struct span rest = {p, n};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (span_starts(rest, whole[i]))
            return strlen(whole[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        if (!span_starts(rest, open[i]))
            continue;
        for (size_t k = strlen(open[i]); k < n && k < MAX_RAW_TOKEN && !is_space(p[k]); k++)
            if (p[k] == '>' || p[k] == ']')
                return k + 1;
    }
    return 0;
}

struct tally {
    size_t non_text, symbols, letters, of_script[SCRIPT_COUNT];
    struct numbers visible; /* code points that are not white space */
};

static void tally_one(struct tally *t, uint32_t code)
{
    enum script s = script_of(code);
    t->non_text += s == SCRIPT_NON_TEXT;
    t->symbols += s == SCRIPT_SYMBOL;
    if (script_is_letters(s)) {
        t->letters++;
        t->of_script[s]++;
    }
    if (code > ' ')
        numbers_add(&t->visible, code);
}

static void tally_chars(struct span text, struct sanity *s, struct tally *t)
{
    size_t raw_until = 0;
    for (size_t i = 0; i < text.len; s->chars++) {
        uint32_t code = 0xFFFD;
        size_t len = utf8_next(text.at + i, text.len - i, &code);
        if (i >= raw_until) {
            size_t raw = raw_token(text.at + i, text.len - i);
            s->raw_tokens += raw > 0;
            raw_until = i + raw;
        }
        if (i < raw_until)
            t->non_text++;
        else
            tally_one(t, code);
        i += len ? len : 1;
    }
}

static size_t count_scripts(const struct tally *t)
{
    size_t n = 0;
    for (int i = 0; i < SCRIPT_COUNT; i++)
        n += t->letters >= LETTERS_MIN && t->of_script[i] * 50 >= t->letters;
    return n;
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static bool ends_sentence(const char *p, size_t n)
{
    static const char *const wide[] = {"”", "’", "»", "…", "。", "！", "？", "」", "）"};
    if (n && strchr(".!?)]}\"'`*|>_-", p[n - 1]))
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (n >= strlen(wide[i]) && memcmp(p + n - strlen(wide[i]), wide[i], strlen(wide[i])) == 0)
            return true;
    return false;
}

/* A list whose items have no full stops ends without one too: then its last item is taken as finished. */
static bool is_unfinished(struct span t)
{
    bool in_code = false, loose_list = false, unfinished = true;
    for (size_t i = 0; i < t.len;) {
        const char *end = memchr(t.at + i, '\n', t.len - i);
        const char *line = t.at + i;
        size_t n = end ? (size_t)(end - line) : t.len - i;
        i += n + 1;
        while (n && is_space(line[n - 1]))
            n--;
        if (n >= 3 && memcmp(line, "```", 3) == 0)
            in_code = !in_code;
        if (!n)
            continue;
        size_t marker = list_marker(line, n);
        bool item = marker && marker < n, stop = ends_sentence(line, n);
        unfinished = line[0] == '#' || (marker && !item) || (!stop && !(item && loose_list));
        if (item)
            loose_list = !stop;
    }
    return unfinished || in_code;
}

/* ---- the check ------------------------------------------------------------------------------------------------- */

static void measure_words(struct span text, struct sanity *s)
{
    struct numbers words = {0}, lines = {0};
    cut_words(text, &words, &lines);
    s->words = words.n;
    s->lines = lines.n;
    struct loops loops = find_loops(&words, WORD_ROUNDS, WORD_LOOP_MIN);
    s->figure[SANITY_EMPTY] = words.n == 0;
    s->figure[SANITY_WORD_LOOP] = share(loops.covered, words.n);
    s->figure[SANITY_LONG_LOOP] = (double)loops.longest;
    s->figure[SANITY_REPEATED_4GRAMS] = repeated_grams(&words);
    s->figure[SANITY_REPEATED_LINES] = lines.n >= LINES_MIN ? repeated_share(&lines) : 0;
    free(words.at);
    free(lines.at);
}

static void measure_chars(struct span text, struct sanity *s)
{
    struct tally t = {0};
    tally_chars(text, s, &t);
    struct loops loops = find_loops(&t.visible, CHAR_ROUNDS, CHAR_LOOP_MIN);
    s->figure[SANITY_CHAR_LOOP] = share(loops.covered, t.visible.n);
    s->figure[SANITY_NON_TEXT] = share(t.non_text, s->chars);
    s->figure[SANITY_SYMBOLS] = t.symbols >= SYMBOLS_MIN ? share(t.symbols, t.visible.n) : 0;
    s->figure[SANITY_SCRIPTS] = (double)count_scripts(&t);
    free(t.visible.at);
}

struct sanity_row sanity_row(int rule)
{
    static const struct sanity_row rows[] = {
#define X(name, word, limit, what) {word, limit, what},
        SANITY_RULE_LIST(X)
#undef X
    };
    return rule >= 0 && rule < SANITY_RULE_COUNT ? rows[rule] : (struct sanity_row){0};
}

struct sanity sanity_check(struct span text)
{
    struct sanity s = {.bytes = text.len};
    if (text.len > MAX_BYTES) {
        text.at += text.len - MAX_BYTES;
        text.len = MAX_BYTES;
    }
    measure_words(text, &s);
    measure_chars(text, &s);
    s.unfinished = is_unfinished(text);
    for (int i = SANITY_RULE_COUNT - 1; i >= 0; i--)
        if (s.figure[i] >= sanity_row(i).limit) {
            s.degenerate = true;
            s.why = (enum sanity_rule)i;
        }
    return s;
}
