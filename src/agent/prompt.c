/* prompt.c: what is asked. Structure of the workflow of TR109 (a role line, the inventory, the wanted sections; then
 * inventory, analysis and an outline), in our own words, and the same for every agent: two agents that get different
 * prompts are two different workloads. Nothing in it tells the model a result that it could hand back. */
#include <string.h>

#include "agent/prompt.h"
#include "base/utf8.h"

static const char role[] = "You are a careful analyst of benchmark results. Use only the facts you are given and copy "
                           "numbers exactly. Say when something is not in the facts.";

static const char *const analysis_parts[] = {"Summary", "Key findings", "Performance", "Recommendations"};
static const char *const report_parts[] = {"Executive summary", "Data",      "Performance", "Key findings",
                                           "Recommendations",   "Conclusion"};

static void add_parts(struct str *out, const char *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        str_addf(out, "%zu. %s\n", i + 1, parts[i]);
}

/* At most max bytes of the text, cut behind a character, without the signs that open a control token of a chat template,
 * because the text goes into the next prompt. */
static void add_carried(struct str *out, const char *text, size_t max)
{
    size_t n = strlen(text), i = 0;
    while (i < n) {
        uint32_t code = 0;
        size_t len = utf8_next(text + i, n - i, &code);
        if (i + (len ? len : 1) > max)
            break;
        if (len && (code >= ' ' || code == '\n' || code == '\t'))
            str_add(out, text + i, len);
        if (text[i] == '<' && text[i + 1] == '|')
            str_addc(out, ' ');
        i += len ? len : 1;
    }
    while (out->len && (out->at[out->len - 1] == '\n' || out->at[out->len - 1] == ' '))
        out->at[--out->len] = 0;
}

size_t prompt_brief_chars(const struct workflow_spec *spec)
{
    return spec->inventory_chars * 2 / 5;
}

void prompt_write(const struct prompt_parts *parts, struct str *system, struct str *prompt)
{
    str_clear(system);
    str_clear(prompt);
    if (parts->route == ROUTE_CHAT)
        str_addz(system, role);
    else
        str_addf(prompt, "%s\n\n", role);
    str_addf(prompt, "Facts about a set of benchmark files:\n%s\n", parts->inventory);
    if (parts->analysis) {
        str_addz(prompt, "An analysis of them:\n");
        add_carried(prompt, parts->analysis, parts->carry_chars);
        str_addz(prompt, "\n\nWrite a technical report with these sections:\n");
        add_parts(prompt, report_parts, sizeof report_parts / sizeof *report_parts);
    } else {
        str_addz(prompt, "Write a short analysis of these files in four parts:\n");
        add_parts(prompt, analysis_parts, sizeof analysis_parts / sizeof *analysis_parts);
    }
    if (parts->route == ROUTE_COMPLETION) /* a base model continues a text: open the one that is wanted */
        str_addf(prompt, "\n%s\n\n## 1. %s\n\n", parts->analysis ? "# Technical report" : "# Analysis",
                 parts->analysis ? report_parts[0] : analysis_parts[0]);
}

void workflow_prompt(const struct workflow_spec *spec, const char *analysis, struct str *system, struct str *prompt)
{
    struct str inventory = STR_INIT;
    corpus_inventory(spec->corpus, analysis ? prompt_brief_chars(spec) : spec->inventory_chars, &inventory);
    struct prompt_parts parts = {spec->route, str_z(&inventory), analysis, spec->carry_chars};
    prompt_write(&parts, system, prompt);
    str_release(&inventory);
}
