//! A service's name, and the directories in which systemd looks for its drop-ins (systemd.unit(5)).

use std::fmt::{self, Display, Formatter};

/// The name of a service unit: `containerd.service`, a template `getty@.service`, or an instance of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitName(String);

/// Why something is no name of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// It is a unit of another type.
    OtherType,
    /// systemd takes it for no unit's name.
    Malformed,
}

const SUFFIX: &str = ".service";
/// systemd's other types of units.
const OTHERS: [&str; 10] =
    [".socket", ".device", ".mount", ".automount", ".swap", ".target", ".path", ".timer", ".slice", ".scope"];
/// The longest name that systemd takes.
const LONGEST: usize = 255;

impl UnitName {
    /// Reads a name as systemctl does: one without a type is a service's.
    ///
    /// # Errors
    /// It names no service.
    pub fn new(text: &str) -> Result<Self, BadName> {
        if OTHERS.iter().any(|other| text.ends_with(other)) {
            return Err(BadName::OtherType);
        }
        let stem = text.strip_suffix(SUFFIX).unwrap_or(text);
        let fine = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
        let well_formed = !stem.is_empty()
            && !stem.starts_with('@')
            && stem.chars().all(fine)
            && stem.len() + SUFFIX.len() <= LONGEST;
        if well_formed { Ok(UnitName(format!("{stem}{SUFFIX}"))) } else { Err(BadName::Malformed) }
    }

    /// The unit that pins the namespace.
    pub fn kubens() -> Self {
        UnitName(format!("kubens{SUFFIX}"))
    }

    /// The name as systemd writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn stem(&self) -> &str {
        self.0.strip_suffix(SUFFIX).unwrap_or(&self.0)
    }

    /// What lies before the first `@`, and what lies between that and the type.
    fn halves(&self) -> (&str, Option<&str>) {
        match self.stem().split_once('@') {
            Some((prefix, instance)) => (prefix, Some(instance)),
            None => (self.stem(), None),
        }
    }

    /// The template that this is an instance of.
    pub fn template(&self) -> Option<UnitName> {
        self.instance().map(|_| UnitName(format!("{}@{SUFFIX}", self.halves().0)))
    }

    /// What makes this an instance of a template: the part behind `@`.
    pub fn instance(&self) -> Option<&str> {
        self.halves().1.filter(|instance| !instance.is_empty())
    }

    /// Whether this is a template, which never runs itself.
    pub fn is_template(&self) -> bool {
        self.halves().1 == Some("")
    }

    /// This template's unit of that instance.
    pub fn instantiate(&self, instance: &str) -> UnitName {
        UnitName(format!("{}@{instance}{SUFFIX}", self.halves().0))
    }

    /// The names whose `.d` directories hold drop-ins for this one, the nearest first: its own, its
    /// template's, and those of each prefix that ends in a dash.
    pub fn drop_in_names(&self) -> Vec<String> {
        let mut names = vec![self.0.clone()];
        names.extend(self.template().map(|template| template.0));
        let (prefix, instance) = self.halves();
        if let Some(shorter) = dashed(prefix) {
            let tail = instance.map(|instance| format!("@{instance}")).unwrap_or_default();
            names.extend(UnitName(format!("{shorter}{tail}{SUFFIX}")).drop_in_names());
        }
        names
    }
}

/// The prefix cut behind its last dash that has something behind it.
fn dashed(prefix: &str) -> Option<&str> {
    let end = prefix.trim_end_matches('-').rfind('-')? + 1;
    // A name of dashes alone has no shorter one.
    (!prefix[..end].trim_end_matches('-').is_empty()).then_some(&prefix[..end])
}

impl Display for UnitName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UnitName {
        UnitName::new(text).unwrap()
    }

    #[test]
    fn a_name_without_a_type_is_a_service() {
        assert_eq!(name("containerd").as_str(), "containerd.service");
        assert_eq!(name("a.b").as_str(), "a.b.service");
        assert_eq!(name("a.service").as_str(), "a.service");
    }

    #[test]
    fn refuses_what_names_no_service() {
        assert_eq!(UnitName::new("docker.socket"), Err(BadName::OtherType));
        for text in ["", ".service", "@x.service", "a b", "../a", "/etc/a.service", &"x".repeat(248)] {
            assert_eq!(UnitName::new(text), Err(BadName::Malformed), "{text}");
        }
    }

    #[test]
    fn knows_templates_and_instances() {
        assert!(name("a@.service").is_template() && name("a@.service").template().is_none());
        assert_eq!(name("a@b@c").template(), Some(name("a@.service")));
        assert_eq!(name("a@b@c").instance(), Some("b@c"));
        assert_eq!(name("a@.service").instantiate("x"), name("a@x"));
        assert_eq!(name("a").template(), None);
    }

    #[test]
    fn looks_for_drop_ins_from_the_nearest_name_to_the_widest() {
        assert_eq!(name("a").drop_in_names(), ["a.service"]);
        assert_eq!(name("a-b-c").drop_in_names(), ["a-b-c.service", "a-b-.service", "a-.service"]);
        assert_eq!(
            name("a-b@x-y").drop_in_names(),
            ["a-b@x-y.service", "a-b@.service", "a-@x-y.service", "a-@.service"]
        );
    }
}
