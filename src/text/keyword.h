/* keyword.h: the quality score of TR109, kept for comparison with published numbers. It asks only whether words and signs
 * are present: a list of its own keywords scores 0.98 and a loop of repeated signs 0.56 (audit A21), so it says nothing
 * about truth. Grounding does.
 *
 * The formula and the sizes of its parts are TR109's; the words are reconstructed: only their number (15 and 18), the seven
 * structures, and that one keyword is written in capitals and so never matches the lower-cased text are known. Scores are
 * comparable among themselves, and with TR109's only roughly. */
#ifndef TEXT_KEYWORD_H
#define TEXT_KEYWORD_H

#include <stddef.h>

#include "base/str.h"

enum { KEYWORD_DEPTH_WORDS = 15, KEYWORD_DATA_WORDS = 18, KEYWORD_STRUCTURES = 7 };

struct keyword_score {
    double depth;     /* share of the 15 keywords present; at most 14/15 */
    double data;      /* share of the 18 words that go with data */
    double structure; /* share of: heading 1, 2, 3, bold, table row, numbered item, bullet */
    size_t citations; /* [..], (..), "Technical Report", "Section N" */
    double score;     /* 0.30 depth + 0.25 data + 0.25 structure + 0.20 min(citations / 10, 1) */
};

/* keyword_score (TR109) */
struct keyword_score keyword_score_tr109(struct span text);

#endif
