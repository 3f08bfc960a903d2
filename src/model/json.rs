//! JSON (RFC 8259) as it is printed. A verb's output is a struct that says its schema; `document` makes text of it.

use std::fmt::Write;

use serde::{Deserialize, Serialize, Serializer};

use super::text::steers;

/// How a document is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// On one line.
    Short,
    /// For reading: a line a value, indented.
    Pretty,
}

/// The document, with a newline at its end. No character in it steers a terminal: they are escaped, as JSON may have it.
pub fn document(value: &impl Serialize, layout: Layout) -> String {
    let text = match layout {
        Layout::Short => serde_json::to_string(value),
        Layout::Pretty => serde_json::to_string_pretty(value),
    };
    // It fails for keys that are not text, and no schema has any.
    let text = text.unwrap_or_else(|error| format!("\"{error}\""));
    let mut document = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if character != '\n' && steers(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(document, "\\u{unit:04x}");
            }
        } else {
            document.push(character);
        }
    }
    document.push('\n');
    document
}

/// Reads a document, which somebody else wrote; `None`: it is none of this kind.
pub fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Option<T> {
    serde_json::from_slice(text).ok()
}

/// A document within another.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Embedded {
    /// What it says.
    Said(serde_json::Value),
    /// Why it says nothing.
    Failed {
        /// The reason.
        failed: String,
    },
}

/// A document that was printed, to be put into another.
pub fn embedded(text: &str) -> Embedded {
    serde_json::from_str(text)
        .map_or_else(|error| Embedded::Failed { failed: error.to_string() }, Embedded::Said)
}

/// A name of any bytes, as JSON has it: U+FFFD stands for what is not UTF-8. For `#[serde(serialize_with)]`, and below
/// as a type.
pub fn bytes<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes.as_ref()))
}

/// A name of any bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(pub &'a [u8]);

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(self.0, serializer)
    }
}

#[cfg(test)]
pub mod schema_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Schema<'a> {
        name: Name<'a>,
        count: Option<u64>,
        #[serde(serialize_with = "bytes")]
        owned: Vec<u8>,
    }

    #[test]
    fn a_struct_is_a_schema_in_either_layout() {
        let value = Schema { name: Name(b"a\xff"), count: None, owned: b"b".to_vec() };
        let short = document(&value, Layout::Short);
        assert_eq!(short, "{\"name\":\"a\u{fffd}\",\"count\":null,\"owned\":\"b\"}\n");
        let pretty = document(&value, Layout::Pretty);
        assert_eq!(pretty, "{\n  \"name\": \"a\u{fffd}\",\n  \"count\": null,\n  \"owned\": \"b\"\n}\n");
    }

    #[test]
    fn no_name_steers_a_terminal_and_a_reader_gets_it_whole() {
        let name = "\x1b[2J\n\x7f\u{9b}\u{202e}\u{2028}\u{e0001}\u{1f600}";
        for layout in [Layout::Short, Layout::Pretty] {
            let text = document(&[name], layout);
            assert!(text.chars().all(|character| character == '\n' || !steers(character)), "{text:?}");
            assert_eq!(serde_json::from_str::<[String; 1]>(&text).unwrap(), [name]);
        }
    }
}
