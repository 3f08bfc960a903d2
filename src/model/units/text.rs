//! Reads the text of a unit file or a drop-in as systemd's own parser does (systemd.syntax(7)), whose continued lines,
//! comments within these, and lists that an empty line resets are not those of INI files.

use std::rc::Rc;

/// One assignment, as systemd sees it: continued lines joined, blanks around key and value gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The section, without its brackets.
    pub section: Rc<str>,
    /// What is set.
    pub key: String,
    /// To what; empty for a list means that it starts anew.
    pub value: String,
    /// The number of the line on which it ends.
    pub line: usize,
}

/// What a text says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The assignments, in order.
    pub assignments: Vec<Assignment>,
    /// Where systemd stops reading, if it does.
    pub fault: Option<Fault>,
}

/// A line at which systemd gives a file up: a unit file then does not load, a drop-in ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line's number.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What systemd strips from both ends of a line, and what separates words.
pub(super) const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Reads a text.
pub fn parse(text: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut section = None;
    let mut joined: Option<Vec<u8>> = None;
    let mut marked = false;
    let mut number = 0;
    for mut line in lines(text) {
        number += 1;
        let first = line.iter().find(|byte| !BLANKS.contains(&char::from(**byte)));
        // A comment is left out wherever it stands, between continued lines too.
        if first.is_some_and(|byte| b"#;".contains(byte)) {
            continue;
        }
        if let Some(rest) = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| !marked) {
            (line, marked) = (rest, true);
        }
        if joined.is_some() || ends_in_backslash(line) {
            let whole = joined.get_or_insert_default();
            whole.extend_from_slice(line);
            if ends_in_backslash(whole) {
                whole.pop();
                whole.push(b' ');
                continue;
            }
        }
        let whole = joined.take();
        if let Err(what) = parsed.take(whole.as_deref().unwrap_or(line), number, &mut section) {
            parsed.fault = Some(Fault { line: number, what });
            return parsed;
        }
    }
    if let Some(Err(what)) = joined.map(|whole| parsed.take(&whole, number, &mut section)) {
        parsed.fault = Some(Fault { line: number, what });
    }
    parsed
}

impl Parsed {
    fn take(
        &mut self,
        line: &[u8],
        number: usize,
        section: &mut Option<Rc<str>>,
    ) -> Result<(), &'static str> {
        let Ok(text) = str::from_utf8(line) else {
            return Err("it is not UTF-8");
        };
        let text = text.trim_matches(BLANKS);
        if let Some(header) = text.strip_prefix('[') {
            let name = header.strip_suffix(']').ok_or("a section's header without its end")?;
            if name.contains(|c: char| c.is_ascii_control() || "\"'\\".contains(c)) {
                return Err("a section's header with characters that it cannot have");
            }
            *section = Some(name.into());
        } else if let (Some(section), Some((key, value))) = (section, text.split_once('=')) {
            let (section, key) = (section.clone(), key.trim_matches(BLANKS).to_owned());
            let value = value.trim_matches(BLANKS).to_owned();
            self.assignments.push(Assignment { section, key, value, line: number });
        }
        Ok(())
    }
}

/// Whether a line goes on behind its end. `\\` is a backslash of the value.
pub fn ends_in_backslash(line: &[u8]) -> bool {
    line.iter().fold(false, |escaped, byte| !escaped && *byte == b'\\')
}

/// Cuts a text into lines. LF, CR and NUL end one, and several different ones in a row are one end.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_end = |byte: &u8| b"\n\r\0".contains(byte);
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(length);
        let mut end = 0;
        while end < tail.len() && is_end(&tail[end]) && !tail[..end].contains(&tail[end]) {
            end += 1;
            if tail[end - 1] == 0 {
                break;
            }
        }
        rest = &tail[end..];
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let parsed = parse(text.as_bytes());
        assert_eq!(parsed.fault, None);
        parsed.assignments.into_iter().map(|a| (a.key, a.value)).collect()
    }

    fn value(text: &str) -> String {
        let read = read(&format!("[Service]\n{text}"));
        assert_eq!(read.len(), 1, "{read:?}");
        read.into_iter().next().unwrap().1
    }

    #[test]
    fn blanks_around_key_and_value_do_not_count() {
        assert_eq!(value("  ExecStart \t=  /bin/a  b \r\n"), "/bin/a  b");
    }

    #[test]
    fn joins_continued_lines_and_leaves_comments_between_them_out() {
        assert_eq!(value("A=1 \\\n# not this \\\n  ; nor this\n  2\\\n3"), "1    2 3");
        assert_eq!(value("A=1\\\n\nB"), "1");
        assert_eq!(value("A=1 \\\\\nB"), "1 \\\\");
        assert_eq!(value("A=1\\"), "1");
        assert_eq!(value("A=x\\ "), "x\\");
    }

    #[test]
    fn a_comment_does_not_go_on() {
        assert_eq!(value("# comment \\\nA=1"), "1");
    }

    #[test]
    fn only_what_stands_in_a_section_counts() {
        assert_eq!(read("A=1\n[Service]\nno assignment\nB=2"), [("B".into(), "2".into())]);
        let parsed = parse(b"[Unit]\nA=1\n [Service] \nA=2");
        let sections: Vec<_> = parsed.assignments.iter().map(|a| &a.section[..]).collect();
        assert_eq!(sections, ["Unit", "Service"]);
    }

    #[test]
    fn knows_every_end_of_a_line() {
        for end in ["\n", "\r\n", "\r", "\n\r", "\0", "\n\n"] {
            let read = read(&["[S]", "A=1", "B=2"].join(end));
            assert_eq!(read, [("A".into(), "1".into()), ("B".into(), "2".into())], "{end:?}");
        }
        assert_eq!(parse(b"[S]\r\nA=1\r\n\r\nB=2").assignments[1].line, 4);
    }

    #[test]
    fn skips_a_byte_order_mark() {
        assert_eq!(read("\u{feff}[S]\nA=1"), [("A".into(), "1".into())]);
    }

    #[test]
    fn stops_where_systemd_stops() {
        for (text, line) in
            [(&b"[S]\nA=1\n[T\nB=2"[..], 3), (b"[S]\nA=1\n\nB=\xff", 4), (b"[S]\nA=1\n[a\"b]", 3)]
        {
            let parsed = parse(text);
            assert_eq!(parsed.fault.map(|fault| fault.line), Some(line));
            assert_eq!(parsed.assignments.len(), 1);
        }
        assert_eq!(parse(b"# \xff\n[S]\n").fault, None);
    }
}
