//! What is read of each source, and what is not believed.

use super::*;

const UID: &[u8] = b"6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11";

fn container(runtime: Runtime, id: &[u8]) -> Owner<'_> {
    Owner::Container { id, runtime, part: b"rootfs" }
}

fn told(pods: &Pods, owner: Owner<'_>) -> String {
    pods.told(owner).to_string()
}

fn knows(pods: &Pods, id: &[u8]) -> bool {
    pods.by_container.contains_key(id)
}

#[test]
fn a_pods_name_comes_from_its_log_directory() {
    let mut pods = Pods::default();
    pods.log_directory(b"shop_web-7d9f-x2x_6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11");
    pods.log_directory(b"nonsense");
    let volume = Owner::Volume { pod: UID, volume: b"data" };
    assert_eq!(told(&pods, volume), "pod shop/web-7d9f-x2x volume data");
    let other = Owner::Volume { pod: b"0", volume: b"data" };
    assert_eq!(told(&pods, other), "pod 0 volume data");
}

#[test]
fn a_containers_name_comes_from_its_log() {
    let mut pods = Pods::default();
    pods.log_link(b"web-7d9f-x2x_shop_my-server-0123abc.log");
    let owner = container(Runtime::Containerd, b"0123abc");
    assert_eq!(told(&pods, owner), "pod shop/web-7d9f-x2x my-server rootfs");
}

#[test]
fn a_sandboxs_name_comes_from_its_specification() {
    let text = br#"{"root":{"path":"/var/lib/containers/storage/overlay/1ay3r/merged"},"annotations":{
        "io.kubernetes.container.name":"POD","io.kubernetes.pod.name" : "w\u0065b","io.kubernetes.pod.namespace":"shop"}}"#;
    let mut pods = Pods::default();
    pods.spec(Runtime::Crio, b"c0n7", text);
    for id in [&b"c0n7"[..], b"1ay3r"] {
        assert_eq!(told(&pods, container(Runtime::Crio, id)), "pod shop/web rootfs");
    }
    let containerd =
        br#"{"root":{"path":"rootfs/merged"},"annotations":{"io.kubernetes.cri.container-name":"c",
        "io.kubernetes.cri.sandbox-name":"web","io.kubernetes.cri.sandbox-namespace":"shop"}}"#;
    pods.spec(Runtime::Containerd, b"d", containerd);
    assert_eq!(told(&pods, container(Runtime::Containerd, b"d")), "pod shop/web c rootfs");
    assert!(!knows(&pods, b"rootfs") && knows(&pods, b"d"));
}

#[test]
fn a_runtime_is_believed_by_its_own_annotations_alone() {
    let both = br#"{"annotations":{"io.kubernetes.cri.sandbox-name":"forged","io.kubernetes.cri.sandbox-namespace":"forged",
        "io.kubernetes.cri.container-name":"forged","io.kubernetes.pod.name":"web","io.kubernetes.pod.namespace":"shop"}}"#;
    let mut pods = Pods::default();
    pods.spec(Runtime::Crio, b"a", both);
    assert_eq!(told(&pods, container(Runtime::Crio, b"a")), "pod shop/web rootfs");
    // A key is one where JSON has a key: not in a value, not deeper, not in another list.
    for forged in [
        &br#"{"annotations":{"x":"\"io.kubernetes.pod.name\":\"forged\""},"hostname":"io.kubernetes.pod.name"}"#[..],
        br#"{"linux":{"annotations":{"io.kubernetes.pod.name":"forged","io.kubernetes.pod.namespace":"x"}}}"#,
        br#"{"process":{"env":["io.kubernetes.pod.name","forged"]},"io.kubernetes.pod.name":"forged"}"#,
        br#"{"annotations":{"io.kubernetes.cri.sandbox-name":"forged","io.kubernetes.cri.sandbox-namespace":"forged"}}"#,
    ] {
        pods.spec(Runtime::Crio, b"b", forged);
        pods.spec(Runtime::Other, b"b", both);
        pods.spec(Runtime::Other, b"b", forged);
    }
    assert!(!knows(&pods, b"b"));
}

#[test]
fn what_is_cut_off_names_nobody() {
    let text = br#"{"annotations":{"io.kubernetes.pod.name":"web","io.kubernetes.pod.namespace":"shop"}}"#;
    let mut pods = Pods::default();
    for length in 0..text.len() {
        pods.spec(Runtime::Crio, b"x", &text[..length]);
    }
    for text in
        [&b"[]"[..], br#"{"annotations":{"io.kubernetes.pod.name":3}}"#, br#"{"annotations":null}"#, b"{}"]
    {
        pods.spec(Runtime::Crio, b"x", text);
    }
    assert!(!knows(&pods, b"x"));
    pods.spec(Runtime::Crio, b"x", text);
    assert!(knows(&pods, b"x"));
}

#[test]
fn a_pinned_namespace_is_its_sandboxs() {
    let text = br#"{"annotations":{"io.kubernetes.cri.sandbox-name":"web","io.kubernetes.cri.sandbox-namespace":"shop"},
        "linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/var/run/netns/cni-1"},
        {"type":"ipc","path":"/proc/7/ns/ipc"}]}}"#;
    let mut pods = Pods::default();
    pods.spec(Runtime::Containerd, b"a", text);
    assert_eq!(told(&pods, Owner::Pinned { name: b"cni-1" }), "pod shop/web cni-1");
    assert_eq!(told(&pods, Owner::Pinned { name: b"ipc" }), "pinned ipc");
}

#[test]
fn a_mount_on_a_bidirectional_volume_is_of_whoever_alone_has_it() {
    let mut pods = Pods::default();
    for (pod, container, source, option) in [
        ("csi", "driver", "/srv/share", "rshared"),
        ("csi", "other", "/srv", "rshared"),
        ("web", "reads", "/srv/share", "rslave"),
        ("a", "one", "/srv/two", "rshared"),
        ("b", "one", "/srv/two", "rshared"),
    ] {
        let text = format!(
            r#"{{"annotations":{{"io.kubernetes.cri.sandbox-name":"{pod}","io.kubernetes.cri.sandbox-namespace":"shop",
            "io.kubernetes.cri.container-name":"{container}"}},
            "mounts":[{{"destination":"/x"}},{{"source":"{source}","options":["rbind","{option}"]}}]}}"#
        );
        pods.spec(Runtime::Containerd, container.as_bytes(), text.as_bytes());
    }
    let maker = |target: &[u8]| pods.maker(target).map(|told| told.to_string());
    assert_eq!(maker(b"/srv/share/x").as_deref(), Some("pod shop/csi driver (Bidirectional)"));
    assert_eq!(maker(b"/srv/x").as_deref(), Some("pod shop/csi other (Bidirectional)"));
    for nobodys in [&b"/srv/two/x"[..], b"/mnt"] {
        assert_eq!(maker(nobodys), None);
    }
}
