//! The difference of two short texts, as `diff -u` writes it.

const CONTEXT: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Remove,
    Add,
}

/// What turns `old` into `new`; `None` is a file that is not there. Empty where both are the same.
pub fn unified(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    let (before, after) = (old.unwrap_or_default(), new.unwrap_or_default());
    if old.is_some() == new.is_some() && before == after {
        return String::new();
    }
    let side = |text: Option<&str>| text.map_or("/dev/null", |_| path).to_owned();
    let mut text = format!("--- {}\n+++ {}\n", side(old), side(new));
    let script = script(&before.lines().collect::<Vec<_>>(), &after.lines().collect::<Vec<_>>());
    let mut from = 0;
    while let Some(first) = next_change(&script, from) {
        let start = first.saturating_sub(CONTEXT).max(from);
        let end = hunk_end(&script, first);
        text += &hunk(&script, start, end);
        from = end;
    }
    text
}

type Script<'a> = [(Edit, &'a str)];

/// The shortest script, by the longest common subsequence: these texts have a few dozen lines.
fn script<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(Edit, &'a str)> {
    // How many lines the last so many of `old` and the last so many of `new` have in common.
    let mut common = vec![vec![0_usize; new.len() + 1]];
    for line in old.iter().rev() {
        let mut row = vec![0];
        for (other, below) in new.iter().rev().zip(common.last().map_or(&[][..], Vec::as_slice).windows(2)) {
            let left = row.last().copied();
            row.push(match below {
                [corner, _] if line == other => corner + 1,
                _ => below.last().copied().max(left).unwrap_or(0),
            });
        }
        common.push(row);
    }
    let rest = |i: usize, j: usize| {
        let row = common.get(old.len().saturating_sub(i));
        row.and_then(|row| row.get(new.len().saturating_sub(j))).copied()
    };
    let (mut i, mut j, mut script) = (0, 0, Vec::new());
    loop {
        let edit = match (old.get(i), new.get(j)) {
            (None, None) => return script,
            (Some(line), Some(other)) if line == other => (Edit::Keep, *line),
            (Some(line), Some(_)) if rest(i + 1, j) >= rest(i, j + 1) => (Edit::Remove, *line),
            (Some(line), None) => (Edit::Remove, *line),
            (_, Some(other)) => (Edit::Add, *other),
        };
        i += usize::from(edit.0 != Edit::Add);
        j += usize::from(edit.0 != Edit::Remove);
        script.push(edit);
    }
}

/// The next line that is not kept.
fn next_change(script: &Script<'_>, from: usize) -> Option<usize> {
    script.iter().skip(from).position(|(edit, _)| *edit != Edit::Keep).map(|at| at + from)
}

/// Where the hunk ends whose first change is at `first`: behind its context.
fn hunk_end(script: &Script<'_>, first: usize) -> usize {
    let mut last = first;
    while let Some(next) = next_change(script, last + 1).filter(|next| next - last <= 2 * CONTEXT + 1) {
        last = next;
    }
    (last + 1 + CONTEXT).min(script.len())
}

fn hunk(script: &Script<'_>, start: usize, end: usize) -> String {
    let part = || script.iter().take(end).skip(start);
    let before = |not: Edit| script.iter().take(start).filter(|(edit, _)| *edit != not).count();
    let within = |not: Edit| part().filter(|(edit, _)| *edit != not).count();
    let (olds, news) = (within(Edit::Add), within(Edit::Remove));
    // Lines count from 1, and an empty side names the line before it.
    let number = |index: usize, length: usize| if length == 0 { index } else { index + 1 };
    let (from, to) = (number(before(Edit::Add), olds), number(before(Edit::Remove), news));
    let mut text = format!("@@ -{from},{olds} +{to},{news} @@\n");
    for (edit, line) in part() {
        text.push(match edit {
            Edit::Keep => ' ',
            Edit::Remove => '-',
            Edit::Add => '+',
        });
        text.extend([line, "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_and_a_removed_one() {
        assert_eq!(unified("/a", None, Some("1\n2\n")), "--- /dev/null\n+++ /a\n@@ -0,0 +1,2 @@\n+1\n+2\n");
        assert_eq!(unified("/a", Some("1\n"), None), "--- /a\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-1\n");
        assert_eq!(unified("/a", Some("1\n"), Some("1\n")), "");
    }

    #[test]
    fn a_change_with_its_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n";
        let new = old.replace("5\n6\n", "5\nx\n").replace("13\n", "13\ny\n");
        assert_eq!(
            unified("/a", Some(old), Some(&new)),
            "--- /a\n+++ /a\n@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+x\n 7\n 8\n 9\n@@ -11,3 +11,4 @@\n 11\n 12\n 13\n+y\n"
        );
    }
}
