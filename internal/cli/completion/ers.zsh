#compdef ers
# Completion of ers for zsh: source <(ers completion zsh), or this file as _ers in $fpath.
_ers() {
    local line
    local -a candidates answer
    answer=("${(@f)$(${(Q)words[1]} complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    compset -P '--*='
    for line in $answer; do
        case $line in
        :files) _files ;;
        :dirs) _files -/ ;;
        *) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done
    (( $#candidates )) && _describe ers candidates
}
if [[ $funcstack[1] == _ers ]]; then
    _ers "$@"
else
    compdef _ers ers
fi
