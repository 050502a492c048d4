/* llamaserver.c: llama.cpp's own server: the openai dialect with its sampling options, its timings and its
 * tokenizer. */
#include <string.h>

#include "backend/dialects.h"
#include "backend/event.h"
#include "backend/openai.h"

enum {
    LLAMA_OPTIONS = OPTION_TEMPERATURE | OPTION_TOP_P | OPTION_TOP_K | OPTION_REPEAT_PENALTY | OPTION_NUM_PREDICT |
                    OPTION_SEED | OPTION_IGNORE_EOS | OPTION_CACHE_PROMPT,
};

static int llama_build(const struct ask *ask, struct built *out, struct err *e)
{
    return openai_build_with(ask, LLAMA_OPTIONS, out, e);
}

static void llama_build_tokenize(const char *text, struct str *body)
{
    struct json_writer w;
    json_init(&w, body);
    json_object(&w);
    json_kz(&w, "content", text);
    json_object_end(&w);
}

static int llama_read_tokenize(const char *p, size_t n, int64_t *tokens, struct err *e)
{
    yyjson_doc *doc = json_read(p, n, NULL, e);
    if (!doc)
        return ERR_INPUT;
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "tokens");
    int rc = yyjson_is_arr(list) ? 0 : err_set(e, ERR_INPUT, "/tokenize answered without a list `tokens`");
    *tokens = (int64_t)yyjson_arr_size(list);
    yyjson_doc_free(doc);
    return rc;
}

/* /props: {"build_info":"b1-0c1e570", …} */
static int llama_read_version(const char *p, size_t n, struct str *version, struct err *e)
{
    yyjson_doc *doc = json_read(p, n, NULL, e);
    if (!doc)
        return ERR_INPUT;
    struct span build = json_get_text(yyjson_doc_get_root(doc), "build_info");
    str_add(version, build.at, build.len);
    yyjson_doc_free(doc);
    return build.len ? 0 : err_set(e, ERR_INPUT, "/props does not tell build_info");
}

const struct backend backend_llama_server = {
    .name = "llama-server",
    .what = "llama.cpp's server: openai with all sampling options, prompt and decode times, and a tokenizer",
    .caps = BACKEND_CAN_CHAT | BACKEND_CAN_COMPLETION | BACKEND_SERVER_TIMERS | BACKEND_CAN_TOKENIZE,
    .options = LLAMA_OPTIONS,
    .build = llama_build,
    .on_event = openai_on_event,
    .on_error_body = event_error_body,
    .version_path = "/props",
    .read_version = llama_read_version,
    .models_path = "/v1/models",
    .read_model = openai_read_model,
    .tokenize_path = "/tokenize",
    .build_tokenize = llama_build_tokenize,
    .read_tokenize = llama_read_tokenize,
};
