/* agent: the agent's workflow: it reads files, calls a model twice and writes a report.
 *
 * Owns: the pinned corpus, the inventory, the prompts, the two-stage workflow as session_ops, the report and its quality.
 * Must not know: servers, sockets, result files.
 *
 * corpus.h: a folder pinned by MANIFEST.sha256 ("<sha256>  <size>  <path>" lines, sorted by path), parsed for real: CSV
 * with header and numeric columns, JSON paths, Markdown headings and tables. Everything the agent may state as a number
 * becomes a fact that grounding can look up. */
#ifndef AGENT_CORPUS_H
#define AGENT_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "text/ground.h"

#define CORPUS_MANIFEST "MANIFEST.sha256"
enum { CORPUS_MAX_FILES = 1000, CORPUS_MAX_FACTS = 50000, CORPUS_MAX_DEPTH = 8 };
#define CORPUS_MAX_FILE_BYTES ((size_t)4 << 20)
#define CORPUS_MAX_BYTES ((int64_t)64 << 20)

enum corpus_type { CORPUS_CSV, CORPUS_JSON, CORPUS_MD, CORPUS_TYPE_COUNT };

struct corpus_file {
    const char *path; /* relative to the corpus folder */
    enum corpus_type type;
    int64_t bytes;
    char sha256[65];
};

/* The numbers of one column, one key of a list of objects, or one single value (n 1), with its statistics. */
struct series {
    const char *file, *name; /* "chat_engine.csv", "decode_tok_s" */
    size_t n;
    double mean, median, min, max;
};

struct corpus {
    struct arena arena;
    const char *dir;
    struct corpus_file *files; /* sorted by path */
    size_t n_files;
    size_t count[CORPUS_TYPE_COUNT];
    int64_t bytes;
    char sha256[65]; /* of the manifest: the corpus's identity */
    struct fact
        *facts; /* of text/ground.h: file counts, column statistics, JSON numbers, table cells, with their origin */
    size_t n_facts;
    struct series *series; /* what the inventory tells, in file order */
    size_t n_series;
    const char **title; /* per file: the first heading of a Markdown file; NULL */
};

/* Reads, checks against the manifest, parses. A changed, missing, extra or unreadable file is ERR_REFUSED naming it, as is
 * a symbolic link; no file at all ERR_INPUT, and so is one that is not what its name says (with its line). A folder without
 * a manifest is ERR_INPUT with the command that makes one. Names that begin with a dot are not part of a corpus. The
 * limits above are ERR_LIMIT. After a failure c is empty. */
int corpus_open(struct corpus *c, const char *dir, struct err *e);
void corpus_release(struct corpus *c);
/* Writes MANIFEST.sha256 of a folder. Refuses what corpus_open would refuse. */
int corpus_pin(const char *dir, struct err *e);
/* The corpus as one JSON object (identity, counts, files) for the result file. */
void corpus_json(const struct corpus *c, struct str *out);

/* The inventory text that goes into the prompt: total, per type count and paths, then facts, most telling first, cut to at
 * most max_chars at a line end. */
void corpus_inventory(const struct corpus *c, size_t max_chars, struct str *out);

#endif
