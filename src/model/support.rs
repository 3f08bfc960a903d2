//! What goes into a report for a support case, and what does not: arguments, environments and passwords, which are
//! nobody's business.

use super::units::text;

/// The settings whose values say nothing that is secret: they are names of units and files, and our own switches.
const TOLD: &[&str] = &[
    "After",
    "Before",
    "Conflicts",
    "Description",
    "EnvironmentFile",
    "Except",
    "Exec",
    "Kubernetes",
    "PartOf",
    "Requires",
    "RestrictNamespaces",
    "SyslogIdentifier",
    "Type",
    "Units",
    "Wants",
];
/// kubensenter's flags that have a value.
const VALUED: &[&str] = &["-m", "--mount", "-t", "--target", "--wd", "--argv0"];

/// A configuration file's assignments, a line each; of commands the program, and of values that may be secret nothing.
pub fn settings(text: &[u8]) -> Vec<String> {
    let told = |key: &str, value: &str| match key {
        _ if value.is_empty() || TOLD.contains(&key) => value.to_owned(),
        _ if key.starts_with("Exec") => program(value),
        "Environment" => names(value),
        _ => "(left out)".to_owned(),
    };
    let parsed = text::parse(text);
    let assignments = parsed.assignments.iter();
    assignments.map(|one| format!("[{}] {}={}", one.section, one.key, told(&one.key, &one.value))).collect()
}

/// The program of a command, behind kubensenter too, and how many words follow it.
fn program(command: &str) -> String {
    let words: Vec<_> = command.split_whitespace().collect();
    let wraps = words.first().is_some_and(|word| word.ends_with("kubensenter"));
    let options = words
        .windows(2)
        .skip(usize::from(!wraps))
        .take_while(|pair| wraps && (pair[1].starts_with('-') || VALUED.contains(&pair[0])));
    let shown = if wraps { 2 + options.count() } else { 1 }.min(words.len());
    let left = words.len() - shown;
    words[..shown].join(" ") + &if left == 0 { String::new() } else { format!(" ({left} words left out)") }
}

/// The names of the variables in an `Environment=`.
fn names(value: &str) -> String {
    let words = value.split_whitespace().filter_map(|word| word.split_once('='));
    let names = words.map(|(name, _)| name.trim_start_matches(['"', '\'']));
    names.map(|name| format!("{name}=(left out)")).collect::<Vec<_>>().join(" ")
}

/// A text without the user names and passwords that are in addresses: `https://name:password@host/`.
pub fn without_passwords(text: &str) -> String {
    let mut parts = text.split("://");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', ' ', '"', '\\', ',']).unwrap_or(part.len());
        let from = part[..end].rfind('@').unwrap_or(0);
        kept.push_str("://");
        kept.push_str(&part[from..]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_environments_are_left_out() {
        let text = b"# token=x\n[Service]\nExecStart=\nExecStart=/usr/bin/kubensenter -q --wd /tmp /usr/bin/k3s server --token x\n\
            ExecStartPre=-/bin/sh -c 'curl x'\nEnvironment=\"A=x\" B=x\nLoadCredential=x\nEnvironmentFile=-/run/kubens/env\n\
            [Unit]\nAfter=kubens.service\n";
        assert_eq!(
            settings(text),
            [
                "[Service] ExecStart=",
                "[Service] ExecStart=/usr/bin/kubensenter -q --wd /tmp /usr/bin/k3s (3 words left out)",
                "[Service] ExecStartPre=-/bin/sh (3 words left out)",
                "[Service] Environment=A=(left out) B=(left out)",
                "[Service] LoadCredential=(left out)",
                "[Service] EnvironmentFile=-/run/kubens/env",
                "[Unit] After=kubens.service",
            ]
        );
        assert_eq!(program("kubensenter"), "kubensenter");
        assert_eq!(program("/usr/bin/kubensenter df"), "/usr/bin/kubensenter df");
    }

    #[test]
    fn addresses_lose_who_and_the_password() {
        assert_eq!(without_passwords("a https://u:p@h/x, ssh://h/y@z b"), "a https://@h/x, ssh://h/y@z b");
        assert_eq!(without_passwords("\"https://u:p@w@h\" x@y"), "\"https://@h\" x@y");
    }
}
