/* workflow.h: analysis → report as a session of load/driver. One struct workflow per agent and run; the driver calls
 * workflow_ops.next, everything else is called outside the window. */
#ifndef AGENT_WORKFLOW_H
#define AGENT_WORKFLOW_H

#include "agent/corpus.h"
#include "backend/backend.h"
#include "load/driver.h"
#include "record/run.h"

/* All borrowed for the life of the workflow. */
struct workflow_spec {
    const char *agent; /* its name; goes into the report, never into the prompt */
    const struct corpus *corpus;
    const char *model;
    enum route route;
    bool stream;
    bool engine_stamps;
    struct options options;      /* num_predict is the limit of each stage; required > 0 */
    size_t inventory_chars;      /* from workflow_fit */
    size_t carry_chars;          /* of the analysis that is carried into the report prompt */
    const char *extra_body_json; /* may be NULL */
};

/* The stages, in order. */
enum workflow_stage { WORKFLOW_ANALYSIS, WORKFLOW_REPORT, WORKFLOW_STAGES };
const char *workflow_stage_word(enum workflow_stage s); /* "analysis", "report": struct request's stage */

struct workflow;
/* The spec is copied, what it points to is borrowed. The inventory is made here, not in the window. */
struct workflow *workflow_new(const struct workflow_spec *spec);
void workflow_free(struct workflow *w);
extern const struct session_ops workflow_ops; /* user: struct workflow */

/* The prompts as they will be sent, for measuring and for tests: the same words for every agent. analysis NULL: the first
 * stage. Both strings are replaced; system stays empty on the completion route. */
void workflow_prompt(const struct workflow_spec *spec, const char *analysis, struct str *system, struct str *prompt);

/* Chooses inventory_chars and carry_chars so that both prompts are at most max_prompt_tok tokens and, with num_predict,
 * fit num_ctx. count gives the server's own count of a question, -1 unknown (then 3 bytes per token are assumed). ERR_INPUT
 * when even the smallest inventory does not fit: the message gives the numbers. */
int workflow_fit(struct workflow_spec *spec, int64_t max_prompt_tok, int64_t num_ctx,
                 int64_t (*count)(void *user, const struct ask *ask), void *user, struct err *e);

/* The smallest and the largest inventory that workflow_fit tries. */
enum { WORKFLOW_MIN_INVENTORY = 64, WORKFLOW_MAX_INVENTORY = 6000 };

/* After the session: the report (Markdown) and the quality object (keyword score, grounding with each statement, sanity)
 * for struct session; both owned by the workflow. */
const char *workflow_report(struct workflow *w);
const char *workflow_quality_json(struct workflow *w);

#endif
