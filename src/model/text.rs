//! Bytes and errors made readable for a message of one line.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter, Write};
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Bytes for a person: as they are where they are printable UTF-8, `\n` and the like and `\xNN` where not,
/// so that no name can break a line or turn its direction, and `""` where there are none. It is the only way of a name
/// that somebody else chose to whoever reads: a path and an `OsStr` have no other (tests/house.rs).
pub struct Shown<'a>(pub &'a [u8]);

impl<'a> Shown<'a> {
    /// A path's, or a word's.
    pub fn of(name: &'a (impl AsRef<OsStr> + ?Sized)) -> Self {
        Shown(name.as_ref().as_bytes())
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("\"\"");
        }
        for chunk in self.0.utf8_chunks() {
            calmly(chunk.valid(), f, |character| match character {
                '\n' => Some("\\n"),
                '\r' => Some("\\r"),
                '\t' => Some("\\t"),
                _ => None,
            })?;
            hex(chunk.invalid(), f)?;
        }
        Ok(())
    }
}

/// Text with `\xNN` for each character that steers, but for those that are to be written in another way.
fn calmly(text: &str, f: &mut impl Write, otherwise: impl Fn(char) -> Option<&'static str>) -> fmt::Result {
    let mut rest = text;
    while let Some(place) = rest.find(steers) {
        let (plain, from) = rest.split_at(place);
        f.write_str(plain)?;
        let mut characters = from.chars();
        if let Some(character) = characters.next() {
            match otherwise(character) {
                Some(other) => f.write_str(other)?,
                None => hex(character.encode_utf8(&mut [0; 4]).as_bytes(), f)?,
            }
        }
        rest = characters.as_str();
    }
    f.write_str(rest)
}

/// Text of several lines for a person, with tabs; whatever else would steer a terminal is `\xNN`.
pub fn shown_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // Writing to a String does not fail.
    let _ = calmly(text, &mut shown, |character| match character {
        '\n' => Some("\n"),
        '\t' => Some("\t"),
        _ => None,
    });
    shown
}

/// Whether a terminal may take the character for more than a sign: control characters, line ends, and marks that turn
/// the direction of what follows.
pub fn steers(character: char) -> bool {
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control()
}

fn hex(bytes: &[u8], f: &mut impl Write) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
}

/// Yes or no, as systemd reads it.
pub fn boolean(value: &[u8]) -> Option<bool> {
    match &value.to_ascii_lowercase()[..] {
        b"1" | b"yes" | b"y" | b"true" | b"t" | b"on" => Some(true),
        b"0" | b"no" | b"n" | b"false" | b"f" | b"off" => Some(false),
        _ => None,
    }
}

/// So many of them: `1 process`, `2 processes`.
pub fn counted<N: Copy + fmt::Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let plural = if what.ends_with('s') { "es" } else { "s" };
    if count == N::from(1) { format!("1 {what}") } else { format!("{count} {what}{plural}") }
}

/// The system's words for an error, without Rust's ` (os error N)` behind them.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_printable_utf8_as_it_is() {
        assert_eq!(Shown("/run/kübe ns/mnt".as_bytes()).to_string(), "/run/kübe ns/mnt");
    }

    #[test]
    fn a_name_cannot_break_the_line_or_steer_a_terminal() {
        let shown = Shown(b"a\nb\x1b[2J\xff\xc3").to_string();
        assert_eq!(shown, "a\\nb\\x1b[2J\\xff\\xc3");
        assert_eq!(Shown("a\u{202e}b\u{2028}".as_bytes()).to_string(), "a\\xe2\\x80\\xaeb\\xe2\\x80\\xa8");
    }

    #[test]
    fn shows_that_there_is_nothing() {
        assert_eq!(Shown(b"").to_string(), "\"\"");
    }

    #[test]
    fn yes_and_no_are_what_systemd_takes_for_them() {
        assert_eq!([&b"On"[..], b"n", b"16", b""].map(boolean), [Some(true), Some(false), None, None]);
    }

    #[test]
    fn gives_the_systems_words_alone() {
        assert_eq!(reason(&io::Error::from_raw_os_error(1)), "Operation not permitted");
        assert_eq!(reason(&io::Error::other("deleted")), "deleted");
    }
}
