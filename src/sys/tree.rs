//! A tree of files, the machine's own or an image's: reads in it, and follows no link out of it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{self, OFlag, OpenHow, ResolveFlag};
use nix::sys::stat::{self, FileStat, Mode, SFlag};

use super::files::foreign;

/// A tree; paths in it are absolute, and its own root is their `/`.
pub struct Tree {
    /// Where it is, and a descriptor of that; `None` is the machine's own root.
    root: Option<(PathBuf, OwnedFd)>,
}

/// What was found where a file was looked for.
pub enum Content {
    /// A file with something in it.
    Text(Vec<u8>),
    /// An empty file or `/dev/null`: what systemd takes for a mask.
    Masked,
    /// No plain file. systemd reads no such thing either, and opening it might block.
    Strange,
}

/// A name in a directory.
pub struct Listed {
    /// The name.
    pub name: OsString,
    /// Whether it may be a symbolic link, and a directory: not every file system tells.
    pub may_be: (bool, bool),
}

/// No directory of units has more entries.
const LONGEST: usize = 50_000;

/// A file's identity, as stat(2) has it.
pub type Identity = (u64, u64);

impl Tree {
    /// The machine's own, or the image below `root`.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn new(root: Option<&Path>) -> io::Result<Tree> {
        let Some(root) = root else {
            return Ok(Tree { root: None });
        };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Tree { root: Some((root.to_owned(), fcntl::open(root, flags, Mode::empty())?)) })
    }

    /// Whether it is an image and not the machine's own.
    pub fn is_image(&self) -> bool {
        self.root.is_some()
    }

    /// A path in it as it is seen from outside.
    pub fn outside(&self, path: &Path) -> PathBuf {
        match &self.root {
            Some((root, _)) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }

    /// Opens a path in it, close-on-exec. Links in the way are followed within the tree (openat2(2), Linux
    /// 5.6, for an image).
    pub(super) fn open(&self, path: &Path, flags: OFlag) -> Result<OwnedFd, Errno> {
        let mut flags = flags | OFlag::O_CLOEXEC;
        if !flags.contains(OFlag::O_PATH) {
            // openat2 takes these two for no mistake only where something is really opened.
            flags |= OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
        }
        match &self.root {
            None => fcntl::open(path, flags, Mode::empty()),
            Some((_, root)) => {
                let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_IN_ROOT);
                fcntl::openat2(root, path, how)
            }
        }
    }

    /// Reads a file; `None` where there is none. An image need have no `/dev/null` for links to it to mean that.
    pub fn read(&self, path: &Path) -> io::Result<Option<Content>> {
        let opened = self.open(path, OFlag::O_RDONLY);
        let stat = match &opened {
            Ok(fd) => Some(stat::fstat(fd.as_fd())?),
            Err(_) => self.stat(path)?,
        };
        let Some(stat) = stat else {
            let is_mask = self.is_link_to_null(path);
            return Ok(is_mask.then_some(Content::Masked));
        };
        Ok(Some(match kind(&stat) {
            SFlag::S_IFCHR => Content::Masked,
            SFlag::S_IFREG => {
                let text = foreign::text(opened?, &stat)?;
                if text.is_empty() { Content::Masked } else { Content::Text(text) }
            }
            _ => Content::Strange,
        }))
    }

    /// The names in a directory, in no order; none where there is no directory.
    ///
    /// # Errors
    /// It cannot be read, or has so many that no end of it can be waited for.
    pub fn list(&self, directory: &Path) -> io::Result<Vec<Listed>> {
        let fd = match self.open(directory, OFlag::O_RDONLY | OFlag::O_DIRECTORY) {
            Err(errno) if is_absent(errno) => return Ok(Vec::new()),
            result => result?,
        };
        let mut names = Vec::new();
        for entry in Dir::from_fd(fd)?.iter() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
            if name == "." || name == ".." {
                continue;
            }
            if names.len() >= LONGEST {
                return Err(io::Error::other(format!("it has more than {LONGEST} entries")));
            }
            let is = |kind| entry.file_type().is_none_or(|found| found == kind);
            names.push(Listed { name, may_be: (is(Type::Symlink), is(Type::Directory)) });
        }
        Ok(names)
    }

    /// Where a symbolic link points to; `None` for what is none.
    pub fn link(&self, directory: &Path, name: &OsStr) -> Option<PathBuf> {
        let fd = self.open(directory, OFlag::O_PATH | OFlag::O_DIRECTORY).ok()?;
        let target = fcntl::readlinkat(&fd, name).ok()?;
        Some(directory.join(OsString::from_vec(target.into_vec())))
    }

    fn is_link_to_null(&self, path: &Path) -> bool {
        let target = path.parent().and_then(|directory| self.link(directory, path.file_name()?));
        target.is_some_and(|target| target == Path::new("/dev/null"))
    }

    /// Whether there is a file or a mask.
    pub fn has(&self, path: &Path) -> bool {
        self.identity(path).is_some() || self.is_link_to_null(path)
    }

    /// Which file a path leads to; `None` where it leads nowhere.
    pub fn identity(&self, path: &Path) -> Option<Identity> {
        let stat = self.stat(path).ok()??;
        Some((stat.st_dev, stat.st_ino))
    }

    /// Whether a path leads to a plain file that somebody may execute.
    pub fn is_program(&self, path: &Path) -> bool {
        let executable = |stat: FileStat| kind(&stat) == SFlag::S_IFREG && stat.st_mode & 0o111 != 0;
        self.stat(path).ok().flatten().is_some_and(executable)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<FileStat>> {
        let stat = match &self.root {
            None => stat::stat(path),
            Some(_) => self.open(path, OFlag::O_PATH).and_then(|fd| stat::fstat(fd.as_fd())),
        };
        match stat {
            Ok(stat) => Ok(Some(stat)),
            Err(errno) if is_absent(errno) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
}

fn is_absent(errno: Errno) -> bool {
    matches!(errno, Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP)
}
