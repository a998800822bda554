# SPDX-License-Identifier: MIT
"""Debian's source packages, had and built without touching the system's own lists of packages."""

import shutil

from runs import Missing, Place, TOP

SOURCES = TOP / "build-programs" / "sources"
LISTS = TOP / "build-programs" / "apt"
RELEASE = "bookworm"


def apt(place, *words):
    (LISTS / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (LISTS / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    # The archive of security updates forgets earlier sources, so that not all that it lists is there.
    (LISTS / "sources.list").write_text(f"deb-src http://deb.debian.org/debian {RELEASE} main\n", encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": LISTS / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": LISTS / "lists",
        "Dir::Cache": LISTS / "cache",
        "APT::Sandbox::User": "root",
    }
    argv = ["apt-get", "--quiet"]
    for name, value in options.items():
        argv += ["-o", f"{name}={value}"]
    return place.call([*argv, *words], cwd=place.work)


def fetch(package, log):
    """The directory of the unpacked source."""
    folder = SOURCES / package
    if not (folder / "fetched").exists():
        place = Place(folder, log)
        if apt(place, "update") != 0 or apt(place, "source", package) != 0:
            raise Missing(f"the source of {package} cannot be had: {log}")
        (folder / "fetched").touch()
    return next(path for path in sorted(folder.iterdir()) if path.is_dir())


def built(package, commands, logs):
    """The same, once the commands have been run in it; how they are called is remembered."""
    tree = fetch(package, logs / f"{package}-source.log")
    stamp = SOURCES / package / "built"
    wanted = repr(commands)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        work = SOURCES / f"{package}.work"
        place = Place(work, logs / f"{package}-build.log")
        for command in commands:
            status = place.call(command, cwd=tree, limit=3600)
            if status != 0:
                raise Missing(f"{package} cannot be built: {status} of {' '.join(command)}, see {place.log}")
        stamp.write_text(wanted, encoding="utf-8")
        shutil.rmtree(work, ignore_errors=True)
    return tree
