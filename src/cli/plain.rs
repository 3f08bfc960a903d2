//! Reads the plain command lines, which are nearly all of them, without clap: building clap's parser costs a
//! tenth of the program's whole time. Whatever is not plain is left to clap, errors and help first of all.

use std::borrow::Cow;
use std::ffi::CStr;

use super::enter::{Asked, FLAGS, Flag, Meaning, Target};
use crate::sys::raw::Words;

/// The line's meaning, where each option stands as a word of its own, at most once (`-q` and `-v` apart), and
/// none contradicts another. `None`: ask clap.
pub(super) fn read(words: Words<'static>) -> Option<Asked> {
    let mut asked = Asked::default();
    let mut index = 1;
    while let Some(word) = words.get(index) {
        let bytes = word.to_bytes();
        if bytes == b"--" {
            index += 1;
            break;
        }
        if !bytes.starts_with(b"-") || bytes == b"-" {
            break;
        }
        let flag = FLAGS.iter().find(|flag| flag.is(bytes))?;
        let value = if flag.value.is_some() {
            index += 1;
            words.get(index).filter(|value| !value.to_bytes().starts_with(b"-"))?
        } else {
            c""
        };
        asked.take(flag.meaning, value)?;
        index += 1;
    }
    asked.command = words.from(index);
    Some(asked)
}

impl Flag {
    fn is(&self, word: &[u8]) -> bool {
        match word.strip_prefix(b"--") {
            Some(long) => long == self.long.as_bytes(),
            None => self.short.is_some_and(|short| word[1..] == [short as u8]),
        }
    }
}

impl Asked {
    fn take(&mut self, meaning: Meaning, value: &'static CStr) -> Option<()> {
        match meaning {
            Meaning::Quiet => self.quiet = self.quiet.checked_add(1)?,
            Meaning::Verbose => self.verbose = self.verbose.checked_add(1)?,
            Meaning::Mount => set(&mut self.target, Target::Mount(Cow::Borrowed(value)))?,
            Meaning::Target => set(&mut self.target, Target::Process(pid(value)?))?,
            Meaning::Host => set(&mut self.target, Target::Host)?,
            Meaning::Require => self.require = (!self.require).then_some(true)?,
            Meaning::Wd => set(&mut self.wd, Cow::Borrowed(value))?,
            Meaning::Argv0 => set(&mut self.argv0, Cow::Borrowed(value))?,
        }
        (!(self.require && self.target == Some(Target::Host))).then_some(())
    }
}

fn set<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

fn pid(value: &CStr) -> Option<i32> {
    let plain = value.to_bytes().iter().all(u8::is_ascii_digit);
    value.to_str().ok().filter(|_| plain)?.parse().ok().filter(|&pid| pid > 0)
}
