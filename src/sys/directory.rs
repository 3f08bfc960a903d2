//! The working directory, kept across a change of namespace by its path: a descriptor of it would be a tunnel
//! back to the other side.

use std::borrow::Cow;
use std::env;
use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStringExt;

use nix::errno::Errno;
use nix::unistd;

use super::raw;

/// The longest path that the kernel takes in one call, its NUL included (`PATH_MAX`).
const PATH_MAX: usize = 4096;

/// Room for one such path. It is not zeroed: on the hot path that would cost more than all the rest.
pub type Room = [MaybeUninit<u8>; PATH_MAX];

/// An empty [`Room`].
pub const ROOM: Room = [MaybeUninit::uninit(); PATH_MAX];

/// The path of the working directory, however long it is.
///
/// # Errors
/// It has none: it was deleted, or lies outside of this process's root.
pub fn current(room: &mut Room) -> io::Result<Cow<'_, CStr>> {
    match raw::getcwd(room) {
        Ok(path) if path.to_bytes().starts_with(b"/") => Ok(Cow::Borrowed(path)),
        Ok(_) => Err(io::Error::other("it is outside of the caller's root")),
        // libc walks upwards then, and std gives it the room.
        Err(Errno::ENAMETOOLONG) => {
            Ok(Cow::Owned(CString::new(env::current_dir()?.into_os_string().into_vec())?))
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Goes to `path`, in several steps where the kernel does not take it in one.
pub fn change(path: &CStr) -> io::Result<()> {
    match unistd::chdir(path) {
        Err(Errno::ENAMETOOLONG) => steps(path.to_bytes()).try_for_each(|step| {
            unistd::chdir(step)?;
            Ok(())
        }),
        result => Ok(result?),
    }
}

/// Cuts a path at its slashes into pieces of less than `PATH_MAX`; the first is absolute where the path is.
fn steps(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = if rest.len() < PATH_MAX {
            rest.len()
        } else {
            // A name longer than that is for chdir to refuse.
            rest[..PATH_MAX]
                .iter()
                .rposition(|&byte| byte == b'/')
                .filter(|&end| end > 0)
                .unwrap_or(rest.len())
        };
        let (step, tail) = rest.split_at(end);
        rest = &tail[tail.iter().take_while(|&&byte| byte == b'/').count()..];
        Some(step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_a_long_path_into_steps_that_the_kernel_takes() {
        let path = format!("/{}", ["directory"; 1000].join("/")).into_bytes();
        let steps: Vec<_> = steps(&path).collect();
        assert!(steps.len() > 1 && steps.iter().all(|step| step.len() < PATH_MAX));
        assert!(steps[0].starts_with(b"/") && steps[1..].iter().all(|step| step[0] != b'/'));
        assert_eq!(steps.join(&b'/'), path);
    }

    #[test]
    fn a_name_that_is_too_long_is_one_step() {
        let path = [b'x'; 5000];
        assert_eq!(steps(&path).collect::<Vec<_>>(), [&path[..]]);
    }
}
