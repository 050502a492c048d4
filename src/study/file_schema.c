/* file_schema.c: the JSON schema of study files, made from the table of keys: for editors, and for checking a file without
 * this program. It knows each value's shape; what a value means (names that must exist, what goes together) only the reader
 * knows.
 *
 * A type in the table is a word, its arguments, and "!" when the key is required:
 *   text, name, scalar, int LEAST, number, bool, time, free, one WORD…, list MAP, map MAP, scalars (a list), scalars1 (one or
 *   a list), options, condition, conditions, levels, sets, scales, metrics */
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "study/file.h"

#define SCALAR "{\"type\":[\"string\",\"number\",\"boolean\"]}"
#define SCALARS "{\"type\":\"array\",\"items\":" SCALAR "}"
#define SCALAR_OR_SCALARS "{\"anyOf\":[" SCALAR "," SCALARS "]}"
#define CONDITION "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":" SCALAR_OR_SCALARS "}"

static const struct {
    const char *type, *schema;
} shapes[] = {
    {"text", "{\"type\":\"string\"}"},
    {"name", "{\"type\":[\"string\",\"number\",\"boolean\"],\"pattern\":\"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$\"}"},
    {"scalar", SCALAR},
    {"number", "{\"type\":\"number\"}"},
    {"bool", "{\"type\":\"boolean\"}"},
    {"time", "{\"type\":[\"string\",\"number\"],\"pattern\":\"^[0-9.]+[smh]?$\"}"},
    {"free", "{}"},
    {"scalars", SCALARS},
    {"scalars1", SCALAR_OR_SCALARS},
    {"condition", CONDITION},
    {"conditions", "{\"type\":\"array\",\"items\":" CONDITION "}"},
    {"levels", "{\"type\":\"array\",\"minItems\":1,\"items\":{\"anyOf\":[" SCALAR
               ",{\"type\":\"null\"},{\"$ref\":\"#/$defs/levels\"}]}}"},
    {"sets", "{\"type\":\"object\"}"},
    {"scales", "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\"}}"},
    {"metrics", "{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}}"},
};

static void add_one_of(struct json_writer *w, const char *words)
{
    json_object(w);
    json_key(w, "enum");
    json_array(w);
    while (*words) {
        size_t n = strcspn(words, " !");
        json_text(w, words, n);
        words += n + (words[n] != 0);
    }
    json_array_end(w);
    json_object_end(w);
}

static void add_options(struct json_writer *w)
{
    json_object(w);
    json_kz(w, "type", "object");
    json_kbool(w, "additionalProperties", false);
    json_key(w, "properties");
    json_object(w);
    for (int i = 0; i < OPTION_COUNT; i++) {
        struct option_range range = option_range(i);
        json_key(w, option_name((enum option_bit_index)i));
        json_object(w);
        json_kz(w, "type", range.whole ? "integer" : "number");
        json_kz(w, "description", range.what);
        json_kdouble(w, "minimum", range.least);
        json_kdouble(w, "maximum", range.most);
        json_object_end(w);
    }
    json_object_end(w);
    json_object_end(w);
}

/* {"$ref":"#/$defs/MAP"}, or a list of such. */
static void add_map(struct json_writer *w, const char *map, bool list)
{
    struct str ref = STR_INIT;
    str_addf(&ref, "#/$defs/%.*s", (int)strcspn(map, "!"), map);
    json_object(w);
    if (list) {
        json_kz(w, "type", "array");
        json_kint(w, "minItems", 1);
        json_key(w, "items");
        json_object(w);
    }
    json_kz(w, "$ref", str_z(&ref));
    if (list)
        json_object_end(w);
    json_object_end(w);
    str_release(&ref);
}

static void add_shape(struct json_writer *w, const char *type)
{
    size_t n = strcspn(type, " !");
    const char *rest = type + n + (type[n] == ' ');
    struct span word = {type, n};
    if (span_eq_z(word, "one"))
        add_one_of(w, rest);
    else if (span_eq_z(word, "list") || span_eq_z(word, "map"))
        add_map(w, rest, *type == 'l');
    else if (span_eq_z(word, "options"))
        add_options(w);
    else if (span_eq_z(word, "int")) {
        json_object(w);
        json_kz(w, "type", "integer");
        json_kint(w, "minimum", strtoll(rest, NULL, 10));
        json_object_end(w);
    } else {
        size_t i = 0;
        while (i < sizeof shapes / sizeof shapes[0] && !span_eq_z(word, shapes[i].type))
            i++;
        if (i == sizeof shapes / sizeof shapes[0])
            BUG("a key of unknown type");
        json_raw(w, shapes[i].schema, strlen(shapes[i].schema));
    }
}

/* A key a line, so that a change of the kept file shows what changed. */
static void add_properties(struct json_writer *w, const char *map)
{
    const struct file_key *k;
    json_kz(w, "type", "object");
    json_kbool(w, "additionalProperties", false);
    json_key(w, "required");
    json_array(w);
    for (size_t i = 0; (k = file_key_at(i)); i++)
        if (strcmp(k->map, map) == 0 && strchr(k->type, '!'))
            json_z(w, k->key);
    json_array_end(w);
    json_key(w, "properties");
    json_object(w);
    for (size_t i = 0; (k = file_key_at(i)); i++) {
        if (strcmp(k->map, map) != 0)
            continue;
        str_addc(w->out, '\n');
        json_key(w, k->key);
        json_object(w);
        json_kz(w, "description", k->what);
        json_key(w, "allOf");
        json_array(w);
        add_shape(w, k->type);
        json_array_end(w);
        json_object_end(w);
    }
    json_object_end(w);
}

/* The first row of its map. */
static bool is_first(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(file_key_at(k)->map, file_key_at(i)->map) == 0)
            return false;
    return true;
}

void study_schema(struct str *out)
{
    static const char servers_or_use[] = "[{\"required\":[\"servers\"]},{\"required\":[\"use\"]}]";
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_kz(&w, "title", "a study file of Chimera");
    json_key(&w, "anyOf"); /* what answers may come from a preset */
    json_raw(&w, servers_or_use, sizeof servers_or_use - 1);
    add_properties(&w, "study");
    json_key(&w, "$defs");
    json_object(&w);
    for (size_t i = 0; file_key_at(i); i++) {
        if (!is_first(i) || strcmp(file_key_at(i)->map, "study") == 0)
            continue;
        str_addc(out, '\n');
        json_key(&w, file_key_at(i)->map);
        json_object(&w);
        add_properties(&w, file_key_at(i)->map);
        json_object_end(&w);
    }
    json_object_end(&w);
    json_object_end(&w);
    str_addc(out, '\n');
}
