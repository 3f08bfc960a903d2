use super::*;

const POD: &str = "6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11";
const ID: &str = "d9c5cbe58d4b6d2b7b2a53b3a8ab0b0f7f9a8c4cb3b0a8f2f1a0f9e8d7c6b5a4";

fn told(path: &str) -> String {
    let path = path.replace("POD", POD).replace("ID", ID);
    owner(path.as_bytes()).map_or("nobody".to_owned(), |owner| owner.to_string())
}

#[test]
fn a_volume_is_its_pods_wherever_the_kubelet_lives() {
    for root in ["/var/lib/kubelet", "/var/snap/microk8s/common/var/lib/kubelet", "/var/lib/k0s/kubelet"] {
        for (tail, volume) in [
            ("volumes/kubernetes.io~projected/kube-api-access-x", "kube-api-access-x"),
            ("volumes/kubernetes.io~csi/pvc-1/mount", "pvc-1"),
            ("volume-subpaths/config/web/0", "config"),
            ("etc-hosts/x", "x"),
        ] {
            let path = format!("{root}/pods/POD/{tail}");
            assert_eq!(told(&path), format!("pod {POD} volume {volume}"), "{path}");
        }
    }
}

#[test]
fn a_stage_is_its_drivers() {
    let stage = "/var/lib/kubelet/plugins/kubernetes.io/csi/ebs.csi.aws.com/0a1b/globalmount";
    assert_eq!(told(stage), "driver ebs.csi.aws.com");
    assert_eq!(told("/var/lib/kubelet/plugins/kubernetes.io/iscsi/iface-default/x"), "driver iscsi");
    assert_eq!(told("/srv/plugins/x/y"), "nobody");
}

#[test]
fn a_container_is_known_in_each_runtimes_layout() {
    for (path, part) in [
        ("/run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/rootfs", "rootfs"),
        ("/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/ID/rootfs", "rootfs"),
        ("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/ID/shm", "shm"),
        ("/var/lib/containers/storage/overlay/ID/merged", "rootfs"),
        ("/run/containers/storage/overlay-containers/ID/userdata/shm", "shm"),
        ("/var/lib/docker/containers/ID/mounts/shm", "shm"),
    ] {
        assert_eq!(told(path), format!("container {} {part}", &ID[..12]), "{path}");
    }
}

#[test]
fn dockers_layers_are_no_containers_and_its_volumes_and_namespaces_have_owners() {
    assert_eq!(told("/var/lib/docker/overlay2/ID/merged"), format!("layer {} rootfs", &ID[..12]));
    assert_eq!(told("/var/lib/docker/volumes/pgdata/_data"), "docker volume pgdata");
    assert_eq!(told("/run/docker/netns/8f2a11"), "pinned 8f2a11");
    assert_eq!(told("/srv/volumes/pgdata/_data"), "nobody");
}

#[test]
fn a_pods_namespaces_and_the_trees_themselves_are_known() {
    assert_eq!(told("/run/netns/cni-1234"), "pinned cni-1234");
    assert_eq!(told("/var/run/ipcns/abc"), "pinned abc");
    for tree in
        ["/var/lib/kubelet", "/var/lib/containers/storage/overlay", "/run/k3s", "/var/lib/rancher/k3s"]
    {
        assert_eq!(told(tree), "kubelet or runtime", "{tree}");
    }
    for other in ["/", "/mnt/disk", "/home/docker", "/var/lib/postgresql", "/run/netns"] {
        assert_eq!(told(other), "nobody", "{other}");
    }
}
