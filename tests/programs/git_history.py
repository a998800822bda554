# SPDX-License-Identifier: MIT
"""git: a generated history of thousands of objects is imported, cloned, packed and checked."""

import random
import shutil

from trial import check, main

COMMITS = 1000
FILES = 60


def history(path):
    """A stream for git fast-import, with a side branch that is merged now and then."""
    rng = random.Random(23)
    words = ["".join(rng.choices("abcdefghij", k=rng.randint(2, 9))) for _ in range(500)]
    files = [[" ".join(rng.choices(words, k=8)) for _ in range(rng.randint(5, 200))] for _ in range(FILES)]
    with open(path, "w", encoding="utf-8") as out:
        for commit in range(1, COMMITS + 1):
            side = commit % 7 == 0
            out.write(f"commit refs/heads/{'side' if side else 'main'}\nmark :{commit}\n")
            out.write(f"committer Someone <someone@example.org> {1600000000 + commit * 60} +0000\n")
            message = f"Change {commit}\n\n" + " ".join(rng.choices(words, k=30)) + "\n"
            out.write(f"data {len(message)}\n{message}")
            if commit > 1:
                out.write(f"from :{commit - 1}\n" if not side else f"from :{max(commit - 3, 1)}\n")
            if commit % 50 == 8:
                out.write(f"merge :{commit - 1}\n")
            for _ in range(3):
                number = rng.randrange(FILES)
                lines = files[number]
                lines[rng.randrange(len(lines))] = " ".join(rng.choices(words, k=8))
                lines.insert(rng.randrange(len(lines)), " ".join(rng.choices(words, k=5)))
                text = "\n".join(lines) + "\n"
                out.write(f"M 100644 inline dir{number % 6}/file{number}\ndata {len(text)}\n{text}\n")
        out.write("done\n")


SCRIPT = """
set -e
git init --quiet --bare origin
git -C origin fast-import --quiet --done <history
git -C origin symbolic-ref HEAD refs/heads/main
git clone --quiet --no-local "file://$PWD/origin" copy
cd copy
git fsck --full --strict
git log --all --stat --format='%H %T %s' | sha256sum
git checkout --quiet -b topic HEAD~20
printf 'a line\\n' >>dir1/file1
git commit --quiet --all --message 'A change of our own'
git merge --quiet --no-edit origin/side -X ours
git gc --quiet --aggressive --prune=now
git repack --quiet -a -d -f --threads=2 --window=20
git fsck --full --strict
git diff --stat HEAD~40 | tail -n 1
git blame dir2/file2 | sha256sum
git grep --count --threads=2 abc | sort | sha256sum
git cat-file --batch-all-objects --batch-check='%(objectname) %(objecttype) %(objectsize)' | sha256sum
git cat-file --batch-all-objects --batch-check | wc -l
git archive --format=tar HEAD | sha256sum
git rev-parse HEAD
"""


def test(trial):
    history(trial.work / "history")
    script = trial.work / "script.sh"
    script.write_text(SCRIPT)
    env = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1", "GIT_TERMINAL_PROMPT": "0"}
    env |= {"GIT_CONFIG_KEY_0": "init.defaultBranch", "GIT_CONFIG_VALUE_0": "main"}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {
            f"GIT_{who}_NAME": "Someone",
            f"GIT_{who}_EMAIL": "someone@example.org",
            f"GIT_{who}_DATE": "2021-02-03T04:05:06Z",
        }

    def anew():
        for directory in ("origin", "copy"):
            shutil.rmtree(trial.work / directory, ignore_errors=True)

    # git reads what its helpers say on standard error, and passes it on.
    how = {"statistics": False, "programs": ["git"]}
    said = trial.same(["bash", script], before=anew, env=env, **how)
    objects = max(int(line) for line in said.splitlines() if line.isdigit())
    check(objects > 5000, f"the history has only {objects} objects")


main(test, needs=["git", "bash", "sha256sum"])
