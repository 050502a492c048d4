/* The YAML reader: any bytes give a tree whose nodes keep what yaml.h promises, or an error with its place in front. Both
 * give the same again, with every strict reader tried on every node. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char *const words[] = {"engine", "ollama", "llama-server"};

/* A reader that fails must say where, as the parser does. */
static void check_fault(int rc, const struct err *e)
{
    if (rc && (rc != e->code || e->line < 1 || e->column < 1 || strncmp(e->text, "f.yaml:", 7) != 0))
        BUG("an error without its place");
}

static void try_readers(const struct yaml_node *v)
{
    const char *text = NULL;
    int64_t i = 0;
    double f = 0;
    bool b = false;
    int choice = -1;
    for (int reader = 0; reader < 6; reader++) {
        struct err e = ERR_INIT;
        int rc = 0;
        switch (reader) {
        case 0: rc = yaml_as_text(v, "word", &text, &e); break;
        case 1: rc = yaml_as_int(v, "number", -10, 10, &i, &e); break;
        case 2: rc = yaml_as_double(v, "number", -1.5, 1.5, &f, &e); break;
        case 3: rc = yaml_as_bool(v, "switch", &b, &e); break;
        case 4: rc = yaml_as_choice(v, "server", words, 3, &choice, &e); break;
        default: rc = yaml_allow(v, words, 3, "the file", &e);
        }
        check_fault(rc, &e);
    }
    if (i < -10 || i > 10 || !(fabs(f) <= 1.5) || choice > 2)
        BUG("a reader let something through");
}

static void walk(const struct yaml_node *v, int depth, size_t *nodes, struct str *out)
{
    if (depth > YAML_MAX_DEPTH || ++*nodes > YAML_MAX_NODES || v->line < 1 || v->column < 1)
        BUG("a node outside its limits");
    str_addf(out, "%d %ld:%ld ", (int)v->type, v->line, v->column);
    try_readers(v);
    if (v->type != YAML_LIST && v->type != YAML_MAP) {
        if (strlen(v->text) != v->len || (v->quoted && v->type != YAML_TEXT))
            BUG("a scalar that is not its text");
        str_add(out, v->text, v->len);
        return;
    }
    for (size_t i = 0; i < v->n; i++) {
        if (v->type == YAML_MAP && yaml_get(v, v->key[i]->text) != v->item[i])
            BUG("a key does not find its value");
        if (v->type == YAML_MAP)
            walk(v->key[i], depth, nodes, out);
        walk(v->item[i], depth + 1, nodes, out);
    }
}

static void parse(const char *p, size_t n, struct str *out)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct yaml_node *root;
    size_t nodes = 0;
    int rc = yaml_parse("f.yaml", p, n, &a, &root, &e);
    if ((rc == 0) != (root != NULL))
        BUG("a result without a tree, or a tree without a result");
    check_fault(rc, &e);
    if (root)
        walk(root, 0, &nodes, out);
    else
        str_addz(out, e.text);
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str once = STR_INIT, twice = STR_INIT;
    parse((const char *)p, n, &once);
    parse((const char *)p, n, &twice);
    if (once.len != twice.len || memcmp(str_z(&once), str_z(&twice), once.len) != 0)
        BUG("the same bytes read differently");
    str_release(&once);
    str_release(&twice);
    return 0;
}
