//! Command lines of `Exec*=` settings: reads them as systemd does (systemd.service(5), "Command lines") and puts
//! the wrapper before them, every byte of the rest kept, so that specifiers, variables, quotes and `\;` mean what
//! they meant.

mod spelling;

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use super::words::{self, Word};
use crate::model::search::base_name;
use crate::model::text::Shown;
use spelling::{check, prefix_length, quoted};

/// The program that enters the namespace. SELinux policy labels exactly this path.
pub const WRAPPER: &str = "/usr/bin/kubensenter";
/// Programs that enter the namespace: ours, and OpenShift's.
const ENTERING: [&str; 2] = ["kubensenter", "kubenswrapper"];

/// One command of a setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// Where it stands in the value: its first word and, behind `@`, its argv[0].
    span: Range<usize>,
    prefix: String,
    /// The path, its quotes gone, specifiers as they are.
    path: Vec<u8>,
    /// The path as it is to be written.
    written: String,
    argv0: Option<Argv0>,
}

#[derive(Debug, PartialEq, Eq)]
struct Argv0 {
    written: String,
    meaning: Vec<u8>,
    /// It may begin with a dash, so it must not be a word of its own behind an option.
    dashed: bool,
}

/// Why a value holds no commands that could be wrapped.
#[derive(Debug, PartialEq, Eq)]
pub enum Bad {
    /// A quote does not end.
    Unbalanced,
    /// There is no command behind the prefixes.
    Empty,
    /// `|` alone: the shell of the service's user, which only systemd knows.
    Shell,
    /// `@` without an argv[0].
    NoArgv0,
    /// argv[0] is a variable that may become several words or none.
    SplitArgv0,
    /// The path is none that systemd runs.
    Path(String),
}

/// The commands of a setting's value as words: the program, its prefixes gone, and its arguments.
pub fn words(value: &str) -> Vec<Vec<Vec<u8>>> {
    let Ok(commands) = commands(value) else {
        return Vec::new();
    };
    commands
        .iter()
        .map(|command| {
            let mut words = vec![command.path().to_vec()];
            words.extend(command.arguments(value));
            words
        })
        .collect()
}

/// Reads a setting's value, which is not empty.
///
/// # Errors
/// systemd does not take the value, or its meaning depends on what is known only when the service starts.
pub fn commands(value: &str) -> Result<Vec<Command>, Bad> {
    let bytes = value.as_bytes();
    let mut commands = Vec::new();
    let mut at = 0;
    while let Some(first) = words::next(bytes, at).map_err(|_| Bad::Unbalanced)? {
        at = first.span.end;
        if first.meaning == b";" {
            continue;
        }
        let (command, end) = Command::read(value, &first)?;
        commands.push(command);
        at = end;
        while let Some(word) = argument(bytes, at)? {
            at = word.span.end;
        }
        at += bytes[at..].iter().take_while(|&&byte| words::is_blank(byte)).count();
        // Past the semicolon, if one ended the arguments.
        at = (at + 1).min(bytes.len());
    }
    if commands.is_empty() { Err(Bad::Empty) } else { Ok(commands) }
}

/// The command's next argument; a lone semicolon ends them.
fn argument(value: &[u8], from: usize) -> Result<Option<Word>, Bad> {
    let word = words::next(value, from).map_err(|_| Bad::Unbalanced)?;
    Ok(word.filter(|word| value[word.span.clone()] != *b";"))
}

impl Command {
    fn read(value: &str, first: &Word) -> Result<(Command, usize), Bad> {
        let bytes = value.as_bytes();
        let length = prefix_length(&first.meaning);
        let (prefix, path) = first.meaning.split_at(length);
        let has = |sign| prefix.contains(&sign);
        let (shell, plain, named) = (has(b'|'), has(b':'), has(b'@'));
        if path.is_empty() {
            return Err(if shell { Bad::Shell } else { Bad::Empty });
        }
        if !shell {
            check(path, plain)?;
        }
        let raw = &value[first.span.clone()];
        let written = match raw.strip_prefix(str::from_utf8(prefix).unwrap_or_default()) {
            // A semicolon alone would end the command behind the wrapper.
            Some(rest) if !rest.is_empty() && rest != ";" => Cow::Borrowed(rest),
            // The prefix stands within quotes.
            _ => Cow::Owned(quoted(path)),
        };
        let mut command = Command {
            span: first.span.clone(),
            // The signs are ASCII.
            prefix: String::from_utf8_lossy(prefix).into_owned(),
            path: path.to_vec(),
            written: written.into_owned(),
            argv0: None,
        };
        let mut end = first.span.end;
        if named && !shell {
            let name = argument(bytes, end)?.ok_or(Bad::NoArgv0)?;
            if name.meaning.starts_with(b"$") && !plain && !matches!(name.meaning.get(1), Some(b'{' | b'$')) {
                return Err(Bad::SplitArgv0);
            }
            let dashed = name.meaning.first().is_some_and(|byte| b"-$%".contains(byte));
            let written = value[name.span.clone()].to_owned();
            command.argv0 = Some(Argv0 { written, meaning: name.meaning, dashed });
            end = name.span.end;
            command.span.end = end;
        }
        if !shell && !plain && path.contains(&b'$') {
            // systemd expands variables in argv[0] and not in the path, but in what the wrapper is given.
            let literal = String::from_utf8_lossy(&quoted(path).into_bytes()).replace('$', "$$");
            let argv0 = Argv0 { written: quoted(path), meaning: path.to_vec(), dashed: false };
            command.argv0.get_or_insert(argv0);
            command.written = literal;
        }
        Ok((command, end))
    }

    /// Whether it runs with full privileges, whatever the unit says (`+`).
    pub fn is_privileged(&self) -> bool {
        self.prefix.contains('+')
    }

    /// Whether it runs as root although the unit names a user (`!`; `!!` does so only on very old kernels).
    pub fn keeps_root(&self) -> bool {
        self.prefix.matches('!').count() == 1
    }

    /// Whether a shell reads it (`|`).
    pub fn is_for_a_shell(&self) -> bool {
        self.prefix.contains('|')
    }

    /// The path, quotes gone.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// The name under which it logs, unless the unit says otherwise: the path's last part.
    pub fn name(&self) -> &[u8] {
        base_name(&self.path)
    }

    /// Whether it is a bare name, to be searched for.
    pub fn is_searched(&self) -> bool {
        !self.path.starts_with(b"/") && !self.path.starts_with(b"%")
    }

    /// Whether it enters the namespace already.
    pub fn enters(&self) -> bool {
        is_entering(&self.path)
    }

    /// Its arguments, in the value that it was read from.
    pub fn arguments(&self, value: &str) -> Vec<Vec<u8>> {
        let (mut words, mut at) = (Vec::new(), self.span.end);
        while let Ok(Some(word)) = argument(value.as_bytes(), at) {
            at = word.span.end;
            words.push(word.meaning);
        }
        words
    }

    /// Its prefixes once the wrapper stands before it.
    fn kept_prefix(&self) -> String {
        self.prefix.chars().filter(|&sign| sign != '@' || self.is_for_a_shell()).collect()
    }

    /// The path as the wrapper is to be given it: systemd expands variables in arguments.
    fn literal_path(&self) -> Vec<u8> {
        let is_plain = self.is_for_a_shell() || self.prefix.contains(':');
        let doubled = |&byte: &u8| {
            if byte == b'$' && !is_plain { &b"$$"[..] } else { std::slice::from_ref(&byte) }.to_vec()
        };
        self.path.iter().flat_map(doubled).collect()
    }

    fn wrapped(&self) -> String {
        let mut text = format!("{}{WRAPPER} ", self.kept_prefix());
        if let Some(argv0) = &self.argv0 {
            let equals = if argv0.dashed { "=" } else { " " };
            text.extend(["--argv0", equals, &argv0.written, " "]);
        }
        if !self.path.starts_with(b"/") {
            text += "-- ";
        }
        text + &self.written
    }
}

/// Whether a program enters the namespace.
pub fn is_entering(path: &[u8]) -> bool {
    ENTERING.iter().any(|name| name.as_bytes() == base_name(path))
}

/// The value with the wrapper before each command that does not enter the namespace by itself.
pub fn wrap(value: &str, commands: &[Command]) -> String {
    let mut text = String::with_capacity(value.len() + 32);
    let mut at = 0;
    for command in commands.iter().filter(|command| !command.enters()) {
        text += &value[at..command.span.start];
        text += &command.wrapped();
        at = command.span.end;
    }
    text + &value[at..]
}

/// Whether `written` says what `value` said, with the wrapper before each command that does not enter by itself.
pub fn is_wrapped(written: &str, value: &str, olds: &[Command]) -> bool {
    let Ok(news) = commands(written) else {
        return false;
    };
    let same = |(old, new): (&Command, &Command)| {
        let mut words = new.arguments(written).into_iter().peekable();
        if old.enters() {
            return old.path == new.path && old.prefix == new.prefix && words.eq(old.arguments(value));
        }
        let argv0 = match words.next_if(|word| word.starts_with(b"--argv0")) {
            Some(word) if word.len() > 7 => word.strip_prefix(b"--argv0=").map(<[u8]>::to_vec),
            Some(_) => words.next(),
            None => None,
        };
        words.next_if(|word| word == b"--");
        new.path == WRAPPER.as_bytes()
            && new.prefix == old.kept_prefix()
            && argv0.as_ref() == old.argv0.as_ref().map(|argv0| &argv0.meaning)
            && words.next() == Some(old.literal_path())
            && words.eq(old.arguments(value))
    };
    news.len() == olds.len() && olds.iter().zip(&news).all(same)
}

impl Display for Bad {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Bad::Unbalanced => f.write_str("a quote in it does not end"),
            Bad::Empty => f.write_str("it names no command"),
            Bad::Shell => f.write_str("it runs the shell of the service's user, which only systemd knows"),
            Bad::NoArgv0 => f.write_str("the name that @ asks for is missing"),
            Bad::SplitArgv0 => {
                f.write_str("its argv[0] is a variable that may become several words (write ${NAME})")
            }
            Bad::Path(path) => write!(f, "{} is no command that can be run", Shown::of(path)),
        }
    }
}

#[cfg(test)]
mod tests;
