//! JSON (RFC 8259), written and never read. Names that are not UTF-8 carry U+FFFD where they are not.

use std::fmt::{self, Display, Formatter, Write};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// What is not known.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A count, an id, a number of seconds.
    Number(u64),
    /// Text.
    Text(String),
    /// Several of one sort.
    List(Vec<Json>),
    /// Values by name, in this order.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// Text from bytes.
    pub fn bytes(bytes: &[u8]) -> Json {
        Json::Text(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A list of what `one` makes of each.
    pub fn list<T>(items: impl IntoIterator<Item = T>, one: impl FnMut(T) -> Json) -> Json {
        Json::List(items.into_iter().map(one).collect())
    }

    /// The document: one value and a newline.
    pub fn document(&self) -> String {
        format!("{self}\n")
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::Text(text.to_owned())
    }
}

impl From<usize> for Json {
    fn from(count: usize) -> Self {
        Json::Number(count as u64)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Json::Bool(value)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Json::Null, Into::into)
    }
}

impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(number) => write!(f, "{number}"),
            Json::Text(text) => quoted(f, text),
            Json::List(items) => {
                f.write_char('[')?;
                for (place, item) in items.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Json::Object(members) => {
                f.write_char('{')?;
                for (place, (name, value)) in members.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    quoted(f, name)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\n' => f.write_str("\\n")?,
            '\0'..' ' | '\x7f' => write!(f, "\\u{:04x}", u32::from(character))?,
            _ => f.write_char(character)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_each_kind_of_value_in_order() {
        let value = Json::Object(vec![
            ("none", Json::from(None::<bool>)),
            ("list", Json::list([1usize, 2], Json::from)),
            ("yes", true.into()),
            ("empty", Json::List(Vec::new())),
        ]);
        assert_eq!(value.document(), "{\"none\":null,\"list\":[1,2],\"yes\":true,\"empty\":[]}\n");
    }

    #[test]
    fn no_name_can_break_out_of_its_quotes() {
        let value = Json::bytes(b"a\"b\\c\nd\x01\xff\x7f");
        assert_eq!(value.to_string(), "\"a\\\"b\\\\c\\nd\\u0001\u{fffd}\\u007f\"");
    }
}
