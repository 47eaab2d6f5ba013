# Completion of ers for bash: source <(ers completion bash)
_ers() {
    local cur=${COMP_WORDS[COMP_CWORD]} line name
    [[ $cur == '=' ]] && cur=
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :files | :dirs)
            compopt -o filenames 2>/dev/null
            local how=-f
            [[ $line == :dirs ]] && how=-d
            while IFS= read -r name; do
                COMPREPLY+=("$name")
            done < <(compgen "$how" -- "$cur")
            ;;
        *)
            COMPREPLY+=("${line%%$'\t'*}")
            ;;
        esac
    done < <("${COMP_WORDS[0]/#\~/$HOME}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _ers ers
