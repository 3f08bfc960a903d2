# shellcheck shell=bash
# tables.sh: the tables that a bench prints, and the limits that its figures are held to.
# `markdown`, where it is not empty, has the tables as Markdown.

rows=() # of cells parted by `|`, the heading first
row() { local IFS='|'; rows+=("$*"); }

over=()
# Says the limit in `limit`, and remembers the figure if a value is past it.
judge() { # FIGURE (most|least) NUMBER VALUE...
    local value
    limit="at $2 $(grouped "$3")"
    for value in "${@:4}"; do
        awk -v kind="$2" -v value="$value" -v limit="$3" 'BEGIN {
            exit !(kind == "most" ? value + 0 <= limit + 0 : value + 0 >= limit + 0)
        }' || { over+=("$1: $value, and the limit is $limit"); return; }
    done
}

# 10000 as 10 000
grouped() { sed -E ':again; s/^([0-9]+)([0-9]{3})/\1 \2/; t again' <<<"$1"; }

# Prints the rows as columns, or as Markdown, and forgets them.
table() {
    printf '%s\n' "${rows[@]}" | awk -F '|' -v markdown="${markdown:-}" '
        { for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
        END {
            for (row = 1; row <= NR; row++) {
                text = markdown ? "|" : ""
                rule = "|"
                for (i = 1; i <= NF; i++) {
                    left = i == 1 || i == NF ? "-" : ""
                    rule = rule (left ? "---|" : "--:|")
                    padded = sprintf("%" left width[i] "s", cell[row, i])
                    text = text (markdown ? " " padded " |" : (i > 1 ? "  " : "") padded)
                }
                sub(/ +$/, "", text)
                print text
                if (markdown && row == 1) print rule
            }
            print ""
        }'
    rows=()
}

# The last word of a bench: what is over its limit, if anything is, and then the status is 1.
within_limits() { # BENCH
    ((${#over[@]} == 0)) || { printf "%s\n" "${over[@]/#/$1: over its limit: }" >&2; exit 1; }
}
