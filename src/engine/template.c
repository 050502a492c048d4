/* template.c: see template.h. */
#include "engine/template.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BUILTIN = 256 };

static bool apply_text(const char *text, const struct llama_chat_message *list, size_t n, bool ask, struct str *out)
{
    int32_t cap = 1024;
    for (int i = 0; i < 2; i++) {
        str_reserve(out, (size_t)cap);
        int32_t got = llama_chat_apply_template(text, list, n, ask, out->at + out->len, cap);
        if (got < 0)
            return false;
        if (got <= cap) {
            out->len += (size_t)got;
            out->at[out->len] = 0;
            return true;
        }
        cap = got;
    }
    return false;
}

static bool probe(const char *text, struct str *out)
{
    static const struct llama_chat_message dialogue[] = {
        {"system", "S1"}, {"user", "U1"}, {"assistant", "A1"}, {"user", "U2"}};
    str_clear(out);
    return apply_text(text, dialogue, sizeof dialogue / sizeof *dialogue, true, out);
}

/* The first built-in template that formats the probe as this text does; "chatml" is tried first, being the family of
 * which many others are spellings. */
static const char *family(const char *text)
{
    const char *names[MAX_BUILTIN], *found = NULL;
    int32_t n = llama_chat_builtin_templates(names, MAX_BUILTIN);
    struct str want = STR_INIT, got = STR_INIT;
    bool known = probe(text, &want);
    for (int32_t i = -1; known && !found && i < n && i < MAX_BUILTIN; i++) {
        const char *name = i < 0 ? "chatml" : names[i];
        if (probe(name, &got) && got.len == want.len && memcmp(got.at, want.at, got.len) == 0)
            found = name;
    }
    str_release(&want);
    str_release(&got);
    return found;
}

const char *template_named(const char *name, struct err *e)
{
    const char *names[MAX_BUILTIN];
    int32_t n = llama_chat_builtin_templates(names, MAX_BUILTIN);
    for (int32_t i = 0; i < n && i < MAX_BUILTIN; i++)
        if (strcmp(names[i], name) == 0)
            return names[i];
    const char *near = word_suggest(name, names, (size_t)(n < MAX_BUILTIN ? n : MAX_BUILTIN));
    if (near)
        err_set(e, ERR_USAGE, "--chat-template: libllama has no '%s': did you mean %s?", name, near);
    err_set(e, ERR_USAGE, "--chat-template: libllama has no '%s' (it has chatml, llama3, gemma, mistral-v7, …)", name);
    return NULL;
}

/* Jinja writes a line end as "\\n" or as itself. Returns what comes after one at p, or NULL. */
static const char *skip_newline(const char *p)
{
    if (p[0] == '\\' && p[1] == 'n')
        return p + 2;
    return p[0] == '\n' ? p + 1 : NULL;
}

bool template_default_system(const char *jinja, struct str *out)
{
    static const char open[] = "<|im_start|>system", shut[] = "<|im_end|>";
    for (const char *p = strstr(jinja, open); p; p = strstr(p + 1, open)) {
        if (p == jinja || (p[-1] != '\'' && p[-1] != '"'))
            continue;
        const char *text = skip_newline(p + sizeof open - 1);
        if (!text)
            continue;
        const char *end = strstr(text, shut), *quote = strchr(text, p[-1]);
        if (!end || !quote || quote < end || end == text)
            continue; /* the message is put together from pieces, so it is not a default */
        for (const char *q = text; q < end;) {
            const char *after = skip_newline(q);
            str_addc(out, after ? '\n' : *q);
            q = after ? after : q + 1;
        }
        return true;
    }
    return false;
}

int template_choose(struct model *m, const char *name, struct err *e)
{
    if (name) {
        m->template_text = m->template_name = template_named(name, e);
        return m->template_text ? 0 : ERR_USAGE;
    }
    const char *own = llama_model_chat_template(m->weights, NULL);
    struct str out = STR_INIT;
    if (own && probe(own, &out)) {
        m->template_text = own;
        m->template_name = family(own);
        template_default_system(own, &m->default_system);
    }
    m->template_unknown = own && !m->template_text;
    str_release(&out);
    return 0;
}

static int refuse(const struct model *m, struct err *e)
{
    const char *own = llama_model_chat_template(m->weights, NULL);
    if (!m->template_unknown)
        return err_set(e, ERR_INPUT,
                       "this is a base model: it has no chat template; use a completion route (/v1/completions, "
                       "/api/generate) or start the engine with --chat-template NAME");
    return err_set(e, ERR_INPUT,
                   "the chat template of %s (\"%.60s…\") is not one that libllama knows; use a completion route or "
                   "start the engine with --chat-template NAME",
                   m->name[0] ? m->name : "this model", own ? own : "");
}

int template_apply(const struct model *m, const struct ask_message *messages, size_t n, struct str *out, struct err *e)
{
    if (!m->template_text)
        return refuse(m, e);
    struct llama_chat_message *list = xcalloc(n + 1, sizeof *list);
    size_t k = 0;
    if (m->default_system.len && (!n || strcmp(messages[0].role, "system") != 0))
        list[k++] = (struct llama_chat_message){"system", m->default_system.at};
    for (size_t i = 0; i < n; i++)
        list[k++] = (struct llama_chat_message){messages[i].role, messages[i].content};
    bool ok = apply_text(m->template_text, list, k, true, out);
    free(list);
    return ok ? 0 : err_set(e, ERR_INPUT, "the chat template cannot format this dialogue");
}
