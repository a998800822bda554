# SPDX-License-Identifier: MIT
"""redis-server: every command of redis-benchmark, forks that save, and the same data in the end."""

import re
import shutil
import subprocess
import time

from trial import PATH, check, main

START_SECONDS = 30


def executable(trial):
    """The server, whose code Debian has in redis-tools, under another name. The package
    redis-server adds little but the service, which is started as soon as it is installed."""
    link = trial.work / "redis-server"
    if not link.exists():
        link.symlink_to(shutil.which("redis-check-rdb", path=PATH))
    return link


class Server:
    def __init__(self, trial, preload):
        self.socket = trial.work / "redis.sock"
        self.trial = trial
        options = {
            "port": 0,
            "unixsocket": self.socket,
            "dir": trial.work,
            "dbfilename": "dump.rdb",
            "save": "",
            "enable-debug-command": "yes",
            "io-threads": 2,
        }
        argv = [executable(trial)]
        for name, value in options.items():
            argv += [f"--{name}", value]
        self.run = trial.start(argv, preload=preload)
        self._wait_for(lambda: self.ask("PING", fails=True) == "PONG", "the server does not answer")

    def _wait_for(self, ready, complaint):
        end = time.monotonic() + START_SECONDS
        while not ready():
            check(self.run.process.poll() is None, f"the server has ended: {complaint}")
            check(time.monotonic() < end, complaint)
            time.sleep(0.05)

    def ask(self, *command, fails=False):
        argv = ["redis-cli", "-s", str(self.socket), *map(str, command)]
        done = subprocess.run(argv, env={"PATH": PATH}, capture_output=True, text=True)
        check(fails or done.returncode == 0, f"redis-cli {command}: {done.stderr}")
        return done.stdout.strip()

    def benchmark(self, *options):
        argv = ["redis-benchmark", "-s", self.socket, "--csv", *options]
        done = self.trial.run(argv, preload=self.run.preload)
        rows = [line.split('","')[0].strip('"') for line in done.stdout.decode().splitlines()]
        return rows[1:]

    def saves(self):
        """How often the data was saved, by children that the server forked."""
        info = dict(re.findall(r"(\w+):(\S*)", self.ask("INFO", "persistence")))
        check(info["rdb_last_bgsave_status"] == "ok", "the server could not save the data")
        return int(info["rdb_saves"])

    def save(self):
        before = self.saves()
        self.ask("BGSAVE")
        self._wait_for(lambda: self.saves() > before, "BGSAVE does not end")


def fill(server):
    """Data that is the same each time, in each of the types."""
    server.ask("DEBUG", "POPULATE", 100000, "plain", 40)
    server.ask("DEBUG", "POPULATE", 2000, "large", 5000)
    script = """
        for i = 1, 20000 do
            local n = i * 7919 % 10007
            redis.call('HSET', 'hash' .. n % 50, 'field' .. n, string.rep('v', n % 200))
            redis.call('ZADD', 'sorted' .. n % 20, n, 'member' .. i)
            redis.call('SADD', 'set' .. n % 30, n)
            redis.call('RPUSH', 'list' .. n % 40, string.rep('x', i % 300))
            redis.call('XADD', 'stream' .. n % 10, i .. '-1', 'field', n)
            redis.call('APPEND', 'text' .. n % 100, 'appended')
        end
        for i = 0, 19 do
            redis.call('ZREMRANGEBYRANK', 'sorted' .. i, 0, 99)
            redis.call('LTRIM', 'list' .. i, 10, -10)
            redis.call('DEL', 'hash' .. i)
        end
        return redis.call('DBSIZE')
    """
    return server.ask("EVAL", script, 0)


def session(trial, preload):
    for left in trial.work.glob("dump.rdb"):
        left.unlink()
    server = Server(trial, preload)
    commands = []
    if preload:
        commands = server.benchmark("-n", "10000", "-c", "20", "-P", "4", "-r", "10000", "-d", "100")
        server.save()
        server.benchmark("-t", "set,lpush", "-n", "20000", "-r", "20000", "-d", "2000", "--threads", "2")
        server.ask("FLUSHALL")
        server.ask("MEMORY", "PURGE")
    size = fill(server)
    server.save()
    digest = server.ask("DEBUG", "DIGEST")
    server.ask("DEBUG", "RELOAD")
    check(server.ask("DEBUG", "DIGEST") == digest, "the data differs after it was saved and loaded")
    server.run.look()
    server.ask("SHUTDOWN", "SAVE", fails=True)
    server.run.wait().expect(0)
    if preload:
        trial.served(server.run)
    check((trial.work / "dump.rdb").stat().st_size > 1_000_000, "the server saved nothing at its end")
    return size, digest, commands


def test(trial):
    size, digest, _ = session(trial, False)
    size_preloaded, digest_preloaded, commands = session(trial, True)
    check(len(commands) >= 18, f"redis-benchmark ran only {commands}")
    check((size, digest) == (size_preloaded, digest_preloaded), "the data differs under the library")


main(test, needs=["redis-check-rdb", "redis-cli", "redis-benchmark"])
