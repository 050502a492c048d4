/* plan.h: arms × blocks in their seeded order, and the identity of the work. */
#ifndef STUDY_PLAN_H
#define STUDY_PLAN_H

#include "store/store.h"
#include "study/study.h"

struct plan {
    struct plan_row *rows; /* owned; arm names borrowed from the study */
    size_t n;
    struct str json; /* canonical: everything that defines the work, sorted keys; no paths, no secrets */
    char sha256[65]; /* of json */
};

/* Each block holds every arm once: in random order (SplitMix64 stream "order" of the seed; rigor: randomised complete
 * blocks), as written, or as written and turned round by turns (ABBA: a steady drift cancels in two blocks).
 * corpus_sha256 is the identity of the corpus. */
void plan_make(struct plan *p, const struct study *s, const char *corpus_sha256);
void plan_release(struct plan *p);

/* How often each server (n_servers) is started for the runs in their order: the first time, and whenever another of its slot
 * ran before it. External ones, which nobody starts, count as well: they are what the run speaks to. */
void plan_count_starts(const struct plan *p, const struct study *s, size_t *starts);

/* One object of the plan's JSON: what it tells apart, the plan tells apart. */
struct json_writer;
void plan_add_agent(struct json_writer *w, const struct study *s, const struct study_agent *a);
void plan_add_load(struct json_writer *w, const struct study *s, const struct study_load *l);
void plan_add_server(struct json_writer *w, const struct study *s, const struct server_spec *v);

#endif
