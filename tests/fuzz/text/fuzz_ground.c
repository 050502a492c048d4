/* Grounding: the text stands before the first NUL, behind it one fact a line: "NAME=VALUE", a name that begins with '#'
 * is a count. Every statement must lie inside the text and keep its class's promise. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "text/ground.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { MAX_FACTS = 16 };

static size_t read_facts(const char *p, size_t n, struct arena *a, struct fact facts[MAX_FACTS])
{
    size_t found = 0;
    for (size_t i = 0; i < n && found < MAX_FACTS;) {
        const char *end = memchr(p + i, '\n', n - i);
        char *line = arena_dup(a, p + i, end ? (size_t)(end - p) - i : n - i);
        char *value = strrchr(line, '=');
        i = end ? (size_t)(end - p) + 1 : n;
        if (!value)
            continue;
        *value = 0;
        struct fact f = {line + (line[0] == '#'), strtod(value + 1, NULL), "f.csv", line[0] == '#'};
        if (isfinite(f.value))
            facts[found++] = f;
    }
    return found;
}

static bool inside(struct span part, struct span whole)
{
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

static void check(const struct statement *s, struct span text, const struct fact *facts, size_t n)
{
    if (!isfinite(s->value) || !s->number.len || !inside(s->number, text) || !inside(s->sentence, text))
        BUG("a statement outside its text");
    if (!inside(s->number, s->sentence))
        BUG("a sentence without its number");
    if ((s->class == GROUND_NOT_FOUND) != (s->fact == NULL) || (s->named && !s->fact))
        BUG("a class that does not fit its fact");
    if (s->fact && (s->fact < facts || s->fact >= facts + n))
        BUG("a fact out of nothing");
    if (s->class == GROUND_CONTRADICTED && (!s->fact->is_count || s->fact->value == s->value))
        BUG("a contradiction that is none");
    if (s->class == GROUND_SUPPORTED && s->fact->is_count && s->fact->value != s->value)
        BUG("a count that is supported by another");
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {0};
    struct fact facts[MAX_FACTS];
    const uint8_t *end = n ? memchr(p, 0, n) : NULL;
    size_t n_text = end ? (size_t)(end - p) : n;
    size_t n_facts = end ? read_facts((const char *)end + 1, n - n_text - 1, &a, facts) : 0;
    char *copy = xmalloc(n_text); /* alone, so that a byte read behind it is seen */
    if (n_text)
        memcpy(copy, p, n_text);
    struct span text = {copy, n_text};
    struct statement *s = NULL, *again = NULL;
    size_t found = ground_text(text, facts, n_facts, &a, &s);
    if (found > GROUND_MAX_STATEMENTS || ground_text(text, facts, n_facts, &a, &again) != found)
        BUG("too many statements, or others the second time");
    for (size_t i = 0; i < found; i++) {
        check(&s[i], text, facts, n_facts);
        if (i > 0 && s[i].number.at < s[i - 1].number.at + s[i - 1].number.len)
            BUG("two statements share their digits");
        if (s[i].class != again[i].class || s[i].fact != again[i].fact)
            BUG("another verdict the second time");
    }
    free(copy);
    arena_release(&a);
    return 0;
}
