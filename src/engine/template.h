/* Chat templates: which one libllama uses for the model, its name, and messages turned into a prompt.
 *
 * libllama does not run the model's Jinja text; it recognises the family and formats by code of its own. Two things are
 * added here so that the prompt is the one the model was trained on: the family's name (found by comparing what every
 * built-in template makes of a probe dialogue) and the default system message that some templates carry. */
#ifndef ENGINE_TEMPLATE_H
#define ENGINE_TEMPLATE_H

#include <stdbool.h>

#include "engine/ask.h"
#include "engine/model.h"

/* Sets the model's template_* fields; name NULL: the model's own. ERR_USAGE: no built-in template has that name. */
int template_choose(struct model *m, const char *name, struct err *e);
/* libllama's own spelling of a built-in template's name, or NULL and ERR_USAGE with the nearest. Needs no model. */
const char *template_named(const char *name, struct err *e);
/* Appends the prompt that asks for the assistant's next turn. ERR_INPUT: the model has no usable template. */
int template_apply(const struct model *m, const struct ask_message *messages, size_t n, struct str *out, struct err *e);
/* The default system message in a Jinja text: a literal between <|im_start|>system and <|im_end|> in one quoted string.
 * False when there is none. Pure. */
bool template_default_system(const char *jinja, struct str *out);

#endif
