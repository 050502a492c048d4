/* view.c: what both fillers of the view share. See view.h. */
#include "live/view.h"

#include <string.h>

static const char *const state_words[] = {
#define X(name, word) word,
    LIVE_STATE_LIST(X)
#undef X
};

const char *live_state_word(enum live_state s)
{
    return state_words[s];
}

void live_take_course(struct live_view *v, const struct course *c)
{
    const struct course_arm *arm = v->arm ? course_arm(c, v->arm) : NULL;
    bool going = v->state == LIVE_MEASURING || v->state == LIVE_STOPPED;
    v->blocks = c->blocks;
    v->planned = c->planned;
    v->complete = c->complete;
    memcpy(v->verdicts, c->verdicts, sizeof v->verdicts);
    v->asked_requests = arm ? arm->asked_requests : 0;
    if (v->state == LIVE_MEASURING && arm && v->elapsed_ns < arm->warmup_ns)
        v->state = LIVE_WARMING_UP;
    v->eta = course_eta(c, going ? v->arm : NULL, v->elapsed_ns, v->ended);
}
