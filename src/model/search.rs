//! What a command's word names, and where it may lie: the search of execvp(3), as data.

use std::ffi::CString;

/// What is searched where `PATH` is unset, as glibc's execvp does.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// Whether `command` names a file by itself, so that `PATH` is not searched.
pub fn is_path(command: &[u8]) -> bool {
    command.contains(&b'/')
}

/// The last part of a path: what a program calls itself by.
pub fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// The files that `command` may mean, in the order in which they are tried. An empty entry of `PATH` is the
/// working directory; an empty command means no file at all.
pub fn candidates<'a>(command: &'a [u8], path: Option<&'a [u8]>) -> impl Iterator<Item = CString> + 'a {
    path.unwrap_or(DEFAULT_PATH)
        .split(|&byte| byte == b':')
        // One that no path can name is passed over, as glibc does.
        .filter(|directory| !command.is_empty() && directory.len() < 4096)
        .filter_map(move |directory| {
            let mut file = Vec::with_capacity(directory.len() + command.len() + 2);
            file.extend_from_slice(directory);
            if !directory.is_empty() {
                file.push(b'/');
            }
            file.extend_from_slice(command);
            CString::new(file).ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(command: &str, path: Option<&str>) -> Vec<String> {
        candidates(command.as_bytes(), path.map(str::as_bytes))
            .map(|file| file.into_string().unwrap())
            .collect()
    }

    #[test]
    fn tries_each_directory_in_order() {
        assert_eq!(found("ip", Some("/sbin:/bin")), ["/sbin/ip", "/bin/ip"]);
    }

    #[test]
    fn an_unset_path_is_the_system_s_own() {
        assert_eq!(found("ip", None), ["/bin/ip", "/usr/bin/ip"]);
    }

    #[test]
    fn an_empty_entry_is_the_working_directory() {
        assert_eq!(found("ip", Some("")), ["ip"]);
        assert_eq!(found("ip", Some(":/bin:")), ["ip", "/bin/ip", "ip"]);
    }

    #[test]
    fn an_empty_command_is_no_file() {
        assert_eq!(found("", Some("/bin")), [""; 0]);
    }

    #[test]
    fn a_slash_anywhere_makes_a_path() {
        assert!(is_path(b"./ip") && is_path(b"/ip") && is_path(b"ip/"));
        assert!(!is_path(b"ip"));
    }
}
