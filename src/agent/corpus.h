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

enum corpus_type { CORPUS_CSV, CORPUS_JSON, CORPUS_MD, CORPUS_TYPE_COUNT };

struct corpus_file {
    const char *path; /* relative to the corpus folder */
    enum corpus_type type;
    int64_t bytes;
    char sha256[65];
};

struct corpus {
    struct arena arena;
    const char *dir;
    struct corpus_file *files; /* sorted by path */
    size_t n_files;
    size_t count[CORPUS_TYPE_COUNT];
    int64_t bytes;
    char sha256[65]; /* of the manifest: the corpus's identity */
    struct fact *facts; /* of text/ground.h: file counts, column statistics, JSON numbers, table cells, with their origin */
    size_t n_facts;
};

/* Reads, checks against the manifest, parses. A changed, missing, extra or unreadable file is ERR_REFUSED naming it; no
 * file at all ERR_INPUT. A folder without a manifest is ERR_INPUT with the command that makes one. */
int corpus_open(struct corpus *c, const char *dir, struct err *e);
void corpus_release(struct corpus *c);
/* Writes MANIFEST.sha256 of a folder. */
int corpus_pin(const char *dir, struct err *e);
/* The corpus as one JSON object (identity, counts, files) for the result file. */
void corpus_json(const struct corpus *c, struct str *out);

/* The inventory text that goes into the prompt: total, per type count and paths, then facts, most telling first, cut to at
 * most max_chars at a line end. */
void corpus_inventory(const struct corpus *c, size_t max_chars, struct str *out);

#endif
