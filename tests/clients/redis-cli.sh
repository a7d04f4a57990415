#!/usr/bin/env bash
# redis-cli's own modes against the gateway's RESP port: bash redis-cli.sh HOST PORT
set -euo pipefail
host=$1 port=$2
folder=$(mktemp -d)
monitor=
trap 'rm -rf "$folder"; [ -z "$monitor" ] || kill "$monitor" 2>/dev/null || true' EXIT
cli() { redis-cli -h "$host" -p "$port" "$@"; }

# same WHAT IS SHOULD_BE
same() {
    [ "$2" = "$3" ] || { printf '%s: «%s» instead of «%s»\n' "$1" "$2" "$3" >&2; exit 1; }
}
# has WHAT TEXT PART
has() {
    grep -qF -- "$3" <<<"$2" || { printf '%s: «%s» is not in «%s»\n' "$1" "$3" "$2" >&2; exit 1; }
}

cli flushall >"$folder/out"
same set "$(cli set k v)" OK
same "from standard input" "$(printf 'a value' | cli -x set text)$(cli get text)" "OKa value"
same "a file of commands" "$(printf 'incr n\nincr n\n' | cli)" $'1\n2'
same repeat "$(cli -r 3 incr n | tail -1)" 5
same csv "$(cli --csv mget k missing n)" '"v",NULL,"5"'
same json "$(cli -3 hset h a 1 >"$folder/out"; cli --json hgetall h)" '{"a":"1"}'
same RESP3 "$(cli -3 --no-raw hgetall h)" '1# "a" => "1"'
same "RESP3 of a null" "$(cli -3 --no-raw get missing)" '(nil)'
has "an error" "$(cli lpush k x)" "WRONGTYPE Operation against a key holding the wrong kind of value"
if cli -e lpush k x >"$folder/out" 2>&1; then echo "-e: an error is a success" >&2; exit 1; fi
same "EVAL" "$(printf 'return {KEYS[1], ARGV[1]}' >"$folder/script.lua"; cli --eval "$folder/script.lua" one , two)" $'one\ntwo'

# Mass insertion: what redis-cli sends it does not look at, it counts the replies.
for i in $(seq 20000); do printf '*3\r\n$3\r\nSET\r\n$10\r\nkey:%06d\r\n$5\r\nvalue\r\n' "$i"; done >"$folder/mass"
has "--pipe" "$(cli --pipe <"$folder/mass")" "errors: 0, replies: 20000"
same "what --pipe wrote" "$(cli get key:020000)" value

# The key space, in several ways.
cli -3 rpush long $(seq 500) >"$folder/out"
same "--scan" "$(cli --scan --pattern 'key:*' | sort -u | wc -l)" 20000
bigkeys=$(cli --bigkeys)
has "--bigkeys" "$bigkeys" "has 500 items"
has "--bigkeys" "$bigkeys" "Sampled 20005 keys in the keyspace!"
has "--memkeys" "$(cli --memkeys)" "Biggest   list found"
cli config set maxmemory 1gb maxmemory-policy allkeys-lfu >"$folder/out"
cli -r 50 get k >"$folder/out"
has "--hotkeys" "$(cli --hotkeys)" 'keyname: "k"'

# Watching.
has "--latency" "$(cli --latency --raw -i 0.2 </dev/null | head -1)" " "
has "INFO" "$(cli info server)" "redis_version:"
has "--stat" "$(cli --stat -i 0.01 | head -3)" "20005"
redis-cli -h "$host" -p "$port" monitor >"$folder/monitor" &
monitor=$!
until grep -qF '"get" "seen"' "$folder/monitor"; do cli get seen >"$folder/out"; done
kill "$monitor"
monitor=

# Users.
cli acl setuser ada reset on '>secret' '~ada:*' +@all >"$folder/out"
same "--user" "$(cli --user ada --pass secret --no-auth-warning set ada:k v)" OK
has "NOPERM" "$(cli -u "redis://ada:secret@$host:$port" get k)" "NOPERM"
same "AUTH in the session" "$(printf 'auth ada secret\nacl whoami\n' | cli | tail -1)" ada

# A copy of the data is not given to who asks as a replica does.
if cli --rdb "$folder/copy.rdb" >"$folder/out" 2>&1; then echo "--rdb is not refused" >&2; exit 1; fi
