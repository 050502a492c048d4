/* extract.h: summary, findings and recommendations out of a report, in two ways: the keyword line filter of TR109, kept
 * for comparison, and one that reads headings and lists. All spans are borrowed from the text, the arrays live in the
 * arena. */
#ifndef TEXT_EXTRACT_H
#define TEXT_EXTRACT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum { EXTRACT_TR109_LINES = 10, EXTRACT_TR109_SUMMARY = 500, EXTRACT_MAX_ITEMS = 20 };

struct extract {
    struct span summary; /* empty when there is none */
    struct span *findings, *recommendations;
    size_t n_findings, n_recommendations;
};

/* extract (TR109): summary: the lines after one that contains "summary" up to the next heading, else the first 500
 * characters; findings: the first 10 lines, headings left out, that contain finding, insight, discovery or key;
 * recommendations: the first 10 lines that contain recommend, suggest, should or consider. Source: TR109, item 1. */
struct extract extract_tr109(struct span text, struct arena *a);

/* By structure: a section begins at a heading ("## Key findings", "**3. Key Findings**", "Key findings:" or "Key findings:
 * text") and ends at the next of its level; of findings and recommendations the outer list items are taken, without a
 * list the lines. No fallback: what is not there is empty. */
struct extract extract_sections(struct span text, struct arena *a);

#endif
