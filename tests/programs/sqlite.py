# SPDX-License-Identifier: MIT
"""sqlite3: 400 000 rows with indices, changed, joined, vacuumed and checked."""

from trial import check, main

ROWS = 400_000

SCRIPT = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -64000;
CREATE TABLE item(id INTEGER PRIMARY KEY, key TEXT, price REAL, amount INTEGER, note BLOB);
BEGIN;
WITH RECURSIVE line(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM line WHERE n < {ROWS})
INSERT INTO item
SELECT n, printf('key-%08x', n * 2654435761 % 4294967296), n * 0.37, n * 7919 % 10007,
       zeroblob(n % 61) FROM line;
COMMIT;
CREATE INDEX by_key ON item(key);
CREATE INDEX by_amount ON item(amount, price);
SELECT count(*), sum(amount), round(total(price), 2), max(key) FROM item;
SELECT amount % 10 AS bucket, count(DISTINCT key), length(group_concat(key)) FROM item
WHERE amount < 500 GROUP BY bucket ORDER BY bucket;
BEGIN;
UPDATE item SET note = randomblob(40), key = 'changed-' || key WHERE id % 50 = 3;
DELETE FROM item WHERE amount BETWEEN 2000 AND 2199;
COMMIT;
SELECT count(*), sum(length(note)) FROM item;
SELECT count(*) FROM item a JOIN item b ON b.amount = a.amount + 1 AND b.price < a.price
WHERE a.id < 2000;
SELECT key, sum(amount) OVER (ORDER BY key ROWS 3 PRECEDING) FROM item WHERE key > 'key-f'
ORDER BY key DESC LIMIT 20;
CREATE TEMP TABLE heavy AS SELECT key, note FROM item ORDER BY price * amount DESC LIMIT 50000;
SELECT count(DISTINCT key) FROM heavy;
PRAGMA integrity_check;
SELECT count(*) FROM item WHERE key > 'key-8';
"""


def test(trial):
    script, database = trial.work / "script.sql", trial.work / "item.db"
    script.write_text(SCRIPT)

    def anew():
        for left in trial.work.glob("item.db*"):
            left.unlink()

    said = trial.same(["sqlite3", "-bail", database], stdin=script, before=anew)
    check(b"\nok\n" in said, f"the database is damaged:\n{said.decode()}")
    check(f"\n{ROWS}|".encode() in said, "there are not as many rows as there should be")


main(test, needs=["sqlite3"])
