/* What each recorded answer of a real server says, written down independently of the product's readers
 * (every row was taken from the sample by another JSON parser). Used by test_samples and by the replay
 * that splits at every byte. */
#ifndef TESTS_SAMPLE_ROWS_H
#define TESTS_SAMPLE_ROWS_H

#include "backend/backend.h"

struct sample_row {
    const char *file, *backend;
    enum framing framing;
    int events, text_events; /* SSE events or lines, [DONE] included; those with text */
    const char *finish;
    struct usage usage; /* total, load, prompt_eval, eval ns; prompt, completion, cached tok; context ids */
    const char *text;   /* NULL: long, see sha256 */
    const char *sha256; /* of the text, first 16 digits */
    enum outcome outcome;
    const char *flags; /* derived, without a known cold prompt rate */
};

/* clang-format off */
static const struct sample_row sample_rows[] = {
    {"lcpp_chat_nostream.http", "llama-server", FRAMING_BODY, 1, 1, "length",
     {-1, -1, 12832000, 140329000, 33, 12, 32, -1},
     "Hello! I'sure I'm not what I'm supposed",
     "a7ad7748047c1c49", OUTCOME_OK, "length cached_prefix"},
    {"lcpp_chat_stream.http", "llama-server", FRAMING_SSE, 16, 12, "length",
     {-1, -1, 229301000, 142021000, 33, 12, 0, -1},
     "Hello! I'sure I'm not what I'm supposed",
     "a7ad7748047c1c49", OUTCOME_OK, "length"},
    {"lcpp_chat_stream_plain.http", "llama-server", FRAMING_SSE, 9, 6, "length",
     {-1, -1, 12973000, 63965000, 33, 6, 32, -1},
     "Hello! I'sure I",
     "2adf5467dfb4e0ff", OUTCOME_OK, "length cached_prefix"},
    {"lcpp_completion_ignore_eos.http", "llama-server", FRAMING_BODY, 1, 1, "limit",
     {-1, -1, 12470000, 390629000, 3, 32, 2, -1},
     NULL,
     "d6df512871228773", OUTCOME_OK, "length cached_prefix"},
    {"lcpp_completion_nocache.http", "llama-server", FRAMING_BODY, 1, 1, "limit",
     {-1, -1, 26934000, 89028000, 3, 8, 0, -1},
     " a place of endless possibilities, where the",
     "fd0c510b9ef58115", OUTCOME_OK, "length"},
    {"lcpp_completion_nostream.http", "llama-server", FRAMING_BODY, 1, 1, "limit",
     {-1, -1, 12368000, 88874000, 3, 8, 2, -1},
     " a place of endless possibilities, where the",
     "fd0c510b9ef58115", OUTCOME_OK, "length cached_prefix"},
    {"lcpp_completion_stream.http", "llama-server", FRAMING_SSE, 9, 8, "limit",
     {-1, -1, 30031000, 89756000, 3, 8, 0, -1},
     " a place of endless possibilities, where the",
     "fd0c510b9ef58115", OUTCOME_OK, "length"},
    {"lcpp_emptymsgs.http", "llama-server", FRAMING_BODY, 1, 1, "length",
     {-1, -1, 27100000, 55369102000, 4, 2044, 1, -1},
     NULL,
     "0d091ebda0a95863", OUTCOME_OK, "length cached_prefix"},
    {"lcpp_unknown_model.http", "llama-server", FRAMING_BODY, 1, 1, "length",
     {-1, -1, 635595000, 112476000, 31, 2, 24, -1},
     "This is",
     "9792bc9ccbeebe7e", OUTCOME_OK, "length cached_prefix"},
    {"lcpp_v1_completions_stream.http", "llama-server", FRAMING_SSE, 8, 6, "length",
     {-1, -1, 12233000, 63713000, 3, 6, 2, -1},
     " a place of endless possibilities,",
     "3d120635d638e593", OUTCOME_OK, "length cached_prefix"},
    {"ollama_chat_stream.http", "ollama", FRAMING_NDJSON, 13, 12, "length",
     {246896379, 7603831, 67421935, 171252758, 33, 12, -1, -1},
     "Hello! I'm here to help with any kind of creative",
     "e754183df705af1c", OUTCOME_OK, "length"},
    {"ollama_gen_empty_prompt.http", "ollama", FRAMING_BODY, 1, 0, "load",
     {-1, -1, -1, -1, -1, -1, -1, -1},
     "",
     "e3b0c44298fc1c14", OUTCOME_EMPTY, ""},
    {"ollama_gen_format_json.http", "ollama", FRAMING_BODY, 1, 1, "stop",
     {513799754, 7920937, 103632514, 401635604, 39, 25, -1, 63},
     "{\n    \"key\": \"colour\",\n    \"value\": {\n        \"name\": \"blue\"\n    }\n}",
     "97725cbad5d25217", OUTCOME_OK, ""},
    {"ollama_gen_gemma_stream.http", "ollama", FRAMING_NDJSON, 21, 20, "length",
     {551870372, 33320153, 38419366, 479670072, 5, 20, -1, 24},
     ", there was a girl named Lily. She was a very pretty girl, and she loved to dance",
     "00027116b4c83ba8", OUTCOME_OK, "length"},
    {"ollama_gen_len.http", "ollama", FRAMING_NDJSON, 9, 8, "length",
     {251805260, 7781344, 122221627, 121189537, 38, 8, -1, 46},
     "The ocean's a vast and mysterious realm",
     "8a1811709b5fc4b9", OUTCOME_OK, "length"},
    {"ollama_gen_nostream.http", "ollama", FRAMING_BODY, 1, 1, "length",
     {568623568, 10761262, 76591339, 480778081, 34, 30, -1, 64},
     "1. Red: This is the most obvious colour and it's also the most vibrant one.\n\n2. Blue: This colour has a very deep",
     "1f85dcc9fdc4510b", OUTCOME_OK, "length"},
    {"ollama_gen_num_predict0.http", "ollama", FRAMING_BODY, 1, 1, "stop",
     {212461343, 7730461, 55826603, 148290234, 31, 10, -1, 40},
     "Hello! How can I assist you today?",
     "cd153d3c18e782c4", OUTCOME_OK, ""},
    {"ollama_gen_options.http", "ollama", FRAMING_BODY, 1, 1, "length",
     {1190557539, 432509373, 224680130, 532686283, 34, 30, -1, 64},
     "1. Yellow: This is the most common colour used in various art and architecture designs as it symbolizes happiness, optimism, love, and beauty.\n\n",
     "97573d5c82d2f1a4", OUTCOME_OK, "length cold"},
    {"ollama_gen_options_unknown.http", "ollama", FRAMING_BODY, 1, 1, "length",
     {975318648, 681671075, 230742729, 62163200, 31, 4, -1, 35},
     "Hello! How can",
     "a1a4068de1b2460a", OUTCOME_OK, "length cold"},
    {"ollama_gen_raw.http", "ollama", FRAMING_BODY, 1, 1, "length",
     {208521306, 7476572, 26272515, 174265199, 3, 12, -1, -1},
     " a place of endless possibilities, where the boundaries between reality and",
     "cc3879fe4bcbed12", OUTCOME_OK, "length"},
    {"ollama_gen_stream_cold.http", "ollama", FRAMING_NDJSON, 21, 20, "length",
     {1217670442, 656507806, 256450494, 304021132, 38, 20, -1, 58},
     "12345678901234567891",
     "239abedde48241c1", OUTCOME_OK, "length cold"},
    {"ollama_gen_stream_http10.raw", "ollama", FRAMING_NDJSON, 4, 3, "length",
     {955904708, 8204661, 730134556, 216989313, 36, 3, -1, 39},
     "Here is a",
     "1b3822e1933a3031", OUTCOME_OK, "length"},
    {"ollama_gen_stream_rawchunks.raw", "ollama", FRAMING_NDJSON, 21, 20, "length",
     {468590637, 8685808, 104350967, 354945116, 38, 20, -1, 58},
     "The ocean is a vast and mysterious realm that has captivated humanity for centuries. In ancient times, sailors",
     "e1d3733a36d228be", OUTCOME_OK, "length"},
    {"ollama_gen_stream_warm.http", "ollama", FRAMING_NDJSON, 21, 20, "length",
     {343066755, 8379091, 15362034, 318763067, 38, 20, -1, 58},
     "12345678901234567891",
     "239abedde48241c1", OUTCOME_OK, "length"},
    {"ollama_gen_truncated_ctx512.json", "ollama", FRAMING_BODY, 1, 1, "length",
     {4071841977, 404132655, 3564171320, 102360889, 512, 6, -1, 3175},
     "The answer is: 6",
     "bd07d9482a3ada29", OUTCOME_OK, "length context_truncated cold"},
    {"ollama_load_only.http", "ollama", FRAMING_BODY, 1, 0, "load",
     {-1, -1, -1, -1, -1, -1, -1, -1},
     "",
     "e3b0c44298fc1c14", OUTCOME_EMPTY, ""},
    {"ollama_unload_keepalive0.http", "ollama", FRAMING_BODY, 1, 0, "unload",
     {-1, -1, -1, -1, -1, -1, -1, -1},
     "",
     "e3b0c44298fc1c14", OUTCOME_EMPTY, ""},
    {"ollama_unload_keepalive0_b.http", "ollama", FRAMING_BODY, 1, 0, "unload",
     {-1, -1, -1, -1, -1, -1, -1, -1},
     "",
     "e3b0c44298fc1c14", OUTCOME_EMPTY, ""},
    {"ollama_v1_chat_nostream.http", "openai", FRAMING_BODY, 1, 1, "length",
     {-1, -1, -1, -1, 33, 12, -1, -1},
     "Hello! I'm here to help with any kind of creative",
     "e754183df705af1c", OUTCOME_OK, "length"},
    {"ollama_v1_chat_rawchunks.raw", "openai", FRAMING_SSE, 15, 12, "length",
     {-1, -1, -1, -1, 33, 12, -1, -1},
     "Hello! I'm here to help with any kind of creative",
     "e754183df705af1c", OUTCOME_OK, "length"},
    {"ollama_v1_chat_stream_usage.http", "openai", FRAMING_SSE, 15, 12, "length",
     {-1, -1, -1, -1, 33, 12, -1, -1},
     "Hello! I'm here to help with any kind of creative",
     "e754183df705af1c", OUTCOME_OK, "length"},
};

/* Answers with a status of 400 and more. */
struct sample_error_row {
    const char *file, *backend;
    int status, rc; /* rc of on_error_body: 0: an error of the API */
    bool refused;
    const char *error;
};

static const struct sample_error_row sample_errors[] = {
    {"lcpp_404.http", "llama-server", 404, 0, false, "File Not Found"},
    {"lcpp_ollama_api_tags.http", "llama-server", 404, 0, false, "File Not Found"},
    {"lcpp_method.http", "llama-server", 404, 0, false, "File Not Found"},
    {"lcpp_badjson.http", "llama-server", 500, 0, false,
     "[json.exception.parse_error.101] parse error at line 1, column 10: syntax error while parsing value - unexpected "
     "end of input; expected '[', '{', or a literal"},
    {"lcpp_nomsg.http", "llama-server", 400, 0, false, "'messages' is required"},
    {"lcpp_wrongtype.http", "llama-server", 400, 0, false, "Expected 'messages' to be an array"},
    {"lcpp_too_long_chat.http", "llama-server", 400, 0, true,
     "request (12420 tokens) exceeds the available context size (2048 tokens), try increasing it"},
    {"ollama_gen_badjson_400.http", "ollama", 400, 0, false, "unexpected EOF"},
    {"ollama_gen_emptybody_400.http", "ollama", 400, 0, false, "missing request body"},
    {"ollama_gen_nomodel_400.http", "ollama", 404, 0, false, "model '' not found"},
    {"ollama_gen_unknown_404.http", "ollama", 404, 0, false, "model 'nosuch:1b' not found"},
    {"ollama_gen_wrongtype_400.http", "ollama", 400, 0, false,
     "json: cannot unmarshal number into Go struct field GenerateRequest.prompt of type string"},
    {"ollama_show_unknown_404.http", "ollama", 404, 0, false, "model 'nosuch:1b' not found"},
    {"ollama_host_header_403.raw", "ollama", 403, ERR_INPUT, false, ""},
    {"ollama_wrong_method_405.http", "ollama", 404, ERR_INPUT, false, "404 page not found"},
    {"ollama_wrong_path_404.http", "ollama", 404, ERR_INPUT, false, "404 page not found"},
    {"ollama_v1_chat_badjson_400.http", "openai", 400, 0, false, "unexpected EOF"},
    {"ollama_v1_chat_nomsg.http", "openai", 400, 0, false, "[] is too short - 'messages'"},
    {"ollama_v1_chat_unknown_404.http", "openai", 404, 0, false, "model \"nosuch\" not found, try pulling it first"},
};
/* clang-format on */

#endif
