/* SPDX-License-Identifier: MIT */
/*
 * SQLite on a static heap of 4 MiB: tables, an index, a join and a sort in a database in memory,
 * which is then filled until SQLITE_NOMEM, and works on.
 */
#include "ending.h"

#include <chunkmalloc/mutex.h>
#include <chunkmalloc/sqlite.h>

CHUNK_HEAP_DEFINE(heap, 1 << 16, 64);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct chunk_locked_heap locked = {&heap, CHUNK_LOCK_MUTEX(&mutex)};

static void run(sqlite3 *database, const char *statements) {
    const int status = sqlite3_exec(database, statements, NULL, NULL, NULL);
    if (status != SQLITE_OK) {
        (void)fprintf(stderr, "sqlite: %s: %s\n", sqlite3_errmsg(database), statements);
        exit(1);
    }
}

static sqlite3_int64 number(sqlite3 *database, const char *query) {
    sqlite3_stmt *statement = NULL;
    CHECK(sqlite3_prepare_v2(database, query, -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW);
    const sqlite3_int64 found = sqlite3_column_int64(statement, 0);
    CHECK(sqlite3_step(statement) == SQLITE_DONE);
    CHECK(sqlite3_finalize(statement) == SQLITE_OK);
    return found;
}

static void create(sqlite3 *database) {
    run(database, "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, town INTEGER);"
                  "CREATE TABLE towns(id INTEGER PRIMARY KEY, name TEXT);"
                  "CREATE INDEX by_town ON people(town, name);"
                  "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
                  " INSERT INTO towns SELECT i, 'town ' || i FROM n;"
                  "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)"
                  " INSERT INTO people SELECT i, 'person ' || (i * 7919 % 20000), i % 100 FROM n;");
}

static void query(sqlite3 *database) {
    CHECK(number(database, "SELECT count(DISTINCT name) FROM people") == 20000);
    CHECK(number(database, "SELECT sum(people.id) FROM people JOIN towns ON town = towns.id"
                           " WHERE towns.name = 'town 42'") == 200 * 42 + 100 * 199 * 200 / 2);
    CHECK(number(database, "SELECT id FROM people ORDER BY name DESC LIMIT 1") == 12321);
    CHECK(number(database, "SELECT count(*) FROM pragma_integrity_check"
                           " WHERE integrity_check = 'ok'") == 1);
}

/* Fills the heap by a transaction that fails. */
static void fill(sqlite3 *database) {
    run(database, "BEGIN; CREATE TABLE filler(bytes BLOB);");
    int status = SQLITE_OK;
    while (status == SQLITE_OK) {
        status =
            sqlite3_exec(database, "INSERT INTO filler VALUES(zeroblob(10000))", NULL, NULL, NULL);
    }
    CHECK(status == SQLITE_NOMEM && sqlite3_errcode(database) == SQLITE_NOMEM);
    CHECK(chunk_locked_check(&locked, CHUNK_CHECK_EXHAUSTIVE) == NULL);
    if (sqlite3_get_autocommit(database) == 0) {
        run(database, "ROLLBACK");
    }
}

int main(void) {
    const sqlite3_mem_methods methods = chunk_sqlite_methods(&locked);
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    sqlite3 *database = NULL;
    CHECK(sqlite3_open(":memory:", &database) == SQLITE_OK);
    CHECK(chunk_heap_contains(&heap, database));
    create(database);
    query(database);
    for (int round = 0; round < 3; round++) {
        fill(database);
        query(database);
        run(database, "UPDATE people SET name = name || '' WHERE town = 7");
    }
    CHECK(sqlite3_close(database) == SQLITE_OK);
    CHECK(sqlite3_memory_used() == 0);
    CHECK(sqlite3_shutdown() == SQLITE_OK);
    check_ending("sqlite", &heap);
    return 0;
}
