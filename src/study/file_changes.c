/* file_changes.c: what is put into a study file before it is read: presets below it, a scale and --set above it. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "study/builtin.h"
#include "study/file.h"
#include "study/tree.h"

enum { MAX_USED = 16, MAX_NAMED = 64 };

const struct study_text *study_text_find(const char *name)
{
    for (size_t i = 0; study_texts[i].name; i++)
        if (strcmp(study_texts[i].name, name) == 0)
            return &study_texts[i];
    return NULL;
}

/* The text as a comment, for the copy of the study file that is stored. */
static void note_text(struct str *notes, const char *name, const char *text, size_t n)
{
    str_addf(notes, "\n# the preset %s:\n# ", name);
    for (size_t i = 0; i < n; i++) {
        str_addc(notes, text[i]);
        if (text[i] == '\n' && i + 1 < n)
            str_addz(notes, "# ");
    }
}

/* ---- use ----------------------------------------------------------------------------------------------------------- */

static int no_preset(const struct yaml_node *node, const char *name, struct err *e)
{
    const char *names[MAX_NAMED];
    size_t n = 0;
    for (size_t i = 0; study_texts[i].name && n < MAX_NAMED; i++)
        if (strncmp(study_texts[i].name, "presets/", 8) == 0)
            names[n++] = study_texts[i].name;
    struct str hint = STR_INIT;
    word_hint(&hint, name, names, n);
    int rc = yaml_error(node, e, "no preset '%s', neither as %s.yaml beside this file nor in the program%s", name, name,
                        str_z(&hint));
    str_release(&hint);
    return rc;
}

/* Beside the study file first: what stands there is what its author sees. */
static int read_preset(const struct study *s, const struct yaml_node *node, struct arena *a, struct str *notes,
                       struct yaml_node **out, struct err *e)
{
    struct str path = STR_INIT, text = STR_INIT;
    const char *name = "";
    int rc = yaml_as_text(node, "use", &name, e);
    if (rc)
        return rc;
    path_join(&path, s->dir, name);
    str_addz(&path, ".yaml");
    const struct study_text *built_in = study_text_find(name);
    if (file_exists(str_z(&path)))
        rc = file_read(str_z(&path), YAML_MAX_BYTES, &text, e);
    else if (built_in)
        str_add(&text, built_in->text.at, built_in->text.len);
    else
        rc = no_preset(node, name, e);
    if (!rc)
        rc = yaml_parse(file_exists(str_z(&path)) ? str_z(&path) : name, str_z(&text), text.len, a, out, e);
    if (!rc)
        rc = yaml_as_map(*out, "a preset", e);
    if (!rc && yaml_get(*out, "use"))
        rc = yaml_error(yaml_get(*out, "use"), e, "a preset cannot use another");
    if (!rc)
        note_text(notes, name, str_z(&text), text.len);
    str_release(&path);
    str_release(&text);
    return rc;
}

/* The later of two presets stands over the earlier, the file over both. */
static int apply_presets(struct yaml_node **root, const struct study *s, struct arena *a, struct str *notes,
                         struct err *e)
{
    struct yaml_node *use = yaml_get(*root, "use"), *preset = NULL, *under = NULL;
    struct yaml_node *const *names = use && use->type == YAML_LIST ? use->item : &use;
    size_t n = !use ? 0 : use->type == YAML_LIST ? use->n : 1;
    int rc = n > MAX_USED ? yaml_error(use, e, "use: more than %d presets", MAX_USED) : 0;
    for (size_t i = 0; i < n && !rc; i++) {
        rc = read_preset(s, names[i], a, notes, &preset, e);
        if (!rc)
            under = under ? tree_merge(under, preset, a) : preset;
    }
    if (!rc && under)
        *root = tree_merge(under, *root, a);
    return rc;
}

/* ---- scales and --set ---------------------------------------------------------------------------------------------- */

static int no_scale(const struct yaml_node *scales, const char *name, struct err *e)
{
    const char *names[MAX_NAMED];
    size_t n = 0;
    for (size_t i = 0; scales && i < scales->n && n < MAX_NAMED; i++)
        names[n++] = scales->key[i]->text;
    struct str hint = STR_INIT;
    word_hint(&hint, name, names, n);
    int rc = err_set(e, ERR_USAGE, "--scale %s: the study has no such scale%s", name, str_z(&hint));
    str_release(&hint);
    return rc;
}

/* All are tried, so that a wrong path in one that is rarely used is found today. */
static int apply_scale(struct yaml_node **root, const char *name, struct arena *a, struct err *e)
{
    struct yaml_node *scales = NULL, *chosen = NULL;
    int rc = yaml_get_map(*root, "scales", &scales, e);
    for (size_t i = 0; scales && i < scales->n && !rc; i++) {
        struct yaml_node *tried = *root;
        rc = yaml_as_map(scales->item[i], "a scale", e);
        if (!rc)
            rc = tree_set_all(&tried, scales->item[i], a, e);
        if (!rc && name && strcmp(name, scales->key[i]->text) == 0)
            chosen = tried;
    }
    if (!rc && name && !chosen)
        rc = no_scale(scales, name, e);
    if (!rc && chosen)
        *root = chosen;
    return rc;
}

/* "path=value": the value is read as YAML. */
static int apply_set(struct yaml_node **root, const char *text, size_t number, struct arena *a, struct err *e)
{
    char name[32];
    const char *eq = strchr(text, '=');
    struct yaml_node *value;
    snprintf(name, sizeof name, "--set %zu", number);
    struct yaml_node path = {.type = YAML_TEXT, .file = arena_dupz(a, name), .line = 1, .column = 1};
    path.len = eq ? (size_t)(eq - text) : 0;
    path.text = arena_dup(a, text, path.len);
    if (!eq || !path.len || !eq[1])
        return err_set(e, ERR_USAGE, "--set %s: PATH=VALUE is needed; the value null takes a key away", text);
    if (strcmp(path.text, "use") == 0 || strncmp(path.text, "scales", 6) == 0)
        return err_set(e, ERR_USAGE, "--set %s: presets and scales are chosen before values are set", text);
    int rc = yaml_parse(name, eq + 1, strlen(eq + 1), a, &value, e);
    return rc ? rc : tree_set(root, &path, value, a, e);
}

int file_apply_changes(struct yaml_node **root, const struct study *s, const struct study_changes *c, struct arena *a,
                       struct str *notes, struct err *e)
{
    int rc = apply_presets(root, s, a, notes, e);
    if (!rc)
        rc = apply_scale(root, c ? c->scale : NULL, a, e);
    if (!rc && c && c->scale)
        str_addf(notes, "\n# with --scale %s\n", c->scale);
    for (size_t i = 0; c && i < c->n_set && !rc; i++) {
        rc = apply_set(root, c->set[i], i + 1, a, e);
        str_addf(notes, "\n# with --set %s\n", c->set[i]);
    }
    return rc;
}
