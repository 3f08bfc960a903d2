//! Who is where, process by process: the tree of the members, and the answer about one process or one unit.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::model::json::Name;
use crate::model::namespace::NamespaceId;
use crate::model::node::facts::View;
use crate::model::node::members::{Count, Process, Standing, Whereabouts, whereabouts};
use crate::model::text::Shown;

/// A process with the name that it goes by.
pub struct Named<'a> {
    /// The process.
    pub process: &'a Process,
    /// What `/proc/PID/comm` says.
    pub command: Vec<u8>,
}

/// The same for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Member<'a> {
    pid: i32,
    command: Name<'a>,
    unit: Option<&'a str>,
    namespace: Option<u64>,
    r#where: &'static str,
}

/// What `status PID` and `status UNIT` print with `--json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct One<'a> {
    standing: &'static str,
    processes: Vec<Member<'a>>,
}

fn place(view: &View<'_>, namespace: Option<NamespaceId>) -> Whereabouts {
    whereabouts(namespace, view.home, view.node.host)
}

fn word(place: Whereabouts) -> &'static str {
    match place {
        Whereabouts::Inside => "inside",
        Whereabouts::Host => "outside",
        Whereabouts::Elsewhere => "elsewhere",
        Whereabouts::Unseen => "unseen",
    }
}

/// Where they are, as a whole.
pub fn standing(view: &View<'_>, named: &[Named<'_>]) -> Standing {
    let mut count = Count::default();
    for one in named {
        count.add(place(view, one.process.namespace));
    }
    count.verdict()
}

/// For programs.
pub fn members<'a>(view: &View<'_>, named: &'a [Named<'_>]) -> Vec<Member<'a>> {
    let member = |one: &'a Named<'_>| Member {
        pid: one.process.pid,
        command: Name(&one.command),
        unit: one.process.unit.as_deref(),
        namespace: one.process.namespace.map(|id| id.ino),
        r#where: word(place(view, one.process.namespace)),
    };
    named.iter().map(member).collect()
}

/// For programs.
pub fn one<'a>(view: &View<'_>, named: &'a [Named<'_>]) -> One<'a> {
    One { standing: standing(view, named).word(), processes: members(view, named) }
}

/// The processes as a tree: the unit, then each of them. `places`: where each is, too.
pub fn tree(view: &View<'_>, named: &[Named<'_>], places: bool) -> String {
    let mut units: BTreeMap<&str, Vec<&Named<'_>>> = BTreeMap::new();
    for one in named {
        units.entry(one.process.unit.as_deref().unwrap_or("no unit")).or_default().push(one);
    }
    let width = named.iter().map(|one| one.process.pid.to_string().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (unit, processes) in units {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", Shown(unit.as_bytes()));
        for (row, one) in processes.iter().enumerate() {
            let branch = if row + 1 == processes.len() { "└─" } else { "├─" };
            let (pid, command) = (one.process.pid, Shown(&one.command));
            let _ = write!(text, "{branch} {pid:width$} {command}");
            if places {
                let namespace = one.process.namespace.map_or(String::new(), |id| format!(", {id}"));
                let _ = write!(text, "  {}{namespace}", word(place(view, one.process.namespace)));
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::schema_tests::is_documented;

    #[test]
    fn what_programs_get_is_documented() {
        is_documented::<One<'_>>("status-of-one");
    }
}
