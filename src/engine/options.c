/* options.c: see options.h. */
#include "engine/options.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, CHOICE, FLAG };

static const char *const truncate_words[] = {"refuse", "cut", NULL};
static const char *const level_words[] = {"error", "warn", "info", "debug", NULL};

#define AT(field) offsetof(struct options, field)
static const struct option_row {
    const char *name, *brief, *arg;
    enum kind kind;
    size_t offset;
    int least, most;
    const char *const *words; /* of a CHOICE, in the order of the enum */
    const char *help;
} rows[] = {
    {"--model", "-m", "FILE", TEXT, AT(model), 0, 0, NULL, "GGUF file to serve (required)"},
    {"--host", NULL, "ADDR", TEXT, AT(host), 0, 0, NULL, "address to listen on (127.0.0.1)"},
    {"--port", NULL, "N", NUMBER, AT(port), 0, 65535, NULL, "0 takes a free port and prints it (0)"},
    {"--parallel", "-np", "N", NUMBER, AT(parallel), 1, 64, NULL, "sequences decoded together; more wait in order (1)"},
    {"--ctx-size", "-c", "N", NUMBER, AT(ctx_size), 0, 1 << 20, NULL,
     "context of each sequence in tokens; 0: the model's, at most 4096 (0)"},
    {"--threads", "-t", "N", NUMBER, AT(threads), 1, 512, NULL, "threads of prefill and decode (the usable cores)"},
    {"--batch-size", "-b", "N", NUMBER, AT(batch_size), 1, 8192, NULL, "most tokens of one forward pass (512)"},
    {"--chat-template", NULL, "NAME", TEXT, AT(chat_template), 0, 0, NULL,
     "use libllama's template NAME instead of the model's own"},
    {"--truncate", NULL, "refuse|cut", CHOICE, AT(truncate), 0, 0, truncate_words,
     "a prompt over the context: 400, or keep its end and say so (refuse)"},
    {"--max-queue", NULL, "N", NUMBER, AT(max_queue), 0, 1 << 16, NULL,
     "requests that may wait; beyond that 429 or 503 (64)"},
    {"--max-body", NULL, "MIB", NUMBER, AT(max_body_mib), 1, 1024, NULL, "largest request body (8)"},
    {"--prompt-cache", NULL, NULL, FLAG, AT(prompt_cache), 0, 0, NULL,
     "reuse the longest common prefix of a free sequence's last prompt (off)"},
    {"--warmup", NULL, NULL, FLAG, AT(warmup), 0, 0, NULL, "run one token through the model before saying ready (off)"},
    {"--alias", "-a", "NAME", TEXT, AT(alias), 0, 0, NULL, "model name in answers (the file's name)"},
    {"--sha256", NULL, "HEX", TEXT, AT(sha256), 0, 0, NULL, "the file's digest, repeated in /props and /api/tags"},
    {"--log-level", NULL, "error|warn|info|debug", CHOICE, AT(log_level), 0, 0, level_words,
     "what goes to stderr (warn)"},
    {"--quantize", NULL, "TYPE", TEXT, AT(quantize), 0, 0, NULL,
     "serve nothing: write the model with other weights (q4_0, q8_0 …) to --output"},
    {"--output", "-o", "FILE", TEXT, AT(output), 0, 0, NULL, "where --quantize writes"},
    {"--version", NULL, NULL, FLAG, AT(version), 0, 0, NULL, "print the versions and exit"},
    {"--help", "-h", NULL, FLAG, AT(help), 0, 0, NULL, "print this and exit"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static int usable_cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

static const struct option_row *find_row(const char *word, size_t n)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if ((strlen(rows[i].name) == n && memcmp(rows[i].name, word, n) == 0) ||
            (rows[i].brief && strlen(rows[i].brief) == n && memcmp(rows[i].brief, word, n) == 0))
            return &rows[i];
    return NULL;
}

static int unknown(const char *whole, size_t len, struct err *e)
{
    const char *names[N_ROWS];
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), whole);
    for (size_t i = 0; i < N_ROWS; i++)
        names[i] = rows[i].name;
    const char *near = word_suggest(word, names, N_ROWS);
    if (near)
        return err_set(e, ERR_USAGE, "unknown option '%s': did you mean %s?", word, near);
    return err_set(e, ERR_USAGE, "unknown option '%s': see --help", word);
}

static int set_number(struct options *o, const struct option_row *r, const char *value, struct err *e)
{
    char *end;
    errno = 0;
    long n = strtol(value, &end, 10);
    if (errno || end == value || *end || n < r->least || n > r->most)
        return err_set(e, ERR_USAGE, "%s: '%s' is not a number from %d to %d", r->name, value, r->least, r->most);
    *(int *)(void *)((char *)o + r->offset) = (int)n;
    return 0;
}

static int set_choice(struct options *o, const struct option_row *r, const char *value, struct err *e)
{
    size_t n = 0;
    for (; r->words[n]; n++)
        if (strcmp(r->words[n], value) == 0) {
            *(int *)(void *)((char *)o + r->offset) = (int)n;
            return 0;
        }
    return err_set(e, ERR_USAGE, "%s: '%s' is not one of %s", r->name, value, r->arg);
}

static int set_value(struct options *o, const struct option_row *r, const char *value, struct err *e)
{
    switch (r->kind) {
    case TEXT: *(const char **)(void *)((char *)o + r->offset) = value; return 0;
    case NUMBER: return set_number(o, r, value, e);
    case CHOICE: return set_choice(o, r, value, e);
    case FLAG: *(bool *)(void *)((char *)o + r->offset) = true; return 0;
    }
    return 0;
}

int options_parse(struct options *o, int argc, char *const *argv, struct err *e)
{
    *o = (struct options){.host = "127.0.0.1",
                          .parallel = 1,
                          .threads = usable_cores(),
                          .batch_size = 512,
                          .max_queue = 64,
                          .max_body_mib = 8,
                          .log_level = LOG_WARN};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *equals = strchr(word, '=');
        size_t n = equals && strncmp(word, "--", 2) == 0 ? (size_t)(equals - word) : strlen(word);
        if (word[0] != '-')
            return err_set(e, ERR_USAGE, "'%s' is not an option: the model is given as -m FILE", word);
        const struct option_row *r = find_row(word, n);
        if (!r)
            return unknown(word, n, e);
        const char *value = word[n] == '=' ? word + n + 1 : NULL;
        if (r->kind == FLAG && value)
            return err_set(e, ERR_USAGE, "%s takes no value", r->name);
        if (r->kind != FLAG && !value && ++i == argc)
            return err_set(e, ERR_USAGE, "%s needs a value: %s", r->name, r->arg);
        int rc = set_value(o, r, value ? value : argv[i], e);
        if (rc)
            return rc;
    }
    if (!o->model && !o->help && !o->version)
        return err_set(e, ERR_USAGE, "no model: -m FILE");
    return 0;
}

void options_help(struct str *out)
{
    str_addz(out,
             "usage: chimera-engine -m FILE [options]\n\n"
             "Serves one GGUF model over HTTP in the OpenAI and Ollama dialects, with its own monotonic stamps\n"
             "per request. Prints \"listening on URL\" on stdout, then loads; /health is 200 when it is ready.\n\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        struct str left = STR_INIT;
        str_addf(&left, "  %s%s%s%s%s", rows[i].brief ? rows[i].brief : "", rows[i].brief ? ", " : "", rows[i].name,
                 rows[i].arg ? " " : "", rows[i].arg ? rows[i].arg : "");
        str_addf(out, "%-36s  %s\n", str_z(&left), rows[i].help);
        str_release(&left);
    }
    str_addz(out,
             "\nThe CPU backends are looked for in $CHIMERA_GGML_DIR, beside the program, and where it was built.\n"
             "\nexample:\n"
             "  chimera-engine -m smollm2-135m.gguf --port 8080 --parallel 2 -c 2048 -t 1 &\n"
             "  curl -N http://127.0.0.1:8080/v1/chat/completions -d '{\"stream\":true,\"max_tokens\":20,\n"
             "    \"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],\"chimera\":{\"stamps\":true}}'\n");
}
