/* json_view.h: the parts of the JSON report that json.c puts together; private to this room. */
#ifndef REPORT_JSON_VIEW_H
#define REPORT_JSON_VIEW_H

#include "format/json.h"
#include "report/view.h"

void json_arms(struct json_writer *w, const struct report_view *v);
/* The member "load" of an arm: see json_load.c. */
void json_load(struct json_writer *w, const struct report_view *v, const struct view_arm *arm);
void json_blocks(struct json_writer *w, const struct report_view *v);
void json_excluded(struct json_writer *w, const struct report_view *v);
/* The members factors, effects, variance, best, levels (of a study with factors), drift and generations. */
void json_study(struct json_writer *w, const struct report_view *v);
void json_peers(struct json_writer *w, const struct report_view *v); /* nothing unless asked for */
void json_number(struct json_writer *w, const char *key, const struct view_number *n, const char *verdict);
/* Nothing unless there is an arm to compare with the baseline. */
void json_comparisons(struct json_writer *w, const struct report_view *v);
void json_counts(struct json_writer *w, const struct view_counts *c);
void json_definitions(struct json_writer *w);

#endif
