_kubens() {
    local line
    local -a offered
    # What follows --mount= is a word of its own for those that come now.
    local -a asked=("${(@)words[1,CURRENT]}")
    [[ $words[CURRENT] != --*=* ]] || compset -P '*='
    for line in "${(@f)$(kubensctl offer "${words[1]:t}" -- "${(@)asked}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            :files) _files ;;
            :directories) _files -/ ;;
            :command\ *)
                shift "${line#* }" words
                ((CURRENT -= ${line#* }))
                _normal
                ;;
            *) offered+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done
    ((! $#offered)) || _describe -t values value offered
}
if [[ $funcstack[1] == _kubens(enter|ctl) ]]; then
    _kubens "$@"
    return
fi
