/* Escapes: the one place where text from outside (names, errors, model output) becomes safe to show. Each
 * function appends and takes any bytes.
 *
 * All of them replace invalid UTF-8 with U+FFFD, turn line breaks and tabs into spaces, and drop C0 and C1
 * controls (so no escape sequence survives), bidirectional controls and invisible format characters: what is
 * shown is what is there. */
#ifndef FORMAT_ESCAPE_H
#define FORMAT_ESCAPE_H

#include <stdbool.h>

#include "base/str.h"

/* ascii: what is not ASCII becomes its usual ASCII spelling or '?'. */
void escape_terminal(struct span s, bool ascii, struct str *out);
/* Inline Markdown (CommonMark with GFM tables): every character that could begin markup gets a backslash, <
 * > & become entities. Safe in a table cell, a list item and a paragraph. */
void escape_md(struct span s, struct str *out);
/* Text and double- or single-quoted attribute values. */
void escape_html(struct span s, struct str *out);

#endif
