#!/bin/sh
# Prints C for the Lua scripts given as arguments: NAME.lua becomes `const char script_NAME[]`.
# A line `--with shared_X` is replaced by shared_X.lua of the same folder, without its comments;
# those files may stand among the arguments and make no variable of their own.
# Redis has no way back from a command that it denies in the middle of a script. Each script therefore
# begins with the question whether its user may run all that it names, so that nothing is half done: the
# place is the line behind its comment.
set -eu

printf '/* Made by embed-lua.sh from the .lua files beside it. */\n'
for file in "$@"; do
    name=$(basename "$file" .lua)
    case $name in shared_*) continue ;; esac
    awk -v name="$name" -v script="$file" -v folder="$(dirname "$file")" '
        function put(line) {
            gsub(/\\/, "&&", line)
            gsub(/"/, "\\\"", line)
            printf "    \"%s\\n\"\n", line
        }
        # A right of some names the part too. Each is asked with arguments: Redis 7.0 reads those of some
        # that are not there. INFO may lack.
        function note(line, call) {
            while (match(line, /call\(\047[A-Z]+\047(, \047[A-Z]+\047)?/)) {
                call = substr(line, RSTART + 5, RLENGTH - 5)
                line = substr(line, RSTART + RLENGTH)
                if (call !~ /^\047(XGROUP|XINFO)/)
                    sub(/,.*/, "", call)
                sub(/, /, ",", call)
                if (!(call in named)) {
                    named[call]
                    if (call == "\047XREADGROUP\047")
                        call = call ",\047GROUP\047,k,k,\047STREAMS\047,k"
                    if (call != "\047INFO\047")
                        guard = guard (guard ? " and " : "") "may(" call ",k,k,k)"
                }
            }
        }
        function scan(path, line) {
            while ((getline line < path) > 0) {
                if (line !~ /^ *--/)
                    note(line)
                if (line ~ /^ *--with/) {
                    sub(/^ *--with /, "", line)
                    scan(folder "/" line ".lua")
                }
            }
            close(path)
        }
        function put_guard() {
            guarded = 1
            if (!guard)
                return
            put("do local may, k = redis.acl_check_cmd, ARGV[1] .. \":meta\"")
            put("if may and not (" guard ") then")
            put("return redis.error_reply(\"NOPERM a command of the script " name " is denied\") end end")
        }
        function insert(path, line, got) {
            while ((got = (getline line < path)) > 0)
                if (line !~ /^ *--/)
                    put(line)
            close(path)
            if (got < 0) {
                printf "embed-lua.sh: cannot read %s\n", path > "/dev/stderr"
                exit failed = 1
            }
        }
        BEGIN { printf "\nconst char script_%s[] =\n", name; scan(script) }
        !guarded && !/^(--|#!)/ { put_guard() }
        $1 == "--with" { insert(folder "/" $2 ".lua"); next }
        { put($0) }
        END { print "    \"\";"; exit failed }
    ' "$file"
done
