/* prompt.h: the words of both questions. Private to agent/. */
#ifndef AGENT_PROMPT_H
#define AGENT_PROMPT_H

#include "agent/workflow.h"

struct prompt_parts {
    enum route route;
    const char *inventory; /* whole for the analysis, the brief one for the report */
    const char *analysis;  /* NULL: the first stage */
    size_t carry_chars;    /* of the analysis */
};

/* Replaces both strings; cheap enough for the window. */
void prompt_write(const struct prompt_parts *parts, struct str *system, struct str *prompt);
/* The report's question holds a shorter inventory. */
size_t prompt_brief_chars(const struct workflow_spec *spec);

#endif
