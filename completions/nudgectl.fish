# Completion of nudgectl for fish: `nudgectl complete` says what may stand there.
function __nudgectl_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l word (string unescape -- "$typed")
    test -n "$word"; or set word "$typed"
    for line in (command $words[1] complete $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case :file
                __fish_complete_path "$word"
            case :folder
                __fish_complete_directories "$word"
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c nudgectl -f -k -a '(__nudgectl_complete)'
