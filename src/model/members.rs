//! Processes by the unit that they belong to.

/// The systemd unit of a process, from its `/proc/PID/cgroup`: the first name below the slices, as systemd sees it.
pub fn unit(cgroup: &[u8]) -> Option<String> {
    // "0::/PATH" is the unified hierarchy, "1:name=systemd:/PATH" systemd's own where there are several.
    let path = |line: &[u8]| -> Option<(bool, Vec<u8>)> {
        let mut fields = line.splitn(3, |&byte| byte == b':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let legacy = controllers == b"name=systemd";
        (legacy || controllers.is_empty()).then(|| (legacy, path.to_vec()))
    };
    let paths: Vec<_> = cgroup.split(|&byte| byte == b'\n').filter_map(path).collect();
    let path = &paths.iter().find(|(legacy, _)| *legacy).or(paths.first())?.1;
    // From within a cgroup namespace the path climbs out of it first.
    let mut names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b"..");
    let name = names.find(|name| !name.ends_with(b".slice"))?;
    // A leading underscore keeps a unit's name from meaning something to the kernel.
    let name = name.strip_prefix(b"_").unwrap_or(name);
    let known = [&b".service"[..], b".scope", b".socket", b".mount", b".swap"];
    known.iter().any(|kind| name.ends_with(kind)).then(|| String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_first_name_below_the_slices() {
        for (cgroup, expected) in [
            ("0::/system.slice/containerd.service\n", Some("containerd.service")),
            ("0::/system.slice/system-getty.slice/getty@tty1.service\n", Some("getty@tty1.service")),
            ("0::/user.slice/user-0.slice/session-3.scope\n", Some("session-3.scope")),
            (
                "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-ab.scope/init\n",
                Some("cri-containerd-ab.scope"),
            ),
            ("0::/system.slice/docker-ab.scope/system.slice/kubelet.service\n", Some("docker-ab.scope")),
            ("0::/../../system.slice/crio.service\n", Some("crio.service")),
            ("0::/system.slice/_cpu.service\n", Some("cpu.service")),
            ("0::/init.scope\n", Some("init.scope")),
            ("0::/\n", None),
            ("0::/kubepods/burstable/pod1\n", None),
            ("", None),
            ("garbage", None),
        ] {
            assert_eq!(unit(cgroup.as_bytes()).as_deref(), expected, "{cgroup}");
        }
    }

    #[test]
    fn systemds_own_hierarchy_counts_where_there_are_several() {
        let cgroup = b"5:cpu:/x\n1:name=systemd:/system.slice/kubelet.service\n0::/elsewhere.service\n";
        assert_eq!(unit(cgroup).as_deref(), Some("kubelet.service"));
    }
}
