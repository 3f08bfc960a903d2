//! SELinux: labels of files, and in which domain a service ends. That is asked of the policy as the kernel has it, by
//! selinuxfs; execve(2) goes by the same.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fs::XattrFlags;
use rustix::io::Errno;

use crate::model::units::command::WRAPPER;
use crate::model::units::domains::{self, Domains};
use crate::model::units::unit::Unit;

/// Where the policy is asked.
const SELINUXFS: &str = "/sys/fs/selinux";
/// Where a file's label is.
const LABEL: &str = "security.selinux";
/// More than any label has.
const LONGEST: usize = 4096;
/// Where systemd looks for a program without a path.
const SEARCHED: &str = "/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin";

/// The loaded policy, and what of this machine it is asked about.
pub struct Policy {
    /// In which context services start from.
    init: Vec<u8>,
    /// The wrapper's label.
    wrapper: Vec<u8>,
}

impl Policy {
    /// `None` where SELinux is off, or the wrapper is not there.
    ///
    /// # Errors
    /// It is on, and what it is asked about cannot be read.
    pub fn loaded() -> io::Result<Option<Self>> {
        // Not allowed is not off.
        if !fs::exists(Path::new(SELINUXFS).join("create"))? {
            return Ok(None);
        }
        let init = trimmed(fs::read("/proc/1/attr/current")?);
        Ok(label(Path::new(WRAPPER))?.map(|wrapper| Policy { init, wrapper }))
    }

    /// The wrapper's label.
    pub fn label(&self) -> &[u8] {
        &self.wrapper
    }

    /// Where the first of the unit's programs ends that ends elsewhere behind the wrapper; `None`: none does, or it
    /// is not there yet.
    ///
    /// # Errors
    /// The policy does not answer.
    pub fn apart(&self, unit: &Unit) -> io::Result<Option<Domains>> {
        let Some(asked) = domains::asked(unit) else {
            return Ok(None);
        };
        for program in &asked.programs {
            let Some(label) = located(program)?.and_then(|path| label(&path).transpose()).transpose()? else {
                continue;
            };
            let step = |from: &[u8], label: &[u8]| started(from, label, asked.no_new_privileges);
            // What the unit asks for holds for the first program, whatever that is labelled.
            let first = |label: &[u8]| match asked.context {
                Some(context) => Ok(context.as_bytes().to_vec()),
                None => step(&self.init, label),
            };
            let found = Domains { alone: first(&label)?, wrapped: step(&first(&self.wrapper)?, &label)? };
            if found.apart().is_some() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// The context of what a process in `from` becomes by starting a program with this label.
fn started(from: &[u8], label: &[u8], no_new_privileges: bool) -> io::Result<Vec<u8>> {
    let class = number("class/process/index")?;
    let to = trimmed(ask("create", &[from, label, class.as_bytes()])?);
    let stays = no_new_privileges && to != from && !may_without_new_privileges(from, &to)?;
    Ok(if stays { from.to_vec() } else { to })
}

/// Whether that change may happen under `PR_SET_NO_NEW_PRIVS`; an old policy has no such right.
fn may_without_new_privileges(from: &[u8], to: &[u8]) -> io::Result<bool> {
    const PERMISSIVE: u32 = 1;
    let right = match number("class/process2/perms/nnp_transition") {
        Ok(number) => number.parse::<u32>().map_err(|_| io::ErrorKind::InvalidData)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let answer = ask("access", &[from, to, number("class/process2/index")?.as_bytes()])?;
    // The rights, and last the flags of the domain that asks.
    let word = |word: Option<&str>| u32::from_str_radix(word?, 16).ok();
    let text = str::from_utf8(&answer).unwrap_or_default();
    let (rights, flags) =
        (word(text.split(' ').next()), word(text.trim_end_matches('\0').rsplit(' ').next()));
    let (rights, flags) = rights.zip(flags).ok_or(io::ErrorKind::InvalidData)?;
    let bit = right.checked_sub(1).and_then(|bit| 1_u32.checked_shl(bit)).unwrap_or(0);
    Ok(rights & bit != 0 || flags & PERMISSIVE != 0 || number("enforce")? == "0")
}

fn number(file: &str) -> io::Result<String> {
    Ok(fs::read_to_string(Path::new(SELINUXFS).join(file))?.trim().to_owned())
}

/// A question, which is one write, and its answer.
fn ask(file: &str, words: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut file = File::options().read(true).write(true).open(Path::new(SELINUXFS).join(file))?;
    file.write_all(&words.join(&b' '))?;
    let mut answer = Vec::new();
    file.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The label of what is behind a descriptor; `None`: it has none.
pub fn label_of(file: impl AsFd) -> Option<Vec<u8>> {
    let mut label = Vec::with_capacity(LONGEST);
    rustix::fs::fgetxattr(file, LABEL, spare_capacity(&mut label)).ok()?;
    Some(label)
}

/// Gives it a label.
pub fn set_label(file: impl AsFd, label: &[u8]) -> io::Result<()> {
    Ok(rustix::fs::fsetxattr(file, LABEL, label, XattrFlags::empty())?)
}

/// The label of a file; `None`: there is no such file.
fn label(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut label = Vec::with_capacity(LONGEST);
    match rustix::fs::getxattr(path, LABEL, spare_capacity(&mut label)) {
        Ok(_) => Ok(Some(trimmed(label))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn located(program: &[u8]) -> io::Result<Option<PathBuf>> {
    let path = Path::new(OsStr::from_bytes(program));
    if path.is_absolute() {
        return Ok(Some(path.to_owned()));
    }
    for directory in SEARCHED.split(' ') {
        let candidate = Path::new(directory).join(path);
        if fs::exists(&candidate)? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

fn trimmed(mut context: Vec<u8>) -> Vec<u8> {
    let end = context.iter().rposition(|byte| !b"\0\n ".contains(byte)).map_or(0, |last| last + 1);
    context.truncate(end);
    context
}
