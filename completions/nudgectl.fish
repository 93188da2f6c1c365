# Completion of nudgectl for fish: `nudgectl complete` says what may stand there.
function __nudgectl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in (command $words[1] complete $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case :file
                __fish_complete_path "$word"
            case :folder
                __fish_complete_directories "$word"
            case '*'
                echo $line
        end
    end
end
complete -c nudgectl -f -k -a '(__nudgectl_complete)'
