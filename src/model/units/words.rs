//! Cuts a value into words as systemd does (systemd.syntax(7), "Quoting"): quotes may begin anywhere in a word,
//! C escapes count inside and outside of them, and an escape that nobody knows stays as it is.

use std::ops::Range;

use super::text::BLANKS;

/// A word of a value.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, quotes included.
    pub span: Range<usize>,
    /// What it means: quotes gone, escapes replaced.
    pub meaning: Vec<u8>,
}

/// A quote that does not end.
#[derive(Debug, PartialEq, Eq)]
pub struct Unbalanced;

/// Whether this byte separates words.
pub fn is_blank(byte: u8) -> bool {
    BLANKS.contains(&char::from(byte))
}

/// The first word at or behind `from`; `None` where there is none.
///
/// # Errors
/// A quote does not end.
pub fn next(value: &[u8], from: usize) -> Result<Option<Word>, Unbalanced> {
    let Some(start) = (from..value.len()).find(|&at| !is_blank(value[at])) else {
        return Ok(None);
    };
    let (mut at, mut quote, mut meaning) = (start, None, Vec::new());
    while let Some(&byte) = value.get(at) {
        at += 1;
        match (quote, byte) {
            (_, b'\\') => at += unescape(&value[at..], &mut meaning),
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) if is_blank(byte) => {
                at -= 1;
                break;
            }
            (_, _) => meaning.push(byte),
        }
    }
    if quote.is_some() { Err(Unbalanced) } else { Ok(Some(Word { span: start..at, meaning })) }
}

/// Adds what the escape behind a backslash stands for, and returns its length.
fn unescape(rest: &[u8], meaning: &mut Vec<u8>) -> usize {
    let Some(&letter) = rest.first() else {
        meaning.push(b'\\');
        return 0;
    };
    let plain = match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b's' => b' ',
        b'\\' | b'"' | b'\'' => letter,
        b'x' => return number(rest, 1, 2, 16, meaning),
        b'u' => return number(rest, 1, 4, 16, meaning),
        b'U' => return number(rest, 1, 8, 16, meaning),
        b'0'..=b'7' => return number(rest, 0, 3, 8, meaning),
        _ => return unknown(letter, meaning),
    };
    meaning.push(plain);
    1
}

/// An escape of `digits` digits behind the first `from` bytes: a byte, or with `u` and `U` a character.
fn number(rest: &[u8], from: usize, digits: usize, radix: u32, meaning: &mut Vec<u8>) -> usize {
    let text = rest.get(from..from + digits).filter(|text| text.iter().all(u8::is_ascii_alphanumeric));
    let value = text
        .and_then(|text| u32::from_str_radix(str::from_utf8(text).ok()?, radix).ok())
        .filter(|value| *value != 0);
    let known = match (value, digits) {
        (Some(value), 2 | 3) => u8::try_from(value).map(|byte| meaning.push(byte)).is_ok(),
        (Some(value), _) => char::from_u32(value)
            .map(|c| meaning.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()))
            .is_some(),
        (None, _) => false,
    };
    if known { from + digits } else { unknown(rest[0], meaning) }
}

fn unknown(letter: u8, meaning: &mut Vec<u8>) -> usize {
    meaning.extend([b'\\', letter]);
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(value: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut from = 0;
        while let Some(word) = next(value.as_bytes(), from).unwrap() {
            from = word.span.end;
            words.push(String::from_utf8(word.meaning).unwrap());
        }
        words
    }

    #[test]
    fn quotes_group_and_vanish_wherever_they_stand() {
        assert_eq!(words(r#"a "b c" 'd "e' f"g h"i "" j"#), ["a", "b c", "d \"e", "fg hi", "", "j"]);
    }

    #[test]
    fn escapes_count_inside_and_outside_of_quotes() {
        assert_eq!(words(r#"a\sb "\x41\102\u00e9\"" '\'' \\"#), ["a b", "AB\u{e9}\"", "'", "\\"]);
    }

    #[test]
    fn an_escape_that_nobody_knows_stays() {
        assert_eq!(
            words(r"\; \q \x4 \400 \x00 \ud800 a\"),
            ["\\;", "\\q", "\\x4", "\\400", "\\x00", "\\ud800", "a\\"]
        );
    }

    #[test]
    fn a_quote_that_does_not_end_is_an_error() {
        assert_eq!(next(b"\"a", 0), Err(Unbalanced));
        assert_eq!(next(b"'a\\'", 0), Err(Unbalanced));
    }

    #[test]
    fn says_where_a_word_stands() {
        assert_eq!(next(b"  a\"b c\" d", 1).unwrap().unwrap().span, 2..8);
    }
}
