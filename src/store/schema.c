/* schema.c: see schema.h. A later version adds its statements here, a step from the version before it, and readers that
 * know both; files of every version that was ever released stay readable. */
#include "store/schema.h"

#include <string.h>

#define COLUMN_DEFINITION(name, type) ", " #name " " type
#define DEFINITIONS(columns) columns(COLUMN_DEFINITION)

static const char *const statements[] = {
    "CREATE TABLE study(id INTEGER PRIMARY KEY CHECK(id = 1), name TEXT NOT NULL, question TEXT, source TEXT,"
    " plan_json TEXT NOT NULL, plan_sha256 TEXT NOT NULL, seed TEXT NOT NULL, chimera_version TEXT, chimera_commit TEXT,"
    " command TEXT, created_wall_ns INTEGER NOT NULL) STRICT",
    "CREATE TABLE plan(position INTEGER PRIMARY KEY, block INTEGER NOT NULL, arm TEXT NOT NULL) STRICT",
    "CREATE TABLE host(sha256 TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, seen_wall_ns INTEGER NOT NULL) STRICT",
    "CREATE TABLE server(name TEXT NOT NULL, sha256 TEXT NOT NULL, facts TEXT NOT NULL, seen_wall_ns INTEGER NOT NULL,"
    " UNIQUE(name, sha256)) STRICT",
    "CREATE TABLE note(key TEXT NOT NULL UNIQUE, json TEXT NOT NULL) STRICT",
    "CREATE TABLE run(id INTEGER PRIMARY KEY" DEFINITIONS(RUN_COLUMNS) ", UNIQUE(position, attempt)) STRICT",
    "CREATE TABLE health(run_id INTEGER PRIMARY KEY" HEALTH_DOUBLES(COLUMN_DEFINITION)
        DEFINITIONS(HEALTH_INTEGERS) ") STRICT",
    "CREATE TABLE session(id INTEGER PRIMARY KEY" DEFINITIONS(SESSION_COLUMNS) ", UNIQUE(run_id, number)) STRICT",
    "CREATE TABLE request(id INTEGER PRIMARY KEY" DEFINITIONS(REQUEST_COLUMNS) ", UNIQUE(run_id, seq)) STRICT",
    "CREATE TABLE content(sha256 TEXT NOT NULL UNIQUE, bytes INTEGER, chars INTEGER, body ANY) STRICT",
    "CREATE TABLE sample(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, t_ns INTEGER NOT NULL, json TEXT NOT NULL) STRICT",
    "CREATE INDEX sample_run ON sample(run_id)",
    "CREATE TABLE source(id INTEGER PRIMARY KEY" DEFINITIONS(SOURCE_COLUMNS) ") STRICT",
    "CREATE TABLE source_row(id INTEGER PRIMARY KEY" DEFINITIONS(SOURCE_ROW_COLUMNS) ") STRICT",
    "CREATE INDEX source_row_source ON source_row(source)",
    NULL,
};

const char *schema_statement(int i)
{
    return statements[i];
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct schema_header schema_header_of(const unsigned char bytes[SCHEMA_HEADER_BYTES])
{
    return (struct schema_header){
        .sqlite = memcmp(bytes, "SQLite format 3", 16) == 0,
        .ours = big_endian(bytes + 68) == SCHEMA_APPLICATION_ID,
        .version = (int32_t)big_endian(bytes + 60),
    };
}
