//! What was called, if it is plain.

use crate::kernel::{self, Errno};
use crate::text::{Room, Text, Words};

/// A plain call.
pub struct Call {
    /// The command and its arguments.
    command: Words,
    environment: Words,
    /// `$PATH`, in which the command is searched; `None`: it is a path itself.
    search: Option<Text>,
    /// `$KUBENSMNT`.
    pub named: Option<Text>,
    /// `$JOURNAL_STREAM`.
    pub journal: Option<Text>,
    pub quiet: bool,
    pub require: bool,
}

impl Call {
    /// Reads what the kernel puts on the stack: argc, argv, environment, auxiliary vector. `None`: not plain.
    ///
    /// # Safety
    /// `stack` is the stack pointer as the kernel sets it for a new program.
    #[inline(always)]
    pub unsafe fn read(stack: *const usize) -> Option<Call> {
        // SAFETY: argc is on top.
        let count = unsafe { *stack };
        // SAFETY: argv follows.
        let words = unsafe { stack.add(1) };
        // SAFETY: it ends with NULL.
        let words = unsafe { Words::new(words.cast()) };
        // SAFETY: the environment follows that.
        let environment = unsafe { stack.add(count + 2) };
        // SAFETY: it ends with NULL, too.
        let environment = unsafe { Words::new(environment.cast()) };

        let (name, line) = words.split()?;
        if !name.base_name().is(b"kubensenter") {
            return None;
        }
        let mut call = Call::of_line(line, environment)?;
        let auxiliary = call.read_environment()?;
        // SAFETY: it follows the environment.
        (!unsafe { privileges_were_raised(auxiliary) }).then_some(call)
    }

    /// Reads the options that are plain, and finds the command.
    #[inline(always)]
    fn of_line(words: Words, environment: Words) -> Option<Call> {
        let (mut quiet, mut require, mut line) = (false, false, words);
        while let Some((word, rest)) = line.split()
            && word.after(b"-").is_some()
        {
            line = rest;
            if word.is(b"--") {
                break;
            } else if word.is(b"-q") || word.is(b"--quiet") {
                quiet = true;
            } else if word.is(b"--require") && !require {
                require = true;
            } else {
                return None;
            }
        }
        let (command, _) = line.split()?;
        command.split()?;
        Some(Call { command: line, environment, search: None, named: None, journal: None, quiet, require })
    }

    /// Reads the variables that count; of several with one name the first does, and an empty one is none. Gives what
    /// follows the environment.
    #[inline(always)]
    fn read_environment(&mut self) -> Option<*const [usize; 2]> {
        let (mut path, mut named) = (None, None);
        let mut entries = self.environment;
        while let Some((entry, rest)) = entries.split() {
            entries = rest;
            if let Some(value) = entry.after(b"PATH=") {
                path = path.or(Some(value));
            } else if let Some(value) = entry.after(b"KUBENSMNT=") {
                named = named.or(Some(value));
            } else if let Some(value) = entry.after(b"JOURNAL_STREAM=") {
                self.journal = self.journal.or(Some(value));
            } else if entry.after(b"KUBENS").or(entry.after(b"DEFAULT_KUBENS")).is_some() {
                return None;
            }
        }
        let (command, _) = self.command.split()?;
        self.search = if command.holds(b'/') { None } else { Some(path?) };
        if let Some(value) = named
            && value.split().is_some()
        {
            self.named = named;
        }
        Some(entries.behind())
    }

    /// Becomes the command, as execvp(3) does. It returns where that failed, or where the full program knows better.
    #[inline(always)]
    pub fn execute(&self) -> Option<()> {
        let (command, _) = self.command.split()?;
        let Some(mut path) = self.search else {
            kernel::execute(command, self.command, self.environment);
            return None;
        };
        loop {
            let mut file = Room::new();
            // An empty directory is the working directory.
            let mut end = 0;
            while let Some((byte, rest)) = path.split() {
                path = rest;
                end = byte;
                if byte == b':' {
                    break;
                }
                file.push(byte)?;
            }
            if !file.is_empty() {
                file.push(b'/')?;
            }
            let mut name = command;
            while let Some((byte, rest)) = name.split() {
                name = rest;
                file.push(byte)?;
            }
            file.push(0)?;
            // SAFETY: a NUL has been put at its end.
            match kernel::execute(unsafe { file.text() }, self.command, self.environment) {
                // The next directory may have it.
                Errno::EACCES
                | Errno::ENOENT
                | Errno::ENOTDIR
                | Errno::ESTALE
                | Errno::ENODEV
                | Errno::ETIMEDOUT => {}
                _ => return None,
            }
            if end != b':' {
                return None;
            }
        }
    }
}

/// Whether the kernel raised this process's privileges at its exec (`AT_SECURE`, getauxval(3)).
///
/// # Safety
/// `vector` is the auxiliary vector.
#[inline(always)]
unsafe fn privileges_were_raised(vector: *const [usize; 2]) -> bool {
    const AT_NULL: usize = 0;
    const AT_SECURE: usize = 23;
    let mut entry = vector;
    loop {
        // SAFETY: the vector ends with AT_NULL, and the loop ends there.
        match unsafe { *entry } {
            [AT_NULL, _] => return false,
            [AT_SECURE, secure] => return secure != 0,
            // SAFETY: another entry follows.
            _ => entry = unsafe { entry.add(1) },
        }
    }
}
