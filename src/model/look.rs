//! How a text looks to its reader: with marks, colours, local time and lines of a terminal's width to a person, and as
//! plain lines to a pipe.

use unicode_width::UnicodeWidthStr;

use super::time::{Clock, local, utc};

/// A reader.
#[derive(Default)]
pub struct Look {
    /// Whether colours are welcome.
    pub coloured: bool,
    /// What is known of the terminal; nothing: it is a pipe or a file.
    pub terminal: Option<Terminal>,
}

/// A person's terminal.
pub struct Terminal {
    /// How many columns it has, where that is known.
    pub width: Option<usize>,
    /// The person's clock.
    pub clock: Clock,
}

/// What a line is about to say: its mark and its colour (console_codes(4)), as systemctl has them for a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// All is well.
    Good,
    /// Nothing is wrong, and nothing goes on.
    Idle,
    /// Something to think of.
    Warn,
    /// Something is wrong.
    Bad,
}

impl Mood {
    fn mark(self) -> char {
        match self {
            Mood::Good | Mood::Warn => '●',
            Mood::Idle => '○',
            Mood::Bad => '×',
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Mood::Good => "\x1b[1;32m",
            Mood::Idle => "\x1b[1m",
            Mood::Warn => "\x1b[1;33m",
            Mood::Bad => "\x1b[1;31m",
        }
    }
}

impl Look {
    /// Words in a mood, and what follows from them; lines after the first are indented to below the words.
    pub fn headed(&self, mood: Mood, words: &str, rest: &str) -> String {
        let (mark, indent) = match self.terminal {
            Some(_) => (format!("{} ", mood.mark()), 2),
            None => (String::new(), 0),
        };
        let plain = self.wrapped(&format!("{mark}{words}{rest}"), indent);
        // The colours come last, because they take no room on the screen.
        match plain.strip_prefix(&format!("{mark}{words}")) {
            Some(rest) if self.coloured => {
                let (on, off) = (mood.colour(), "\x1b[0m");
                let mark = if mark.is_empty() { mark } else { format!("{on}{}{off} ", mood.mark()) };
                format!("{mark}{on}{words}{off}{rest}")
            }
            _ => plain,
        }
    }

    /// The line, or several of the terminal's width that end between words, all but the first indented by so much. A
    /// word is never cut: it may be a path or a command.
    pub fn wrapped(&self, line: &str, indent: usize) -> String {
        let Some(width) = self.terminal.as_ref().and_then(|terminal| terminal.width) else {
            return line.to_owned();
        };
        let (mut text, mut column) = (String::with_capacity(line.len()), 0);
        // Blanks belong to the word before them; those at the beginning are the line's own.
        let begin = line.len() - line.trim_start().len();
        let words = line.get(begin..).unwrap_or_default();
        let mut lone = true;
        text.push_str(line.get(..begin).unwrap_or_default());
        column += begin;
        for piece in words.split_inclusive(' ') {
            let word = piece.trim_end();
            if !word.is_empty() && !lone && column + word.width() > width {
                text.truncate(text.trim_end().len());
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            }
            text.push_str(piece);
            column += piece.width();
            lone &= word.is_empty();
        }
        text
    }

    /// A moment: in local time at a terminal, and with how long ago it was.
    pub fn moment(&self, seconds: u64) -> String {
        self.terminal.as_ref().map_or_else(|| utc(seconds), |terminal| local(seconds, &terminal.clock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn at(width: usize, coloured: bool) -> Look {
        let clock = Clock { now: 0, zone: TimeZone::UTC };
        Look { coloured, terminal: Some(Terminal { width: Some(width), clock }) }
    }

    #[test]
    fn a_line_ends_between_words_and_no_word_is_cut() {
        let line = "  Name:  one two  three /a/very/long/path four";
        assert_eq!(
            at(20, false).wrapped(line, 9),
            "  Name:  one two\n         three\n         /a/very/long/path\n         four"
        );
        assert_eq!(at(46, false).wrapped(line, 9), line);
        assert_eq!(Look::default().wrapped(line, 9), line);
        // Two columns each.
        assert_eq!(at(6, false).wrapped("日本 日本", 0), "日本\n日本");
        assert_eq!(at(3, false).wrapped("longer", 2), "longer");
    }

    #[test]
    fn a_pipe_gets_neither_mark_nor_line_ends_and_colours_where_they_are_forced() {
        let said = |look: &Look| look.headed(Mood::Bad, "degraded", ": a b");
        assert_eq!(said(&Look::default()), "degraded: a b");
        assert_eq!(said(&Look { coloured: true, terminal: None }), "\x1b[1;31mdegraded\x1b[0m: a b");
        assert_eq!(said(&at(13, false)), "× degraded: a\n  b");
        assert_eq!(said(&at(13, true)), "\x1b[1;31m×\x1b[0m \x1b[1;31mdegraded\x1b[0m: a\n  b");
    }
}
