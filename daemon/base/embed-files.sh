#!/bin/sh
# usage: embed-files.sh HEADER ARRAY FILE…
# Prints C: the files as rows of ARRAY (base/built_in), which HEADER declares, by name and text.
set -eu
header=$1 array=$2
shift 2

printf '/* Made by embed-files.sh. */\n'
printf '#include "%s"\n\nconst struct built_in %s[] = {\n' "$header" "$array"
for file in "$@"; do
    printf '    {"%s",\n' "$(basename "$file")"
    awk '{
        gsub(/\\/, "&&")
        gsub(/"/, "\\\"")
        gsub(/\?/, "\\?")
        printf "     \"%s\\n\"\n", $0
    }' "$file"
    printf '     ""},\n'
done
printf '    {0},\n};\n'
