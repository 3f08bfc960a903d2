//! Patterns of names: `*` stands for any text, `?` for one character, and everything else for itself.

/// Whether a name is what a pattern describes. The time that this takes grows with the product of both lengths.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where to go on when the rest does not fit: behind the last star, which then stands for one byte more.
    let mut again: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                again = Some((p + 1, n));
                p += 1;
            }
            Some(sign) if *sign == b'?' || *sign == name[n] => {
                p += 1;
                n += 1;
            }
            Some(_) | None => {
                let Some((behind, from)) = again else {
                    return false;
                };
                again = Some((behind, from + 1));
                (p, n) = (behind, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|sign| *sign == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_something() {
        for (pattern, name) in [
            ("", ""),
            ("a", "a"),
            ("*", ""),
            ("*", "abc"),
            ("a*c", "abbc"),
            ("a?c", "abc"),
            ("*b*d", "abcbd"),
        ] {
            assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("", "a"), ("a", ""), ("a?", "a"), ("a*c", "ab"), ("?", ""), ("*x", "abc")] {
            assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }
}
