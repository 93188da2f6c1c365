# Completion of nudgectl for bash: `nudgectl complete` says what may stand there.

# The words up to the cursor into `words`, as the command will get them, and whether a quote is open in the last.
# Nothing of them is expanded. Bash begins another word at each of COMP_WORDBREAKS: what no space parts is one.
_nudgectl_words()
{
    local rest=${COMP_LINE:0:COMP_POINT} word bare
    words=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        bare=${rest#"${rest%%[![:space:]]*}"}
        if [[ $bare != "$rest" || ${#words[@]} == 0 || -z $rest ]]; then
            words+=("${bare:0:${#word}}")
        else
            words[-1]+=${bare:0:${#word}}
        fi
        rest=${bare:${#word}}
    done
    quote=
    for ((word = 0; word < ${#words[@]}; word++)); do
        quote=${words[word]:0:1}
        case $quote in
        [\"\'])
            words[word]=${words[word]:1}
            [[ ${words[word]} == *"$quote" ]] && words[word]=${words[word]%"$quote"} quote=
            ;;
        *)
            quote=
            words[word]=${words[word]//\\/}
            ;;
        esac
    done
}

# A candidate as it is to be typed: names are those that strangers chose.
_nudgectl_add()
{
    local text
    if [[ -n $quote ]]; then
        [[ $1 == *[!A-Za-z0-9_.,@:+=/\ -]* ]] && return
        text=$1
    else
        printf -v text %q "$1"
    fi
    COMPREPLY+=("$text")
}

_nudgectl()
{
    local word line part head quote
    local -a words
    _nudgectl_words
    word=${words[-1]}
    # It wants only what stands behind the last of these.
    head=
    [[ -z $quote && $word == *[:=]* ]] && head=${word%"${word##*[:=]}"}
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
            _nudgectl_add "${line#"$head"}"
            ;;
        esac
    done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
    # The value of an option follows at once.
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -F _nudgectl nudgectl
