//! Text in columns, and trees. comfy-table would do the columns; it pads each line to its end, and has nothing for a
//! tree within a column.

use std::borrow::Cow;

use super::text::steers;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A column.
pub struct Column {
    /// Its heading.
    pub head: &'static str,
    /// What of a long cell goes where there is no room.
    pub cut: Cut,
}

/// What of a long cell goes, with an ellipsis in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing: the line is longer then.
    Nothing,
    /// Its beginning: of a path, the end says more.
    Start,
    /// Its end.
    End,
}

/// To how few columns of the terminal a cell is cut.
const NARROWEST: usize = 8;

/// Rows under a head, aligned, two spaces between columns and none at a line's end; within `width` columns of a
/// terminal, as far as cells may be cut.
pub fn columns(columns: &[Column], rows: &[Vec<String>], heads: bool, width: Option<usize>) -> String {
    more(columns, rows, heads, width, &mut Vec::new())
}

/// The same, of a table of which rows were printed before: each column stays as wide as it was, or is wider. `widths`
/// begins empty.
pub fn more(
    columns: &[Column],
    rows: &[Vec<String>],
    heads: bool,
    width: Option<usize>,
    widths: &mut Vec<usize>,
) -> String {
    debug_assert!(!rows.iter().flatten().any(|cell| cell.contains(steers)));
    let head: Vec<_> = columns.iter().map(|column| column.head.to_owned()).collect();
    let lines = || heads.then_some(&head).into_iter().chain(rows);
    widths.resize(columns.len(), 0);
    for row in lines() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(room(cell));
        }
    }
    let mut widths = widths.clone();
    if let Some(whole) = width {
        fit(columns, &mut widths, whole);
    }
    let mut text = String::new();
    for row in lines() {
        line(&mut text, columns, row, &widths);
    }
    text
}

/// Takes from the widest column that may be cut, until there is room.
fn fit(columns: &[Column], widths: &mut [usize], whole: usize) {
    while widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) > whole {
        let may = columns.iter().zip(widths.iter_mut());
        let may = may.filter(|(column, width)| {
            column.cut != Cut::Nothing && **width > column.head.width().max(NARROWEST)
        });
        match may.max_by_key(|(_, width)| **width) {
            Some((_, width)) => *width -= 1,
            None => return,
        }
    }
}

fn line(text: &mut String, columns: &[Column], cells: &[String], widths: &[usize]) {
    let mut pending = 0;
    for ((column, cell), width) in columns.iter().zip(cells).zip(widths) {
        let cell = shortened(cell, *width, column.cut);
        if !cell.is_empty() {
            text.extend(std::iter::repeat_n(' ', pending));
            text.push_str(&cell);
            pending = 0;
        }
        pending += width.saturating_sub(room(&cell)) + 2;
    }
    text.push('\n');
}

/// How many columns of a terminal a cell takes.
fn room(cell: &str) -> usize {
    // Most are, and there are thousands.
    if cell.is_ascii() { cell.len() } else { cell.width() }
}

/// The cell in so many columns of the terminal; characters that take two may leave one free.
fn shortened(cell: &str, width: usize, cut: Cut) -> Cow<'_, str> {
    if room(cell) <= width {
        return cell.into();
    }
    let mut left = width.saturating_sub(1);
    let fits = |character: &char| {
        let rest = left.checked_sub(character.width().unwrap_or(0));
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    match cut {
        Cut::Nothing => cell.into(),
        Cut::End => cell.chars().take_while(fits).chain(['…']).collect(),
        Cut::Start => {
            let end: String = cell.chars().rev().take_while(fits).collect();
            ['…'].into_iter().chain(end.chars().rev()).collect()
        }
    }
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

    fn shown(cuts: [Cut; 3], rows: &[[&str; 3]], width: Option<usize>) -> String {
        let rows: Vec<Vec<_>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        let mut heads = ["A", "BB", "C"].into_iter();
        let columns = cuts.map(|cut| Column { head: heads.next().unwrap(), cut });
        columns_of(&columns, &rows, width)
    }

    fn columns_of(all: &[Column], rows: &[Vec<String>], width: Option<usize>) -> String {
        columns(all, rows, true, width)
    }

    #[test]
    fn columns_are_aligned_and_lines_end_with_their_last_cell() {
        let nothing = [Cut::Nothing; 3];
        let text = shown(nothing, &[["x", "y", "z"], ["long", "", ""], ["", "ü", "1"]], None);
        assert_eq!(text, "A     BB  C\nx     y   z\nlong\n      ü   1\n");
        // Two columns each, and none for a mark that stands above the letter before it.
        let text = shown(nothing, &[["日本", "e\u{301}", "x"], ["abcd", "e", "x"]], None);
        assert_eq!(text, "A     BB  C\n日本  e\u{301}   x\nabcd  e   x\n");
    }

    #[test]
    fn where_there_is_no_room_the_widest_is_cut_at_the_end_that_says_less() {
        let rows = [["/var/lib/kubelet/pods/a", "options,and,more", "note"]];
        let cuts = [Cut::Start, Cut::End, Cut::Nothing];
        let lines = |width| shown(cuts, &rows, Some(width)).lines().nth(1).unwrap().to_owned();
        assert_eq!(lines(80), "/var/lib/kubelet/pods/a  options,and,more  note");
        assert_eq!(lines(40), "…/kubelet/pods/a  options,and,more  note");
        assert_eq!(lines(28), "…et/pods/a  options,a…  note");
        // No less than this; the line is longer then.
        assert_eq!(lines(5), "…/pods/a  options…  note");
        assert_eq!(shown([Cut::Nothing; 3], &rows, Some(5)), shown(cuts, &rows, None));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_whatever_its_characters_take() {
        for width in 30..60 {
            let rows = [
                [
                    "日本日本日本日本日本",
                    "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
                    "x",
                ],
                ["abcdefghijklmnopqrst", "x日x日x日x日x日", "日"],
            ];
            let text = shown([Cut::Start, Cut::End, Cut::Nothing], &rows, Some(width));
            assert!(text.lines().all(|line| line.width() <= width), "{width}: {text}");
        }
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
