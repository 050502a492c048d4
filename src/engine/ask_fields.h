/* Private to ask*.c: the readers of single fields. Each gets a value that is not null. */
#ifndef ENGINE_ASK_FIELDS_H
#define ENGINE_ASK_FIELDS_H

#include <yyjson.h>

#include "engine/ask.h"

struct ask_reader {
    struct ask *ask;
    const struct ask_limits *limits;
    struct err *e;
};

struct ask_field {
    const char *name;
    int (*read)(struct ask_reader *r, const char *name, yyjson_val *v);
};

void ask_not_applied(struct ask *a, const char *name);

int ask_messages(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_prompt(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_system(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_model(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_stream(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_stream_options(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_raw(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_max_tokens(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_num_predict(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_stop(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_ignore_eos(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_cache_prompt(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_chimera(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_keep_alive(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_one(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_options(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_num_ctx(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_num_thread(struct ask_reader *r, const char *name, yyjson_val *v);
int ask_num_batch(struct ask_reader *r, const char *name, yyjson_val *v);

#endif
