# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Arrays, strings, functions, subshells, pipes, here documents, traps and jobs.
set -eu -o pipefail

declare -A count
declare -a lines

next() {
    state=$(((state * 1103515245 + 12345) % 2147483648))
    number=$((state >> 8))
}

join() {
    local IFS=$1
    shift
    printf '%s' "$*"
}

state=42
for ((i = 0; i < 20000; i++)); do
    next
    word=key$((number % 3000))
    count[$word]=${count[$word]-}$((number % 10))
    lines+=("$word ${count[$word]: -1} $(( number % 77 ))")
done
printf '%s\n' "${!count[@]}" | LC_ALL=C sort | sed -n 1,5p
printf '%s\n' "${lines[@]}" | cksum

text=$(join , "${lines[@]:0:8000}")
text=${text//key1/<&>}
text=${text^^}
printf '%d %s\n' "${#text}" "$(printf '%s' "$text" | cksum)"

sum=0
while read -r word digit rest; do
    case $word in
    *7) ((sum += digit * 2)) ;;
    key[12]*) ((sum += rest)) ;;
    *) ((sum++)) || : ;;
    esac
    [[ $word =~ ^key([0-9])([0-9]*)$ ]] && tail[BASH_REMATCH[1]]=${BASH_REMATCH[2]}
done < <(printf '%s\n' "${lines[@]}")
echo "sum $sum tails ${tail[*]}"

# Some 600 processes, by the shell alone and by way of programs.
total=0
for ((i = 0; i < 300; i++)); do
    part=$(echo $((i * i)) | { read -r value; echo "${value}0"; })
    ((total += part)) || :
done
for name in {a..z}{1..4}; do
    cat <<END >"$name.txt"
$name: $(printf '%*s' $((total % 50 + 1)) "$name" | tr ' ' '.')
END
done
cat -- *.txt | grep -v b | sed -e 's/\.\./-/g' | sort -r | uniq | cksum
find . -name '*.txt' -exec wc -c {} + | tail -n 1
rm -f -- *.txt

for job in 1 2 3 4; do
    (
        trap 'echo "job $job ends" >"$job.out"' EXIT
        values=()
        for ((k = 0; k < 3000; k++)); do values+=("$job$k${values[k / 2]-}"); done
        join : "${values[@]}" | cksum >"$job.sum"
    ) &
done
wait
cat -- ?.out ?.sum
rm -f -- ?.out ?.sum
eval "$(for ((i = 0; i < 2000; i++)); do echo "f$i() { echo \$((\$1 + $i)); }"; done)"
f1999 1
exit 3
