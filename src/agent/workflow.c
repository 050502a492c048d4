/* workflow.c: the state machine that the driver steps, and the life of a workflow. `next` runs between two measured
 * requests of its session: it copies one answer and builds one prompt, nothing else. See workflow.h. */
#include "agent/workflow.h"

#include <stdlib.h>
#include <string.h>

#include "agent/flow.h"
#include "agent/prompt.h"

const char *workflow_stage_word(enum workflow_stage s)
{
    static const char *const words[WORKFLOW_STAGES] = {"analysis", "report"};
    return words[s];
}

struct workflow *workflow_new(const struct workflow_spec *spec)
{
    struct workflow *w = xcalloc(1, sizeof *w);
    w->spec = *spec;
    workflow_prompt(spec, NULL, &w->system, &w->prompt);
    corpus_inventory(spec->corpus, prompt_brief_chars(spec), &w->brief);
    return w;
}

void workflow_free(struct workflow *w)
{
    if (!w)
        return;
    for (int i = 0; i < WORKFLOW_STAGES; i++)
        str_release(&w->stage[i].text);
    str_release(&w->brief);
    str_release(&w->system);
    str_release(&w->prompt);
    str_release(&w->why);
    str_release(&w->report);
    str_release(&w->quality);
    arena_release(&w->arena);
    free(w);
}

struct span flow_text(const struct workflow *w, int stage)
{
    return (struct span){str_z(&w->stage[stage].text), w->stage[stage].text.len};
}

static bool is_blank(const struct str *s)
{
    return strspn(str_z(s), " \t\r\n") == s->len;
}

static enum session_next fail(struct workflow *w, const char **why)
{
    w->state = FLOW_FAILED;
    *why = str_z(&w->why);
    return SESSION_FAILED;
}

/* Keeps the answer; false, and the reason, when the session cannot go on with it. */
static bool take(struct workflow *w, enum workflow_stage stage, const struct request *last)
{
    struct stage_result *s = &w->stage[stage];
    if (!last) {
        str_addf(&w->why, "the %s was never answered", workflow_stage_word(stage));
        return false;
    }
    s->came = true;
    s->outcome = last->outcome;
    str_add(&s->text, str_z(&last->text), last->text.len);
    if (last->outcome != OUTCOME_OK)
        str_addf(&w->why, "the %s ended with %s%s%s", workflow_stage_word(stage), outcome_word(last->outcome),
                 last->error.len ? ": " : "", str_z(&last->error));
    else if (is_blank(&last->text))
        str_addf(&w->why, "the %s is empty", workflow_stage_word(stage));
    return w->why.len == 0;
}

static enum session_next ask_stage(struct workflow *w, enum workflow_stage stage, struct ask *ask, const char **word)
{
    *ask = (struct ask){.route = w->spec.route,
                        .model = w->spec.model,
                        .system = w->system.len ? str_z(&w->system) : NULL,
                        .prompt = str_z(&w->prompt),
                        .options = w->spec.options,
                        .stream = w->spec.stream,
                        .want_engine_stamps = w->spec.engine_stamps,
                        .extra_body_json = w->spec.extra_body_json};
    *word = workflow_stage_word(stage);
    return SESSION_ASK;
}

static enum session_next next(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why)
{
    struct workflow *w = user;
    (void)at;
    switch (w->state) {
    case FLOW_START:
        if (!(w->spec.options.set & OPTION_NUM_PREDICT) || w->spec.options.num_predict <= 0) {
            str_addz(&w->why, "no num_predict: every generation has a limit");
            return fail(w, why);
        }
        w->state = FLOW_ANALYSIS;
        return ask_stage(w, WORKFLOW_ANALYSIS, ask, stage);
    case FLOW_ANALYSIS:
        if (!take(w, WORKFLOW_ANALYSIS, last))
            return fail(w, why);
        prompt_write(&(struct prompt_parts){w->spec.route, str_z(&w->brief), str_z(&w->stage[WORKFLOW_ANALYSIS].text),
                                            w->spec.carry_chars},
                     &w->system, &w->prompt);
        w->state = FLOW_REPORT;
        return ask_stage(w, WORKFLOW_REPORT, ask, stage);
    case FLOW_REPORT:
        if (!take(w, WORKFLOW_REPORT, last))
            return fail(w, why);
        w->state = FLOW_FINISHED;
        return SESSION_FINISHED;
    case FLOW_FINISHED: return SESSION_FINISHED;
    case FLOW_FAILED: return fail(w, why);
    }
    BUG("workflow state");
}

const struct session_ops workflow_ops = {.next = next};
