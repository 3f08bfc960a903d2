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
    let named = matches!(asked.target, Some(Target::Mount(_) | Target::Process(_)));
    (named || !asked.any_owner).then_some(asked)
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
            Meaning::AnyOwner => self.any_owner = (!self.any_owner).then_some(true)?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Outcome;
    use crate::cli::enter::read_any;
    use crate::sys::raw::Line;
    use std::ffi::CString;

    /// All that a command line may be made of: every flag in every spelling, values good and bad, and commands.
    fn vocabulary() -> Vec<CString> {
        let mut words: Vec<String> = [
            "--",
            "-",
            "",
            "x",
            "1",
            "0",
            "-1",
            "+7",
            " 7",
            "007",
            "2147483648",
            "/run/a b",
            "a=b",
            "-qv",
            "-x",
            "--bogus",
            "--help",
            "-V",
        ]
        .map(str::to_owned)
        .into();
        for flag in &FLAGS {
            words.push(format!("--{}", flag.long));
            words.push(format!("--{}", &flag.long[..flag.long.len() - 1]));
            words.push(format!("--{}=7", flag.long));
            words.extend(flag.short.map(|short| format!("-{short}")));
            words.extend(flag.short.map(|short| format!("-{short}7")));
        }
        let words = words.into_iter().map(|word| CString::new(word).unwrap());
        words.chain([CString::new(b"\xff\xfe".to_vec()).unwrap()]).collect()
    }

    /// Command lines without end, the same in each run (xorshift).
    fn lines() -> impl Iterator<Item = Vec<CString>> {
        let vocabulary = vocabulary();
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut draw = move |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).unwrap()
        };
        std::iter::from_fn(move || {
            let length = draw(7);
            Some((0..length).map(|_| vocabulary[draw(vocabulary.len())].clone()).collect())
        })
    }

    /// The line as the kernel would hand it over, for the rest of the process's life.
    fn argv(words: Vec<CString>) -> Words<'static> {
        let words: &'static [CString] = Box::leak(words.into());
        let line =
            [c"kubensenter"].into_iter().chain(words.iter().map(CString::as_c_str)).collect::<Line<'_>>();
        Box::leak(Box::new(line)).words()
    }

    fn shown(asked: &Asked) -> String {
        let command: Vec<_> = asked.command.iter().collect();
        let Asked { quiet, verbose, target, require, any_owner, wd, argv0, .. } = asked;
        format!("{quiet} {verbose} {target:?} {require} {any_owner} {wd:?} {argv0:?} {command:?}")
    }

    #[test]
    fn agrees_with_clap_wherever_it_has_an_opinion() {
        let (mut plain, mut accepted) = (0, 0);
        for line in lines().take(20_000) {
            let words = argv(line.clone());
            let clap = match read_any(words) {
                Ok(Outcome::Ask(asked)) => Some(shown(&asked)),
                Ok(Outcome::Tell(_)) | Err(_) => None,
            };
            accepted += usize::from(clap.is_some());
            if let Some(asked) = read(words) {
                plain += 1;
                assert_eq!(Some(shown(&asked)), clap, "{line:?}");
            }
        }
        assert!(
            accepted > 5000 && plain * 10 > accepted * 8,
            "{plain} of {accepted} are plain: too few to prove it"
        );
    }

    #[test]
    fn every_flag_is_plain_as_a_word_of_its_own() {
        for flag in &FLAGS {
            let long = format!("--{}", flag.long);
            for spelling in flag.short.map(|short| format!("-{short}")).into_iter().chain([long]) {
                // This one insists on what another names.
                let named = if flag.meaning == Meaning::AnyOwner { &["-m", "7"][..] } else { &[] };
                let value = flag.value.map(|_| "7");
                let words = named.iter().copied().chain([spelling.as_str()]).chain(value).chain(["command"]);
                let words = words.map(|word| CString::new(word).unwrap()).collect();
                assert!(read(argv(words)).is_some(), "{spelling}");
            }
        }
    }
}
