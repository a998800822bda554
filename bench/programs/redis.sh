#!/bin/bash
# SPDX-License-Identifier: MIT
# redis.sh THOUSANDS: a server with the allocator named by BENCH_PRELOAD, driven by redis-benchmark;
# ends with the time of the commands, and the memory one second after FLUSHALL, as one line of JSON.
set -euo pipefail

requests=$(($1 * 1000))
dir=$(mktemp -d)
server=
trap 'if [[ -n $server ]]; then kill -9 "$server" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT
socket=$dir/redis.sock

LD_PRELOAD=${BENCH_PRELOAD:-} redis-server --port 0 --unixsocket "$socket" --save '' \
    --appendonly no --dir "$dir" --daemonize no >"$dir/log" 2>&1 &
server=$!
for _ in $(seq 200); do
    [[ -S $socket ]] && break
    sleep 0.01
done

bench() {
    LC_ALL=C redis-benchmark -s "$socket" -n "$requests" -P 16 -c 20 -r 100000 -q "$@" >"$dir/out"
}

start=$(date +%s%N)
bench -t set -d 100
bench -t get
bench -t set -d 1000
bench -t lpush,lpop -d 60
bench -t hset,sadd,zadd -d 40
redis-benchmark -s "$socket" -n $((requests / 20)) -P 16 -c 20 -q -t lrange_100 >"$dir/out"
end=$(date +%s%N)

redis-cli -s "$socket" FLUSHALL SYNC >/dev/null
sleep 1
after=$(awk '/^VmRSS/ { print $2 }' "/proc/$server/status")
redis-cli -s "$socket" PING >/dev/null
redis-cli -s "$socket" SHUTDOWN NOSAVE >/dev/null || true
wait "$server"
server=
awk -v ns=$((end - start)) -v after="$after" -v ops="$requests" 'BEGIN {
    printf "{\"workload\":\"redis\",\"seconds\":%.6f,\"ops\":%d,\"after_kib\":%d}\n", ns / 1e9, ops * 7, after
}'
