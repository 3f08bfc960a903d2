//! Text in columns, and trees. comfy-table would do the columns; it pads each line to its end, and has nothing for a
//! tree within a column.

use super::text::steers;
use unicode_width::UnicodeWidthStr;

/// Rows under a head, aligned, two spaces between columns and none at a line's end. Nothing is cut off, and no cell
/// has a line of its own.
pub fn columns<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    debug_assert!(!rows.iter().flatten().any(|cell| cell.contains(steers)));
    let mut widths = head.map(UnicodeWidthStr::width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    line(&mut text, &head, &widths);
    for row in rows {
        line(&mut text, &row.each_ref().map(String::as_str), &widths);
    }
    text
}

fn line<const N: usize>(text: &mut String, cells: &[&str; N], widths: &[usize; N]) {
    let mut pending = 0;
    for (cell, width) in cells.iter().zip(widths) {
        let length = cell.width();
        if length > 0 {
            text.extend(std::iter::repeat_n(' ', pending));
            text.push_str(cell);
            pending = 0;
        }
        pending += width - length + 2;
    }
    text.push('\n');
}

/// The branches to draw before each item of a tree, and the order in which to draw them. `parents` gives the place of
/// each item's parent, if that is an item too; items that would be their own ancestors are drawn as roots.
pub fn tree(parents: &[Option<usize>]) -> Vec<(usize, String)> {
    let mut children = vec![Vec::new(); parents.len()];
    let mut roots = Vec::new();
    for (place, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) if *parent != place && *parent < parents.len() => children[*parent].push(place),
            Some(_) | None => roots.push(place),
        }
    }
    let mut drawn = vec![false; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    // A circle has no root; whatever is left begins one.
    for start in roots.into_iter().chain(0..parents.len()) {
        let mut stack = vec![(start, String::new(), String::new())];
        while let Some((place, branch, indent)) = stack.pop() {
            if std::mem::replace(&mut drawn[place], true) {
                continue;
            }
            order.push((place, branch));
            let last = children[place].last().copied();
            for &child in children[place].iter().rev() {
                let (arm, below) = if Some(child) == last { ("└─", "  ") } else { ("├─", "│ ") };
                stack.push((child, format!("{indent}{arm}"), format!("{indent}{below}")));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_with_their_last_cell() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned);
        let text =
            columns(["A", "BB", "C"], &[row(["x", "y", "z"]), row(["long", "", ""]), row(["", "ü", "1"])]);
        assert_eq!(text, "A     BB  C\nx     y   z\nlong\n      ü   1\n");
        // Two columns each, and none for a mark that stands above the letter before it.
        let text = columns(["A", "B", "C"], &[row(["日本", "e\u{301}", "x"]), row(["abcd", "e", "x"])]);
        assert_eq!(text, "A     B  C\n日本  e\u{301}  x\nabcd  e  x\n");
    }

    #[test]
    fn a_tree_draws_every_item_once() {
        let drawn = |parents: &[Option<usize>]| {
            tree(parents).iter().map(|(place, branch)| format!("{branch}{place}")).collect::<Vec<_>>()
        };
        assert_eq!(drawn(&[None, Some(0), Some(1), Some(0)]), ["0", "├─1", "│ └─2", "└─3"]);
        assert_eq!(drawn(&[Some(1), Some(0), Some(2), Some(9)]), ["2", "3", "0", "└─1"]);
    }
}
