//! What SELinux makes of a service that starts behind the wrapper.

use super::Finding;
use crate::model::text::Shown;
use crate::model::units::command::WRAPPER;
use crate::model::units::domains::{self, Domains};
use crate::model::units::name::UnitName;

/// A service ends in another domain than its policy has for it. `label` is the wrapper's.
pub fn domain(unit: &UnitName, domains: &Domains, label: &[u8]) -> Option<Finding> {
    let (alone, wrapped) = domains.apart()?;
    let is_program = domains::kind(label).is_some_and(|kind| kind.ends_with(b"_exec_t"));
    let leave = format!(
        "leave it outside (kubensctl unwrap {unit}), or load a policy that leads from {} to {}",
        Shown(wrapped),
        Shown(alone)
    );
    Some(Finding {
        name: "selinux-domain",
        degrades: false,
        found: format!("{unit}: {}", domains.told()?),
        consequence: "it is allowed, or denied, what its own policy does not say",
        cure: if is_program {
            format!("{leave}: SELinux in kubens-generator(8)")
        } else {
            format!(
                "restorecon -v {WRAPPER}, which is labelled {}; if that changes nothing, {leave}",
                Shown(label)
            )
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_in_another_domain_is_named_with_the_way_back() {
        let found = |alone: &str, wrapped: &str, label: &str| {
            let context = |kind: &str| format!("system_u:system_r:{kind}:s0").into_bytes();
            let domains = Domains { alone: context(alone), wrapped: context(wrapped) };
            domain(&UnitName::new("agent.service").unwrap(), &domains, &context(label))
        };
        assert_eq!(found("kubelet_t", "kubelet_t", "kubelet_exec_t"), None);
        let agent = found("agent_t", "kubelet_t", "kubelet_exec_t").unwrap();
        assert_eq!(
            agent.found,
            "agent.service: SELinux has it in agent_t where systemd starts it, and in kubelet_t where the wrapper does"
        );
        assert!(
            agent.cure.starts_with("leave it outside (kubensctl unwrap agent.service)"),
            "{}",
            agent.cure
        );
        let kubelet = found("kubelet_t", "initrc_t", "user_home_t").unwrap();
        assert!(kubelet.cure.starts_with("restorecon -v /usr/bin/kubensenter"), "{}", kubelet.cure);
    }
}
