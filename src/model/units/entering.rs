//! What a service's command does with mount namespaces by itself, so that kubensenter before it would be in vain.

use super::super::node::catalogue::behind;
use super::super::search::base_name;

/// Why a command must not be wrapped.
#[derive(Debug, PartialEq, Eq)]
pub enum Way {
    /// It enters or makes a mount namespace by itself, and so would not stay inside.
    Elsewhere(String),
    /// A daemon starts the container that it asks for, and that is where the daemon is.
    ByDaemon(&'static str),
    /// It starts a container or a machine that is a node of its own.
    OtherNode,
}

/// What a command line does, if that is in the way.
pub fn way(words: &[&[u8]]) -> Option<Way> {
    behind::commands(words).iter().find_map(|command| {
        let (program, rest) = command.split_first()?;
        let first = rest.iter().find(|word| !word.starts_with(b"-")).map(Vec::as_slice);
        let starts = |verbs: &[&[u8]]| first.is_some_and(|word| verbs.contains(&word));
        match base_name(program) {
            b"nsenter" => mounts(rest, b"ma", &[b"--mount", b"--all"]).then(|| elsewhere("nsenter --mount")),
            b"unshare" => mounts(rest, b"m", &[b"--mount"]).then(|| elsewhere("unshare --mount")),
            b"kubensenter" => mounts(rest, b"", &[b"--host"]).then(|| elsewhere("kubensenter --host")),
            b"nsenterCmns" => Some(elsewhere("nsenterCmns")),
            b"podman" if starts(&[b"run", b"start", b"container", b"kube", b"pod"]) => {
                Some(elsewhere("podman, which gives its container mounts of its own"))
            }
            b"docker" if starts(&[b"run", b"start", b"container", b"compose"]) => {
                Some(Way::ByDaemon("docker"))
            }
            b"nerdctl" if starts(&[b"run", b"start", b"container", b"compose"]) => {
                Some(Way::ByDaemon("nerdctl"))
            }
            b"ctr" => Some(Way::ByDaemon("ctr")),
            b"systemd-nspawn" | b"machinectl" | b"lxc-start" | b"lxc" | b"incus" | b"virsh" => {
                Some(Way::OtherNode)
            }
            name if name.starts_with(b"qemu-system-") => Some(Way::OtherNode),
            _ => None,
        }
    })
}

fn elsewhere(what: &str) -> Way {
    Way::Elsewhere(what.to_owned())
}

/// Whether one of the options before the command is among these: single letters, which may stand together or have a
/// value behind them, or long ones, which may have one behind a `=`.
fn mounts(words: &[Vec<u8>], letters: &[u8], long: &[&[u8]]) -> bool {
    let mut words = words.iter().map(Vec::as_slice);
    while let Some(word) = words.next() {
        let option = word.split(|&byte| byte == b'=').next().unwrap_or_default();
        if long.contains(&option) {
            return true;
        }
        match word.strip_prefix(b"-") {
            None | Some(b"-") => return false,
            Some(rest) if rest.starts_with(b"-") => {}
            Some(rest) => {
                // One with a value ends a cluster of letters.
                let end = rest.iter().position(|letter| b"tSGrRwW=/".contains(letter)).unwrap_or(rest.len());
                if rest[..end].iter().any(|letter| letters.contains(letter)) {
                    return true;
                }
            }
        }
        if [&b"-t"[..], b"-S", b"-G", b"--target", b"--setuid", b"--setgid"].contains(&word) {
            words.next();
        }
    }
    false
}

/// The snap whose service a command starts.
pub fn snap(words: &[&[u8]]) -> Option<String> {
    let commands = behind::commands(words);
    let unit = commands
        .iter()
        .find_map(|command| behind::snap(&command.iter().map(Vec::as_slice).collect::<Vec<_>>()))?;
    unit.strip_prefix("snap.")?.split('.').next().map(str::to_owned)
}

/// Whether a snap is confined, as its `meta/snap.yaml` says: snap-confine then takes it back to PID 1's namespace.
pub fn is_confined(yaml: &[u8]) -> bool {
    let lines = yaml.split(|&byte| byte == b'\n').filter_map(|line| line.strip_prefix(b"confinement:"));
    let values: Vec<_> = lines.map(|value| value.trim_ascii().to_vec()).collect();
    values.first().is_some_and(|value| value == b"strict")
}

/// Whether a snap is confined in every version of it.
pub fn is_known_confined(snap: &str) -> bool {
    snap == "docker"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Way> {
        way(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn commands_that_enter_a_mount_namespace_by_themselves_are_told_apart() {
        for line in [
            "/usr/bin/nsenter --mount=/proc/1/ns/mnt -- /usr/bin/kubelet",
            "nsenter -t 1 -m kubelet",
            "nsenter -t 1 -a kubelet",
            "nsenter -mit1 kubelet",
            "unshare -m kubelet",
            "unshare --fork --mount kubelet",
            "nsenterCmns kubelet",
            "kubensenter -q --host -- kubelet",
            "env A=b nsenter --target 1 --mount kubelet",
            "podman run --rm kubelet",
        ] {
            assert!(matches!(of(line), Some(Way::Elsewhere(_))), "{line}");
        }
        let script = way(&[b"/bin/bash", b"-c", b"cd / && exec nsenter -t 1 -m -- kubelet"]);
        assert!(matches!(script, Some(Way::Elsewhere(_))));
        for line in [
            "/usr/bin/kubelet -m --mount",
            "nsenter -t 1 -n kubelet -m",
            "nsenter --net=/run/netns/m kubelet --mount",
            "unshare --net kubelet",
            "kubensenter -m /run/kubens/mnt kubelet",
            "docker ps",
            "podman system service",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn containers_that_others_start_and_nodes_within_this_one_are_told_apart() {
        assert_eq!(of("docker run --rm hyperkube kubelet"), Some(Way::ByDaemon("docker")));
        assert_eq!(of("/usr/bin/systemd-nspawn --boot -D /srv/node"), Some(Way::OtherNode));
    }

    #[test]
    fn a_snap_says_whether_it_is_confined() {
        assert!(is_confined(b"name: a\nconfinement: strict\n") && !is_confined(b"confinement: classic\n"));
        assert!(!is_confined(b"name: a\napps:\n  b:\n    confinement: strict\n"));
        assert_eq!(snap(&[b"/usr/bin/snap", b"run", b"docker.dockerd"]).unwrap(), "docker");
    }
}
