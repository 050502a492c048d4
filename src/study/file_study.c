/* file_study.c: what is of the whole study, and the way from a text to a study. See file.h. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "study/file.h"
#include "study/file_factors.h"

enum { DEFAULT_PROMPT_TOK = 400 };

static int read_timeouts(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *map = NULL;
    double connect = 10, first_byte = 120, idle = 60, total = 600;
    int rc = yaml_get_map(root, "timeouts", &map, e);
    if (!rc && map)
        rc = file_allow(map, "timeouts", e);
    if (rc || (rc = yaml_get_double(map, "connect", 0.001, 86400, &connect, e)) ||
        (rc = yaml_get_double(map, "first_byte", 0.001, 86400, &first_byte, e)) ||
        (rc = yaml_get_double(map, "idle", 0.001, 86400, &idle, e)) ||
        (rc = yaml_get_double(map, "total", 0.001, 86400, &total, e)))
        return rc;
    s->limits.connect_ns = (mono_ns)(connect * 1e9);
    s->limits.first_byte_ns = (mono_ns)(first_byte * 1e9);
    s->limits.idle_ns = (mono_ns)(idle * 1e9);
    s->limits.total_ns = (mono_ns)(total * 1e9);
    return 0;
}

static const char *const orders[] = {"random", "nested", "abba"};

const char *study_order_word(enum study_order o)
{
    return orders[o];
}

static int read_scalars(struct study *s, const struct yaml_node *root, struct err *e)
{
    static const char *const starts[] = {"warm", "cold"};
    int64_t blocks = 1, seed = 1;
    int order = ORDER_RANDOM, start = 0;
    const char *question = "";
    s->prompt_tok = DEFAULT_PROMPT_TOK;
    s->keep_text = true;
    int rc = yaml_get_text(root, "question", &question, e);
    if (rc || (rc = yaml_get_int(root, "blocks", 1, FILE_MAX_BLOCKS, &blocks, e)) ||
        (rc = yaml_get_int(root, "seed", 0, INT64_MAX, &seed, e)) ||
        (rc = yaml_get_int(root, "prompt_tokens", 16, 1 << 24, &s->prompt_tok, e)) ||
        (rc = yaml_get_choice(root, "order", orders, 3, &order, e)) ||
        (rc = yaml_get_choice(root, "start", starts, 2, &start, e)) ||
        (rc = yaml_get_bool(root, "oversubscribe", &s->oversubscribe, e)) ||
        (rc = yaml_get_bool(root, "keep_text", &s->keep_text, e)))
        return rc;
    s->question = arena_dupz(&s->arena, question);
    s->blocks = (int32_t)blocks;
    s->seed = (uint64_t)seed;
    s->order = (enum study_order)order;
    s->cold = start == 1;
    return 0;
}

static int read_heads(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *name, *corpus;
    const char *text;
    struct str path = STR_INIT;
    int rc = 0;
    if ((rc = file_allow(root, "study", e)) || (rc = yaml_need(root, "study", "a study file", &name, e)) ||
        (rc = yaml_as_scalar(name, "study", &text, e)))
        return rc;
    s->name = arena_dupz(&s->arena, text);
    if (!*text || strpbrk(text, "/ \t") || text[0] == '.' || strlen(text) > 100)
        return yaml_error(name, e, "study: its name becomes a file name; '%s' can not", text);
    if (!yaml_get(root, "corpus") && !yaml_get(root, "agents"))
        return 0;
    if ((rc = yaml_need(root, "corpus", "a study with agents", &corpus, e)) ||
        (rc = yaml_as_text(corpus, "corpus", &text, e)))
        return rc;
    path_join(&path, s->dir, text);
    s->corpus_dir = arena_dupz(&s->arena, str_z(&path));
    str_release(&path);
    return 0;
}

/* An arm's condition needs factors to hold. */
static int check_no_factors(const struct yaml_node *root, struct err *e)
{
    const struct yaml_node *arms = yaml_get(root, "arms");
    for (size_t i = 0; arms && arms->type == YAML_LIST && i < arms->n; i++)
        if (yaml_get(arms->item[i], "when"))
            return yaml_error(yaml_get(arms->item[i], "when"), e, "when: the study has no factors");
    return 0;
}

static int read_tree(struct study *s, const struct yaml_node *root, struct arena *a, struct err *e)
{
    struct factors f;
    int rc = read_heads(s, root, e);
    if (rc || (rc = read_scalars(s, root, e)) || (rc = read_timeouts(s, root, e)) ||
        (rc = factors_read(&f, root, a, e)))
        return rc;
    rc = f.n ? file_expand(s, root, &f, e) : check_no_factors(root, e);
    if (!rc && !f.n)
        rc = file_read_parts(s, root, e);
    return rc ? rc : file_read_declared(s, root, e);
}

int study_parse_changed(struct study *s, const char *name, const char *dir, const char *text, size_t n,
                        const struct study_changes *c, struct err *e)
{
    struct yaml_node *root;
    struct arena tree = {0};
    struct str source = STR_INIT;
    *s = (struct study){0};
    s->dir = arena_dupz(&s->arena, dir);
    int rc = yaml_parse(name, text, n, &tree, &root, e);
    if (!rc)
        rc = yaml_as_map(root, "a study", e);
    str_add(&source, text, n);
    if (rc || (rc = file_apply_changes(&root, s, c, &tree, &source, e)) || (rc = read_tree(s, root, &tree, e)))
        study_release(s);
    else
        s->source = arena_dup(&s->arena, str_z(&source), source.len);
    str_release(&source);
    arena_release(&tree);
    return rc;
}

int study_parse(struct study *s, const char *name, const char *dir, const char *text, size_t n, struct err *e)
{
    return study_parse_changed(s, name, dir, text, n, NULL, e);
}

int study_read(struct study *s, const char *path, const struct study_changes *c, struct err *e)
{
    struct str text = STR_INIT, dir = STR_INIT;
    int rc = file_read(path, YAML_MAX_BYTES, &text, e);
    path_dir(&dir, path);
    if (!rc)
        rc = study_parse_changed(s, path, str_z(&dir), str_z(&text), text.len, c, e);
    str_release(&text);
    str_release(&dir);
    return rc;
}

void study_release(struct study *s)
{
    arena_release(&s->arena);
    *s = (struct study){0};
}
