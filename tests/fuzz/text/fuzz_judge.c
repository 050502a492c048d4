/* The other judges of text/: sanity, the keyword score and both extractors, over any bytes. Figures stay in their range
 * and what is extracted lies inside the text. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "text/extract.h"
#include "text/keyword.h"
#include "text/sanity.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_sanity(struct span text)
{
    struct sanity s = sanity_check(text);
    bool fired = false;
    if (s.bytes != text.len || s.chars > s.bytes || s.raw_tokens > s.chars)
        BUG("counts that cannot be");
    for (int i = 0; i < SANITY_RULE_COUNT; i++) {
        bool is_share = i != SANITY_EMPTY && i != SANITY_LONG_LOOP && i != SANITY_SCRIPTS;
        if (!(s.figure[i] >= 0) || (is_share && s.figure[i] > 1))
            BUG("a figure outside its range");
        fired |= s.figure[i] >= sanity_row(i).limit;
    }
    if (fired != s.degenerate || (fired && s.figure[s.why] < sanity_row((int)s.why).limit))
        BUG("a verdict that does not follow from its figures");
}

static void check_score(struct span text)
{
    struct keyword_score k = keyword_score_tr109(text);
    double cited = k.citations < 10 ? (double)k.citations / 10 : 1;
    if (k.depth > 14.0 / 15 || k.data > 1 || k.structure > 1)
        BUG("a share above its most");
    if (fabs(k.score - (0.3 * k.depth + 0.25 * k.data + 0.25 * k.structure + 0.2 * cited)) > 1e-12)
        BUG("a score that is not its formula");
}

static void check_span(struct span part, struct span whole)
{
    if (part.len && (part.at < whole.at || part.at + part.len > whole.at + whole.len))
        BUG("an extract outside its text");
}

static void check_extract(struct extract x, size_t most, struct span text)
{
    if (x.n_findings > most || x.n_recommendations > most)
        BUG("too many items");
    check_span(x.summary, text);
    for (size_t i = 0; i < x.n_findings; i++)
        check_span(x.findings[i], text);
    for (size_t i = 0; i < x.n_recommendations; i++)
        check_span(x.recommendations[i], text);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {0};
    struct span text = {(const char *)p, n};
    if (!p)
        return 0;
    check_sanity(text);
    check_score(text);
    check_extract(extract_sections(text, &a), EXTRACT_MAX_ITEMS, text);
    check_extract(extract_tr109(text, &a), EXTRACT_TR109_LINES, text);
    arena_release(&a);
    return 0;
}
