/* What the stub says of itself: /props, /slots, /v1/models, /api/tags, /api/ps, /api/show, /tokenize and the like. Shapes
 * follow llama-server and Ollama. */
#ifndef STUB_FACTS_H
#define STUB_FACTS_H

#include "httpd/httpd.h"

void facts_root(void *user, struct exchange *x, const struct http_request *r);
void facts_health(void *user, struct exchange *x, const struct http_request *r);
void facts_props(void *user, struct exchange *x, const struct http_request *r);
void facts_slots(void *user, struct exchange *x, const struct http_request *r);
void facts_models(void *user, struct exchange *x, const struct http_request *r);
void facts_tokenize(void *user, struct exchange *x, const struct http_request *r);
void facts_apply_template(void *user, struct exchange *x, const struct http_request *r);
void facts_version(void *user, struct exchange *x, const struct http_request *r);
void facts_tags(void *user, struct exchange *x, const struct http_request *r);
void facts_ps(void *user, struct exchange *x, const struct http_request *r);
void facts_show(void *user, struct exchange *x, const struct http_request *r);

#endif
