//! What of a unit's own sandbox survives the move into the pinned namespace, and what makes the move impossible
//! (systemd.exec(5), setns(2)).

use crate::model::text::Shown;
use crate::model::units::command::Command;
use crate::model::units::unit::{Unit, boolean};

/// Settings that give a service mounts of its own, which stay behind when it joins. In one text: a list of texts
/// would be relocated whenever kubensenter starts.
const MOUNTING: &str = "
    PrivateTmp PrivateDevices PrivateMounts ProtectSystem ProtectHome ProtectKernelTunables
    ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectProc ProcSubset ReadWritePaths
    ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths ReadWriteDirectories ReadOnlyDirectories
    InaccessibleDirectories TemporaryFileSystem BindPaths BindReadOnlyPaths MountImages ExtensionImages
    ExtensionDirectories MountFlags LogNamespace PrivateIPC IPCNamespacePath PrivateNetwork
    NetworkNamespacePath PrivatePIDs BindLogSockets MountAPIVFS
";
/// Those that do so for a directory with `:ro` behind it.
const DIRECTORIES: [&str; 3] = ["StateDirectory", "CacheDirectory", "LogsDirectory"];
const ADMIN: u8 = 1;
const CHROOT: u8 = 2;
const BOTH: u8 = ADMIN | CHROOT;

/// The settings in effect that give the unit mounts of its own, as `PrivateTmp=`.
pub fn mounting(unit: &Unit) -> Vec<String> {
    let implied = unit.is_on("DynamicUser").then_some("DynamicUser");
    implied
        .into_iter()
        .chain(MOUNTING.split_ascii_whitespace())
        .filter(|key| in_effect(unit, key))
        .chain(DIRECTORIES.into_iter().filter(|key| is_read_only(unit, key)))
        .map(|key| format!("{key}="))
        .collect()
}

/// Whether a setting says something else than its default.
fn in_effect(unit: &Unit, key: &str) -> bool {
    let is_default = |value: &str| {
        boolean(value) == Some(false)
            || ["default", "all"].contains(&value)
            // What is as shared as it is on the host is there already.
            || (key == "MountFlags" && value == "shared")
    };
    unit.list(key).last().is_some_and(|last| !is_default(last.value))
}

fn is_read_only(unit: &Unit, key: &str) -> bool {
    unit.list(key).iter().any(|setting| setting.value.split_whitespace().any(|word| word.ends_with(":ro")))
}

/// Why a wrapped command could not start inside.
pub fn obstacle(unit: &Unit, command: &Command) -> Option<String> {
    if command.is_privileged() {
        return None;
    }
    let rooted = ["RootDirectory", "RootImage"].into_iter().find(|key| unit.last(key).is_some());
    if let Some(key) = rooted {
        return Some(format!("{key}= gives it a root of its own, which joining takes away"));
    }
    if in_effect(unit, "PrivateUsers") {
        return Some("PrivateUsers= takes away every right over the host's namespaces".to_owned());
    }
    if !may_use_mount_namespaces(unit) {
        return Some("RestrictNamespaces= forbids mount namespaces (allow mnt)".to_owned());
    }
    if !may_call_setns(unit) {
        return Some("SystemCallFilter= forbids setns (allow it, or @process)".to_owned());
    }
    if let Some(missing) = names(BOTH & !capabilities(unit, "CapabilityBoundingSet", BOTH)) {
        return Some(format!("CapabilityBoundingSet= lacks {missing}"));
    }
    let missing = names(BOTH & !capabilities(unit, "AmbientCapabilities", 0));
    match (user(unit), missing) {
        (Some(user), Some(missing)) if !command.keeps_root() => {
            Some(format!("{user} without {missing} in AmbientCapabilities="))
        }
        (Some(_) | None, Some(_) | None) => None,
    }
}

/// The setting that makes the service run as another user than root.
fn user(unit: &Unit) -> Option<String> {
    if unit.is_on("DynamicUser") {
        return Some("DynamicUser=".to_owned());
    }
    let user = unit.last("User")?.value;
    (user != "root" && user != "0").then(|| format!("User={}", Shown::of(user)))
}

/// Of the two capabilities that setns(2) asks for, those that a setting leaves.
fn capabilities(unit: &Unit, key: &str, initial: u8) -> u8 {
    let mut set = None;
    for setting in unit.assignments(key) {
        let (inverted, names) = inversion(setting.value);
        let mut words = names.split_whitespace().peekable();
        let named = words.peek().is_some();
        let sum = words.map(bit).fold(0, |sum, bit| sum | bit);
        set = match (set, inverted) {
            (None, true) if named => Some(BOTH & !sum),
            (Some(set), true) if named => Some(set & !sum),
            (Some(set), false) if named => Some(set | sum),
            (None, false) => Some(sum),
            (Some(_), false) => Some(0),
            (None | Some(_), true) => Some(BOTH),
        };
        // As systemd does it: what is again as at first is replaced by the next assignment.
        let as_at_first = !named && inverted == (initial == BOTH);
        set = set.filter(|_| !as_at_first);
    }
    set.unwrap_or(initial)
}

fn bit(name: &str) -> u8 {
    match name.to_ascii_uppercase().as_str() {
        "CAP_SYS_ADMIN" | "21" => ADMIN,
        "CAP_SYS_CHROOT" | "18" => CHROOT,
        _ => 0,
    }
}

fn names(set: u8) -> Option<&'static str> {
    match set {
        0 => None,
        ADMIN => Some("CAP_SYS_ADMIN"),
        CHROOT => Some("CAP_SYS_CHROOT"),
        _ => Some("CAP_SYS_ADMIN and CAP_SYS_CHROOT"),
    }
}

fn may_use_mount_namespaces(unit: &Unit) -> bool {
    let mut allowed = None;
    for setting in unit.assignments("RestrictNamespaces") {
        let (inverted, kinds) = inversion(setting.value);
        let named = kinds.split_whitespace().any(|kind| kind == "mnt");
        allowed = match boolean(setting.value) {
            _ if setting.value.is_empty() => None,
            Some(restricted) => Some(!restricted),
            None if named => Some(!inverted),
            None => Some(allowed.unwrap_or(inverted)),
        };
    }
    allowed.unwrap_or(true)
}

fn may_call_setns(unit: &Unit) -> bool {
    // Of a list that allows, or of one that forbids; and whether setns is on it.
    let mut list = None;
    for setting in unit.assignments("SystemCallFilter") {
        let (inverted, calls) = inversion(setting.value);
        if setting.value.is_empty() {
            list = None;
            continue;
        }
        let (allows, mut on_it) = list.unwrap_or((!inverted, false));
        let names = |call: &str| call.split(':').next().is_some_and(|call| SETNS.contains(&call));
        if calls.split_whitespace().any(names) {
            on_it = allows != inverted;
        }
        list = Some((allows, on_it));
    }
    list.is_none_or(|(allows, on_it)| allows == on_it)
}

/// setns, and the groups that it belongs to (`systemd-analyze syscall-filter`).
const SETNS: [&str; 4] = ["setns", "@process", "@system-service", "@known"];

fn inversion(value: &str) -> (bool, &str) {
    value.strip_prefix('~').map_or((false, value), |rest| (true, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::command;
    use crate::model::units::name::UnitName;
    use crate::model::units::unit::Source;

    fn unit(settings: &str) -> Unit {
        let text = format!("[Service]\n{settings}");
        Unit { name: UnitName::new("a").unwrap(), sources: vec![Source::new("/a", text.as_bytes())] }
    }

    fn starts(command: &str, settings: &str) -> bool {
        obstacle(&unit(settings), &command::commands(command).unwrap()[0]).is_none()
    }

    /// Found by fuzzing.
    #[test]
    fn what_a_setting_holds_steers_no_terminal() {
        let command = command::commands("/a").unwrap().remove(0);
        let why = obstacle(&unit("User=\u{4}x\u{202e}"), &command).unwrap();
        assert!(why.starts_with("User=\\x04x\\xe2\\x80\\xae without "), "{why}");
    }

    #[test]
    fn names_the_settings_whose_mounts_stay_behind() {
        let settings = "PrivateTmp=yes\nProtectSystem=full\nProtectHome=no\nProtectProc=default\nBindPaths=/a\n\
                        ReadOnlyPaths=/b\nReadOnlyPaths=\nProcSubset=all\nMountFlags=shared\nPrivateNetwork=yes\n\
                        StateDirectory=a b::ro\nCacheDirectory=c\n";
        assert_eq!(
            mounting(&unit(settings)),
            ["PrivateTmp=", "ProtectSystem=", "BindPaths=", "PrivateNetwork=", "StateDirectory="]
        );
        assert_eq!(mounting(&unit("MountFlags=slave\nPrivateIPC=1\nNetworkNamespacePath=/n")).len(), 3);
        assert_eq!(mounting(&unit("DynamicUser=1")), ["DynamicUser="]);
    }

    #[test]
    fn a_user_needs_both_capabilities() {
        assert!(starts("/a", "User=root") && starts("/a", "User=0") && starts("/a", "User=x\nUser="));
        assert!(!starts("/a", "User=x") && !starts("/a", "DynamicUser=yes"));
        assert!(!starts("/a", "User=x\nAmbientCapabilities=CAP_SYS_ADMIN"));
        assert!(starts(
            "/a",
            "User=x\nAmbientCapabilities=cap_sys_admin\nAmbientCapabilities=CAP_SYS_CHROOT"
        ));
        assert!(!starts("/a", "User=x\nAmbientCapabilities=~\nAmbientCapabilities="));
        assert!(starts("/a", "User=x\nAmbientCapabilities=~"));
        assert!(starts("+/a", "User=x") && starts("!/a", "User=x") && !starts("!!/a", "User=x"));
    }

    #[test]
    fn the_bounding_set_needs_both_capabilities() {
        let set = |settings: &str| starts("/a", &settings.replace("B=", "CapabilityBoundingSet="));
        assert!(set("B=CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_KILL") && set("B=CAP_SYS_ADMIN\nB=CAP_SYS_CHROOT"));
        assert!(!set("B=CAP_SYS_ADMIN") && !set("B=") && !set("B=~CAP_SYS_ADMIN") && !set("B=CAP_KILL"));
        assert!(set("B=~CAP_KILL") && set("B=\nB=~") && set("B=~CAP_SYS_ADMIN\nB=CAP_SYS_ADMIN"));
        assert!(!set("B=CAP_SYS_ADMIN CAP_SYS_CHROOT\nB="));
        assert!(!set("B=~\nB=CAP_KILL"));
        assert!(starts("+/a", "CapabilityBoundingSet=") && !starts("!/a", "CapabilityBoundingSet="));
    }

    #[test]
    fn mount_namespaces_must_not_be_restricted() {
        let set = |settings: &str| starts("/a", &settings.replace("R=", "RestrictNamespaces="));
        assert!(set("R=no") && set("R=mnt net") && set("R=~net") && set("R=yes\nR=") && set("R=net\nR=mnt"));
        assert!(!set("R=yes") && !set("R=net") && !set("R=~mnt") && !set("R=mnt\nR=~mnt"));
        assert!(starts("+/a", "RestrictNamespaces=yes"));
    }

    #[test]
    fn the_filter_must_let_setns_through() {
        let set = |settings: &str| starts("/a", &settings.replace("S=", "SystemCallFilter="));
        assert!(set("S=@system-service") && set("S=~@mount") && set("S=read\nS=setns") && set("S=read\nS="));
        assert!(!set("S=@basic-io") && !set("S=~setns:EPERM") && !set("S=@system-service\nS=~@process"));
        assert!(set("S=~@process\nS=setns"));
    }

    #[test]
    fn a_root_or_users_of_its_own_are_in_the_way() {
        assert!(!starts("/a", "RootDirectory=/srv") && !starts("/a", "PrivateUsers=self"));
        assert!(starts("/a", "PrivateUsers=no") && starts("+/a", "RootDirectory=/srv"));
    }
}
