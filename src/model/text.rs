//! Bytes and errors made readable for a message of one line.

use std::fmt::{self, Display, Formatter, Write};
use std::io;

/// Bytes for a person: as they are where they are printable UTF-8, `\n` and the like and `\xNN` where not,
/// so that no name can break a line, and `""` where there are none.
pub struct Shown<'a>(pub &'a [u8]);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("\"\"");
        }
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() {
                    write!(f, "{}", character.escape_default())?;
                } else {
                    f.write_char(character)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
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
        assert_eq!(shown, "a\\nb\\u{1b}[2J\\xff\\xc3");
    }

    #[test]
    fn shows_that_there_is_nothing() {
        assert_eq!(Shown(b"").to_string(), "\"\"");
    }

    #[test]
    fn gives_the_systems_words_alone() {
        assert_eq!(reason(&io::Error::from_raw_os_error(1)), "Operation not permitted");
        assert_eq!(reason(&io::Error::other("deleted")), "deleted");
    }
}
