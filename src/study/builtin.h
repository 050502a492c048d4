/* builtin.h: the studies and presets of examples/ inside the program, so that it needs no folder beside it. The table is
 * made at build time (tools/embed_texts.cmake). */
#ifndef STUDY_BUILTIN_H
#define STUDY_BUILTIN_H

#include "base/str.h"

struct study_text {
    const char
        *name; /* its path below examples/, without ".yaml": "presets/engine-smollm2", "studies/duet", "template" */
    struct span text;
};
extern const struct study_text study_texts[]; /* name NULL behind the last */

/* NULL when there is none of that name. */
const struct study_text *study_text_find(const char *name);

#endif
