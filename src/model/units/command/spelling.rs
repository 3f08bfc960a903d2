//! How systemd wants a command's first word: its prefixes, its path, and a path as a word of its own.

use super::Bad;

const PREFIXES: &[u8] = b"-@:+!|";

/// How many bytes of the first word are prefixes: each counts once, and of `+`, `!` and `!!` only one.
pub(super) fn prefix_length(word: &[u8]) -> usize {
    let mut length = 0;
    while let Some(sign) = word.get(length).filter(|sign| PREFIXES.contains(sign)) {
        let before = &word[..length];
        let privileges = before.iter().filter(|sign| b"+!".contains(sign)).count();
        let taken = match sign {
            b'+' => privileges == 0,
            b'!' => privileges == 0 || privileges == 1 && before.contains(&b'!'),
            _ => !before.contains(sign),
        };
        if !taken {
            break;
        }
        length += 1;
    }
    length
}

/// What systemd asks of a path: no control characters, quotes or backslashes in it, no directory, and a slash
/// only where it is absolute, which behind a specifier cannot be told.
pub(super) fn check(path: &[u8], plain: bool) -> Result<(), Bad> {
    let strange = path.iter().any(|byte| byte.is_ascii_control() || b"\"'\\".contains(byte));
    let relative = !path.starts_with(b"/") && !path.starts_with(b"%") && path.contains(&b'/');
    let variable = path.starts_with(b"$") && !plain;
    if strange || relative || variable || path.ends_with(b"/") || path == b"." || path == b".." {
        return Err(Bad::Path(String::from_utf8_lossy(path).into_owned()));
    }
    Ok(())
}

/// A path as one word.
pub(super) fn quoted(path: &[u8]) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => text.extend(['\\', character]),
                _ if character.is_control() => {
                    text += &escaped(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => text.push(character),
            }
        }
        text += &escaped(chunk.invalid());
    }
    let stands_alone = path.iter().any(|byte| b" '\"".contains(byte)) || path == b";";
    if stands_alone { format!("\"{text}\"") } else { text }
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}\\x{byte:02x}"))
}
