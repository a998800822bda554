#!/bin/bash
# SPDX-License-Identifier: MIT
# forks.sh COUNT: pipelines, command substitutions and subshells, as configure scripts are made of.
set -euo pipefail

total=0
for ((i = 0; i < $1; i++)); do
    name=$(basename "/some/path/file$i.c")
    word=$(printf '%s\n' "$name" | sed 's/\.c$/.o/' | tr 'a-z' 'A-Z')
    length=$(expr "$word" : '.*')
    total=$((total + length))
    (
        export NAME=$word
        [[ $(env | grep -c '^NAME=') == 1 ]]
    )
done
echo "$total"
