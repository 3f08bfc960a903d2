//! What SELinux makes of a service that the program starts.

use std::path::Path;

use super::Finding;
use crate::model::text::Shown;

/// The type that policies of Kubernetes nodes have for the program, and for the kubelet.
pub const PROGRAM_TYPE: &[u8] = b"kubelet_exec_t";

/// A label with another type in it; `None`: it is no label.
pub fn retyped(label: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut fields: Vec<_> = label.strip_suffix(b"\0").unwrap_or(label).split(|&byte| byte == b':').collect();
    *fields.get_mut(2)? = to;
    Some(fields.join(&b':'))
}

/// The program's label is not that of a program. `label`: where SELinux is on, and its policy has a type for the
/// program; elsewhere there is nothing that restorecon(8) could put right.
pub fn label(program: &Path, label: Option<&[u8]>) -> Option<Finding> {
    let label = label?.strip_suffix(b"\0").or(label)?;
    let kind = label.split(|&byte| byte == b':').nth(2)?;
    let program = Shown::of(program);
    (!kind.ends_with(b"_exec_t")).then(|| Finding {
        name: "selinux-label",
        degrades: false,
        found: format!("{program} is labelled {}", Shown(label)),
        consequence: "systemd starts what it wraps in the wrong domain, and the kubelet or the runtime is denied things",
        cure: format!("restorecon -v {program}; if that changes nothing, update container-selinux"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_program_s_or_it_is_wrong() {
        let wrong = |text: Option<&[u8]>| label(Path::new("/usr/bin/kubensenter"), text).is_some();
        assert!(wrong(Some(b"system_u:object_r:bin_t:s0\0")));
        assert!(!wrong(Some(b"system_u:object_r:kubelet_exec_t:s0\0")));
        assert!(!wrong(None));
    }

    #[test]
    fn a_label_is_asked_about_with_all_that_its_policy_has_in_one() {
        let asked = |text: &[u8]| retyped(text, PROGRAM_TYPE);
        assert_eq!(
            asked(b"system_u:object_r:bin_t:s0:c0.c1023\0").as_deref(),
            Some(&b"system_u:object_r:kubelet_exec_t:s0:c0.c1023"[..])
        );
        assert_eq!(asked(b"user:role:bin_t").as_deref(), Some(&b"user:role:kubelet_exec_t"[..]));
        assert_eq!(asked(b"none"), None);
    }
}
