//! What the machine did not do: the operation and its object, and the system's reason. It becomes an anyhow error where it
//! is told; before, who decides by it needs the error's kind.

use std::ffi::CStr;
use std::fmt::{self, Display, Formatter};
use std::io;

use crate::model::text::{Shown, reason};

/// An operation that failed.
#[derive(Debug)]
pub struct Denied {
    /// What was to be done, with its object: `unmount /run/kubens`.
    pub doing: String,
    /// Why it was not.
    pub error: io::Error,
}

impl Display for Denied {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, reason(&self.error))
    }
}

/// Says what was to be done when an operation failed.
pub trait Doing<T> {
    /// `verb` and `object` name the operation.
    ///
    /// # Errors
    /// The one that is there already.
    fn doing(self, verb: &str, object: &CStr) -> Result<T, Denied>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, verb: &str, object: &CStr) -> Result<T, Denied> {
        self.map_err(|error| Denied {
            doing: format!("{verb} {}", Shown(object.to_bytes())),
            error: error.into(),
        })
    }
}
