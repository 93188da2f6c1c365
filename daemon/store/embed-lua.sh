#!/bin/sh
# Prints C for the Lua scripts given as arguments: NAME.lua becomes `const char script_NAME[]`.
# A line `--with shared_X` is replaced by shared_X.lua of the same folder, without its comments, and
# there likewise; those files may stand among the arguments and make no variable of their own.
set -eu

printf '/* Made by embed-lua.sh from the .lua files beside it. */\n'
for file in "$@"; do
    name=$(basename "$file" .lua)
    case $name in shared_*) continue ;; esac
    awk -v name="$name" -v folder="$(dirname "$file")" '
        function put(line) {
            gsub(/\\/, "&&", line)
            gsub(/"/, "\\\"", line)
            printf "    \"%s\\n\"\n", line
        }
        function insert(path, line, got, words) {
            while ((got = (getline line < path)) > 0)
                if (split(line, words) && words[1] == "--with")
                    insert(folder "/" words[2] ".lua")
                else if (line !~ /^ *--/)
                    put(line)
            close(path)
            if (got < 0) {
                printf "embed-lua.sh: cannot read %s\n", path > "/dev/stderr"
                exit failed = 1
            }
        }
        BEGIN { printf "\nconst char script_%s[] =\n", name }
        $1 == "--with" { insert(folder "/" $2 ".lua"); next }
        { put($0) }
        END { print "    \"\";"; exit failed }
    ' "$file"
done
