/* What the engine tells about itself: every GET route but /metrics. */
#ifndef ENGINE_FACTS_H
#define ENGINE_FACTS_H

#include "engine/engine.h"

void facts_health(void *user, struct exchange *x, const struct http_request *r);
void facts_props(void *user, struct exchange *x, const struct http_request *r);
void facts_slots(void *user, struct exchange *x, const struct http_request *r);
void facts_models(void *user, struct exchange *x, const struct http_request *r);  /* /v1/models */
void facts_tags(void *user, struct exchange *x, const struct http_request *r);    /* /api/tags */
void facts_ps(void *user, struct exchange *x, const struct http_request *r);      /* /api/ps */
void facts_show(void *user, struct exchange *x, const struct http_request *r);    /* POST /api/show */
void facts_version(void *user, struct exchange *x, const struct http_request *r); /* /api/version */
void facts_root(void *user, struct exchange *x, const struct http_request *r);
void facts_metrics(void *user, struct exchange *x, const struct http_request *r); /* metrics.c */

/* Answers 503 "Loading model" and returns NULL, or returns the model. */
const struct model *facts_loaded(struct engine *en, struct exchange *x);

#endif
