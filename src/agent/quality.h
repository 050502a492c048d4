/* quality.h: counts of grounded statements, for the JSON and the report. Private to agent/. */
#ifndef AGENT_QUALITY_H
#define AGENT_QUALITY_H

#include "agent/flow.h"
#include "text/ground.h"

struct ground_counts {
    size_t of[GROUND_CLASS_COUNT];
    size_t named; /* of the supported ones, those whose sentence names the fact */
};

/* After flow_ground. */
struct ground_counts quality_count(const struct workflow *w, int stage);

#endif
