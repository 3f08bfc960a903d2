//! In which SELinux domain a service ends, by itself and behind the wrapper.

use crate::model::node::catalogue::behind;
use crate::model::text::Shown;
use crate::model::units::command;
use crate::model::units::unit::Unit;

/// The contexts in which a program starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domains {
    /// Started by systemd.
    pub alone: Vec<u8>,
    /// Started by the wrapper.
    pub wrapped: Vec<u8>,
}

impl Domains {
    /// The two types, if they are two.
    pub fn apart(&self) -> Option<(&[u8], &[u8])> {
        let both = (kind(&self.alone)?, kind(&self.wrapped)?);
        (both.0 != both.1).then_some(both)
    }

    /// That in a sentence.
    pub fn told(&self) -> Option<String> {
        let (alone, wrapped) = self.apart()?;
        Some(format!(
            "SELinux has it in {} where systemd starts it, and in {} where the wrapper does",
            Shown(alone),
            Shown(wrapped)
        ))
    }
}

/// The type in a context.
pub fn kind(context: &[u8]) -> Option<&[u8]> {
    let context = context.strip_suffix(b"\0").unwrap_or(context);
    context.split(|&byte| byte == b':').nth(2)
}

/// What decides about it in a unit.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The programs, each the first of its command; behind the wrapper, where the unit has it.
    pub programs: Vec<Vec<u8>>,
    /// The context that the unit asks for.
    pub context: Option<&'a str>,
    /// No program gets rights by its start (`PR_SET_NO_NEW_PRIVS`), and so hardly another domain.
    pub no_new_privileges: bool,
}

/// Reads that; `None`: it asks for a context that only systemd knows.
pub fn asked(unit: &Unit) -> Option<Asked<'_>> {
    let commands = unit.list("ExecStart").into_iter().flat_map(|set| command::words(set.value));
    let programs = commands.filter_map(|words| {
        if !command::is_entering(words.first()?) {
            return words.into_iter().next();
        }
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        behind::commands(&words).into_iter().nth(1)?.into_iter().next()
    });
    let context = unit.last("SELinuxContext").map(|set| set.value.trim_start_matches('-'));
    let is_known = context.is_none_or(|context| !context.contains('%'));
    is_known.then(|| Asked {
        programs: programs.collect(),
        context: context.filter(|context| !context.is_empty()),
        no_new_privileges: unit.is_on("NoNewPrivileges") || unit.is_on("DynamicUser"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::name::UnitName;
    use crate::model::units::unit::Source;

    fn unit(text: &str) -> Unit {
        let sources = vec![Source::new("/a", format!("[Service]\n{text}\n").as_bytes())];
        Unit { name: UnitName::new("agent.service").unwrap(), sources }
    }

    #[test]
    fn what_decides_is_the_first_program_and_what_the_unit_asks_for() {
        let programs = |text: &str| {
            let programs = asked(&unit(text)).unwrap().programs;
            programs.into_iter().map(|program| String::from_utf8(program).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(programs("ExecStart=-/usr/bin/agent run"), ["/usr/bin/agent"]);
        assert_eq!(programs("ExecStart=/usr/bin/kubensenter -q -- /usr/bin/agent run"), ["/usr/bin/agent"]);
        assert_eq!(programs("ExecStart=/usr/bin/kubensenter env A=b /usr/bin/agent"), ["env"]);
        assert_eq!(programs("Type=oneshot\nExecStart=/a\nExecStart=/b ; /c"), ["/a", "/b", "/c"]);
        let of = |text: &str| {
            let unit = unit(text);
            asked(&unit).map(|asked| (asked.context.map(str::to_owned), asked.no_new_privileges))
        };
        assert_eq!(of("ExecStart=/a"), Some((None, false)));
        let context = Some("u:r:agent_t:s0".to_owned());
        assert_eq!(of("SELinuxContext=-u:r:agent_t:s0\nNoNewPrivileges=yes"), Some((context, true)));
        assert_eq!(of("SELinuxContext=\nDynamicUser=yes"), Some((None, true)));
        assert_eq!(of("SELinuxContext=u:r:%i_t:s0"), None);
    }

    #[test]
    fn domains_differ_by_their_types() {
        let domains = |alone: &str, wrapped: &str| Domains { alone: alone.into(), wrapped: wrapped.into() };
        let told = domains("system_u:system_r:agent_t:s0\0", "system_u:system_r:kubelet_t:s0").told();
        assert_eq!(
            told.as_deref(),
            Some(
                "SELinux has it in agent_t where systemd starts it, and in kubelet_t where the wrapper does"
            )
        );
        assert_eq!(domains("u:r:a_t:s0", "v:s:a_t:s0-s0:c0.c1023").told(), None);
        assert_eq!(domains("unlabelled", "u:r:a_t:s0").told(), None);
    }
}
