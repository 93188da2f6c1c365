# Completion of nudgectl for bash: `nudgectl complete` says what may stand there.
_nudgectl()
{
    local word line part head
    local -a words
    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    # A space behind the last word begins another one.
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    word=${words[-1]}
    # Bash begins another word at each of these, and wants only what stands behind it.
    head=
    [[ $word == *[:=]* ]] && head=${word%"${word##*[:=]}"}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :file)
            compopt -o filenames
            while IFS= read -r part; do COMPREPLY+=("$part"); done < <(compgen -f -- "${word#"$head"}")
            ;;
        :folder)
            compopt -o filenames
            while IFS= read -r part; do COMPREPLY+=("$part"); done < <(compgen -d -- "${word#"$head"}")
            ;;
        *)
            line=${line%%$'\t'*}
            COMPREPLY+=("${line#"$head"}")
            ;;
        esac
    done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
    # The value of an option follows at once.
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -F _nudgectl nudgectl
