# Completion of ers for fish: ers completion fish > ~/.config/fish/completions/ers.fish
function __ers_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l flag (string match -r -- '^--[^=]+=' "$current")
    set -l begun (string replace -- "$flag" '' "$current")
    for line in ($words[1] complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                for name in (__fish_complete_path "$begun")
                    echo "$flag$name"
                end
            case :dirs
                for name in (__fish_complete_directories "$begun")
                    echo "$flag$name"
                end
            case '*'
                echo "$flag$line"
        end
    end
end
complete -c ers -f -a '(__ers_complete)'
