# shellcheck shell=bash
_kubens() {
    local words=() word glued='' current=$2 line
    # readline takes --mount=PIN for three words.
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ $word == = && ${#words[@]} -gt 0 ]]; then
            words[-1]+=$word glued=yes
        elif [[ $glued ]]; then
            words[-1]+=$word glued=''
        else
            words+=("$word")
        fi
    done
    [[ $current != = ]] || current=''
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$current") ;;
            :directories) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$current") ;;
            :command*)
                # The rest of the line is another command's: as for sudo, where bash-completion is there.
                if declare -F _command_offset >/dev/null; then
                    _command_offset "${line#* }"
                elif ((${line#* } == ${#words[@]} - 1)); then
                    mapfile -t COMPREPLY < <(compgen -c -- "$current")
                else
                    compopt -o filenames
                    mapfile -t COMPREPLY < <(compgen -f -- "$current")
                fi
                ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <(kubensctl offer "${1##*/}" -- "${words[@]}" 2>/dev/null)
}
