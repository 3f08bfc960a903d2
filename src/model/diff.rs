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
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let edits = script(&before, &after);
    let mut from = 0;
    while let Some(first) = edits[from..].iter().position(|edit| *edit != Edit::Keep).map(|at| at + from) {
        let start = first.saturating_sub(CONTEXT).max(from);
        let end = hunk_end(&edits, first);
        text += &hunk(&edits, start, end, &before, &after);
        from = end;
    }
    text
}

/// The shortest script, by the longest common subsequence: these texts have a few dozen lines.
fn script(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push(Edit::Keep);
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            edits.push(Edit::Remove);
            i += 1;
        } else {
            edits.push(Edit::Add);
            j += 1;
        }
    }
    edits
}

/// Where the hunk ends whose first change is at `first`: behind its context.
fn hunk_end(edits: &[Edit], first: usize) -> usize {
    let mut last = first;
    while let Some(next) = edits[last + 1..].iter().position(|edit| *edit != Edit::Keep) {
        if next > 2 * CONTEXT {
            break;
        }
        last += next + 1;
    }
    (last + 1 + CONTEXT).min(edits.len())
}

fn hunk(edits: &[Edit], start: usize, end: usize, old: &[&str], new: &[&str]) -> String {
    let count = |edits: &[Edit], not: Edit| edits.iter().filter(|edit| **edit != not).count();
    let (mut i, mut j) = (count(&edits[..start], Edit::Add), count(&edits[..start], Edit::Remove));
    let (olds, news) = (count(&edits[start..end], Edit::Add), count(&edits[start..end], Edit::Remove));
    // Lines count from 1, and an empty side names the line before it.
    let number = |index: usize, length: usize| if length == 0 { index } else { index + 1 };
    let mut text = format!("@@ -{},{olds} +{},{news} @@\n", number(i, olds), number(j, news));
    for edit in &edits[start..end] {
        let (sign, line) = match edit {
            Edit::Keep => (' ', old[i]),
            Edit::Remove => ('-', old[i]),
            Edit::Add => ('+', new[j]),
        };
        i += usize::from(*edit != Edit::Add);
        j += usize::from(*edit != Edit::Remove);
        text.push(sign);
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
