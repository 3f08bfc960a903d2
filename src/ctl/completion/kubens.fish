function __kubens
    set -l words (commandline --tokenize --cut-at-cursor --current-process) (commandline --cut-at-cursor --current-token)
    set -l typed $words[-1]
    # What is offered for --mount=PIN begins with --mount=
    set -l before (string match --regex -- '^--[^=]*=' $typed; or echo)
    for line in (kubensctl offer (basename $words[1]) -- $words 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path $typed
            case ':directories'
                __fish_complete_directories $typed
            case ':command *'
                set -l from (math (string replace ':command ' '' -- $line) + 1)
                if test $from = (count $words)
                    __fish_complete_subcommand
                    complete --do-complete -- $typed
                else
                    complete --do-complete -- (string join -- ' ' (string escape -- $words[$from..-2]) $typed)
                end
            case '*'
                echo -- $before$line
        end
    end
end
