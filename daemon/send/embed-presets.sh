#!/bin/sh
# Prints C for the files given as arguments: rows of `preset_files`, each with its name and text.
set -eu

printf '/* Made by embed-presets.sh from the files of gateways/. */\n'
printf '#include "send/preset.h"\n\nconst struct built_in preset_files[] = {\n'
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
