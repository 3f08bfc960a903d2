//! The pin: where it is. The only place that knows `/run/kubens`.

use std::ffi::CStr;

/// The pin's directory, unless `kubensctl --dir` says otherwise.
pub const DEFAULT_DIR: &str = "/run/kubens";

/// Where kubensenter looks, unless `$DEFAULT_KUBENSMNT` says otherwise.
pub const DEFAULT_POINT: &CStr = c"/run/kubens/mnt";
