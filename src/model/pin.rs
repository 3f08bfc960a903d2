//! The pin: where it is and what it is made of. The only place that knows `/run/kubens`.

pub mod place;
pub mod plan;

use std::ffi::{CStr, CString};

/// The pin's directory, unless `kubensctl --dir` says otherwise.
pub const DEFAULT_DIR: &str = "/run/kubens";

/// Where kubensenter looks, unless `$DEFAULT_KUBENSMNT` says otherwise.
pub const DEFAULT_POINT: &CStr = c"/run/kubens/mnt";

/// Host directories that become shared mounts before the namespace is made. Whoever first uses one of them on
/// the host later would do it then, and what was mounted there inside would be hidden.
pub const SHARED_ON_HOST: [&CStr; 1] = [c"/run/netns"];

/// The name of the bind point in the pin's directory.
pub const POINT: &CStr = c"mnt";
/// The name of the file for `EnvironmentFile=` there.
pub const ENV: &CStr = c"env";

/// A pin, by its directory: absolute, without a slash at its end.
pub struct Pin {
    dir: CString,
}

impl Pin {
    /// The pin in this directory. `None`: a path that is not absolute, is `/`, holds a NUL, or has `.` or `..`
    /// as its last word.
    pub fn new(dir: &[u8]) -> Option<Self> {
        let length = dir.iter().rposition(|&byte| byte != b'/')? + 1;
        let dir = &dir[..length];
        let name = dir.rsplit(|&byte| byte == b'/').next()?;
        if !dir.starts_with(b"/") || name == b"." || name == b".." {
            return None;
        }
        Some(Pin { dir: CString::new(dir).ok()? })
    }

    /// The directory, which the pin's own tmpfs covers.
    pub fn dir(&self) -> &CStr {
        &self.dir
    }

    /// The directory that [`Pin::dir`] lies in.
    pub fn parent(&self) -> CString {
        let dir = self.dir.to_bytes();
        let slash = dir.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        cstring(dir[..slash.max(1)].to_vec())
    }

    /// The bind point.
    pub fn point(&self) -> CString {
        cstring([self.dir.to_bytes(), b"/", POINT.to_bytes()].concat())
    }

    /// The lock, beside the directory and not in it: a tmpfs that covers it would split the callers in two. First its
    /// name, in the directory that [`Pin::dir`] lies in, then its path.
    pub fn lock(&self) -> (CString, CString) {
        let path = [self.dir.to_bytes(), b".lock"].concat();
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        (cstring(name.to_vec()), cstring(path))
    }

    /// What the file for `EnvironmentFile=` holds.
    pub fn env_text(&self) -> Vec<u8> {
        [b"KUBENSMNT=", self.point().to_bytes(), b"\n"].concat()
    }
}

/// What is made of a [`Pin`]'s directory holds no NUL either.
fn cstring(bytes: Vec<u8>) -> CString {
    CString::new(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_point_lies_in_the_default_directory() {
        let pin = Pin::new(DEFAULT_DIR.as_bytes()).unwrap();
        assert_eq!(pin.point().as_c_str(), DEFAULT_POINT);
        assert_eq!(pin.env_text(), b"KUBENSMNT=/run/kubens/mnt\n");
        assert_eq!(pin.lock(), (c"kubens.lock".to_owned(), c"/run/kubens.lock".to_owned()));
    }

    #[test]
    fn a_directory_lies_in_another() {
        let pin = Pin::new(b"/run/a b//").unwrap();
        assert_eq!((pin.dir(), &*pin.parent()), (c"/run/a b", c"/run"));
        assert_eq!(Pin::new(b"/top").unwrap().parent().as_c_str(), c"/");
    }

    #[test]
    fn refuses_what_names_no_directory_of_its_own() {
        for dir in ["", "/", "//", "run/kubens", "/run/..", "/run/.", "/run/a\0b"] {
            assert!(Pin::new(dir.as_bytes()).is_none(), "{dir}");
        }
    }
}
