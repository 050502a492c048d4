/* count.c: binds a whole number to a kind of file. First the words behind it ("28 CSV files", "28 files (CSV)"), then the
 * label before it ("CSV: 28", "| CSV | 28 |", "JSON (70 % - 71 files)"). A number that counts something else, such as rows,
 * binds to nothing. Kinds come from the names of the facts that are counts: "csv files" is kind csv, "files" is all. */
#include "text/count.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_IN(word, list) text_word_in(word, list, sizeof(list) / sizeof *(list))

static const char *const file_words[] = {"file", "files", "document", "documents"};
static const char *const fillers[] = {"different", "separate", "distinct",  "total", "individual",
                                      "unique",    "various",  "benchmark", "data",  "result",
                                      "results",   "input",    "source",    "of",    "other"};
static const char *const connectors[] = {"and", "or", "plus", "while", "but"};
static const char *const label_words[] = {
    "file",  "files", "count",    "counts",   "number",   "total",     "of",        "format",        "type",  "types",
    "found", "read",  "analyzed", "analysed", "ingested", "processed", "scanned",   "loaded",        "n",     "only",
    "a",     "is",    "are",      "the",      "with",     "totaling",  "totalling", "approximately", "about", "around"};
static const char *const partial_words[] = {"first", "last",  "top",     "other",      "remaining", "next", "these",
                                            "those", "least", "another", "additional", "every",     "each"};
static const char *const all_words[] = {"total",     "all",        "overall",  "analyzed",  "analysed",
                                        "dataset",   "corpus",     "ingested", "inventory", "contains",
                                        "comprises", "altogether", "set",      "processed"};
static const struct {
    const char *alias, *kind;
} aliases[] = {{"md", "markdown"}};

/* ---- kinds ----------------------------------------------------------------------------------------------------------- */

/* The kind of a count fact: its name without " files"; empty for "files". */
static struct span kind_of(const struct fact *f)
{
    size_t n = strlen(f->name);
    if (n >= 5 && strcasecmp(f->name + n - 5, "files") == 0)
        n -= n > 5 ? 6 : 5;
    return (struct span){f->name, n};
}

static const struct fact *find_kind(struct span word, const struct fact *facts, size_t n)
{
    const char *kind = NULL;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (text_word_in(word, &aliases[i].alias, 1))
            kind = aliases[i].kind;
    if (kind)
        word = span_z(kind);
    for (size_t i = 0; i < n; i++) {
        struct span k = kind_of(&facts[i]);
        if (facts[i].is_count && k.len == word.len && (!k.len || strncasecmp(k.at, word.at, k.len) == 0))
            return &facts[i];
    }
    return NULL;
}

/* ---- the words behind --------------------------------------------------------------------------------------------------- */

/* The next word at *at; empty when punctuation that ends the phrase comes first. Opening brackets and markup do not. */
static struct span word_behind(struct span line, size_t *at)
{
    size_t i = *at;
    while (i < line.len && strchr(" \t*_`\"'(-", line.at[i]))
        i++;
    if (i + 1 < line.len && line.at[i] == '.' && isalpha((unsigned char)line.at[i + 1]))
        i++; /* ".csv" */
    size_t start = i;
    while (i < line.len && (isalnum((unsigned char)line.at[i]) || (i > start && (unsigned char)line.at[i] >= 0x80)))
        i++; /* a closing typographic quote ends the phrase */
    *at = i;
    return (struct span){line.at + start, i - start};
}

/* After "files": a kind within three words. */
static const struct fact *kind_soon(struct span line, size_t at, const struct fact *facts, size_t n)
{
    for (int i = 0; i < 3; i++) {
        struct span word = word_behind(line, &at);
        if (!word.len || WORD_IN(word, connectors))
            break;
        const struct fact *f = find_kind(word, facts, n);
        if (f)
            return f;
    }
    return NULL;
}

enum behind { BEHIND_NOTHING, BEHIND_FILES, BEHIND_KIND, BEHIND_OTHER };

/* BEHIND_KIND sets *kind; BEHIND_FILES may. */
static enum behind look_behind(struct span line, const struct number *n, const struct fact *facts, size_t n_facts,
                               const struct fact **kind)
{
    size_t at = n->end;
    struct span word = word_behind(line, &at);
    for (int i = 0; i < 2 && word.len && WORD_IN(word, fillers); i++)
        word = word_behind(line, &at);
    if (!word.len || WORD_IN(word, connectors))
        return BEHIND_NOTHING;
    if (WORD_IN(word, file_words)) {
        *kind = kind_soon(line, at, facts, n_facts);
        return *kind ? BEHIND_KIND : BEHIND_FILES;
    }
    *kind = find_kind(word, facts, n_facts);
    if (!*kind)
        return BEHIND_OTHER;
    word = word_behind(line, &at);
    if (word.len && !WORD_IN(word, file_words) && !WORD_IN(word, connectors) && !find_kind(word, facts, n_facts))
        return BEHIND_OTHER; /* "28 CSV rows" */
    return BEHIND_KIND;
}

/* ---- the label before --------------------------------------------------------------------------------------------------- */

static bool is_percentage(struct span line, size_t end, size_t *start)
{
    size_t i = end;
    if (i == 0 || line.at[i - 1] != '%')
        return false;
    i--;
    while (i > 0 && (isdigit((unsigned char)line.at[i - 1]) || strchr(" .", line.at[i - 1])))
        i--;
    *start = i;
    return true;
}

/* Walks back from the number over separators, percentages and the words that labels are made of. Returns the kind's fact,
 * the fact of all files when only "files" was met, or NULL. */
static const struct fact *look_before(struct span line, const struct number *n, const struct fact *facts,
                                      size_t n_facts)
{
    bool separator = false, files = false;
    for (size_t i = n->start; i > 0;) {
        char c = line.at[i - 1];
        if (is_percentage(line, i, &i))
            continue;
        if (strchr(" \t*_`\"'.-", c) || (unsigned char)c >= 0x80 || strchr(":(|=~", c)) {
            separator |= strchr(":(|=-", c) != NULL;
            i--;
            continue;
        }
        if (!isalnum((unsigned char)c))
            break;
        struct span word = text_word_before(line, i);
        const struct fact *kind = find_kind(word, facts, n_facts);
        if (kind && kind_of(kind).len)
            return separator ? kind : NULL;
        if (WORD_IN(word, partial_words))
            return NULL; /* "the remaining files (29)" */
        if (!word.len || !WORD_IN(word, label_words))
            break;
        separator |= text_word_in(word, (const char *const[]){"is", "are"}, 2);
        files |= WORD_IN(word, file_words);
        i = (size_t)(word.at - line.at);
    }
    return files && separator ? find_kind(SPAN_NONE, facts, n_facts) : NULL;
}

/* ---- both ----------------------------------------------------------------------------------------------------------------- */

static bool line_has(struct span line, const char *const *words, size_t n)
{
    for (size_t i = 0; i < line.len;) {
        size_t start = i;
        while (i < line.len && text_is_word_byte(line.at[i]))
            i++;
        if (i > start && text_word_in((struct span){line.at + start, i - start}, words, n))
            return true;
        i += i == start;
    }
    return false;
}

struct count_match count_match(struct span line, const struct number *n, const struct fact *facts, size_t n_facts)
{
    struct count_match m = {0};
    const struct fact *kind = NULL, *all = find_kind(SPAN_NONE, facts, n_facts);
    if (!n->whole)
        return m;
    enum behind behind = look_behind(line, n, facts, n_facts, &kind);
    if (behind == BEHIND_OTHER || (n->spelled && behind == BEHIND_NOTHING))
        return m;
    m.partial = WORD_IN(text_word_before(line, n->start), partial_words);
    if (behind == BEHIND_KIND) {
        m.fact = kind;
        return m;
    }
    m.fact = look_before(line, n, facts, n_facts);
    if (behind == BEHIND_FILES && !m.fact) {
        m.fact = all;
        m.partial |= !line_has(line, all_words, sizeof all_words / sizeof *all_words);
    }
    return m;
}
