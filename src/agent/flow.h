/* flow.h: the inside of a workflow, shared by the state machine, the quality and the report. Private to agent/. */
#ifndef AGENT_FLOW_H
#define AGENT_FLOW_H

#include "agent/workflow.h"
#include "text/sanity.h"

/* What came back in one stage. */
struct stage_result {
    bool came; /* the stage was answered, well or not */
    enum outcome outcome;
    struct str text;
};

/* START → ANALYSIS (asked) → REPORT (asked) → FINISHED; an answer that is no good leads to FAILED. */
enum flow_state { FLOW_START, FLOW_ANALYSIS, FLOW_REPORT, FLOW_FINISHED, FLOW_FAILED };

struct workflow {
    struct workflow_spec spec;
    enum flow_state state;
    struct str brief;          /* the report's inventory, made before the window */
    struct str system, prompt; /* of the question that was asked last */
    struct stage_result stage[WORKFLOW_STAGES];
    struct str why;             /* FAILED: the reason */
    struct str report, quality; /* made on demand */
    struct arena arena;         /* of the quality */
    struct statement *statement[WORKFLOW_STAGES];
    size_t n_statements[WORKFLOW_STAGES];
    bool grounded; /* statement was filled */
};

/* Fills w->statement once. */
void flow_ground(struct workflow *w);
struct span flow_text(const struct workflow *w, int stage);

#endif
