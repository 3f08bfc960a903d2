//! A mount table as the kernel writes it (`/proc/PID/mountinfo`, proc_pid_mountinfo(5)), read byte by byte: names
//! may hold anything but NUL, and fields that this program does not know are passed over. procfs (0.18) reads nothing of a
//! table in which one name is not UTF-8, ends at the first odd line, and leaves `\040` as it is.

/// One mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// Its number, unique among all mounts of all namespaces at one time.
    pub id: u32,
    /// The number of the mount that it is mounted on.
    pub parent: u32,
    /// The device of its file system.
    pub device: Device,
    /// The directory of the file system that is seen at the target.
    pub root: Vec<u8>,
    /// Where it is mounted, from the root directory of whoever's table this is.
    pub target: Vec<u8>,
    /// The mount's own options.
    pub options: Vec<u8>,
    /// The peer group that it shares its mounts with.
    pub shared: Option<u32>,
    /// The peer group that it receives mounts from.
    pub master: Option<u32>,
    /// Whether it refuses to be bound elsewhere.
    pub unbindable: bool,
    /// The file system's type.
    pub kind: Vec<u8>,
    /// The device, or what else the file system calls its source.
    pub source: Vec<u8>,
    /// The file system's options.
    pub super_options: Vec<u8>,
}

impl Mount {
    /// Whether it keeps a disk busy. Some file systems of disks have a number that is no device's.
    pub fn is_on_a_device(&self) -> bool {
        self.device.major != 0 || matches!(self.kind.as_slice(), b"btrfs" | b"bcachefs" | b"zfs")
    }

    /// The absolute paths among its file system's options: of an overlay, its layers.
    pub fn layers(&self) -> impl Iterator<Item = &[u8]> {
        self.super_options.split(|byte| b",=:".contains(byte)).filter(|word| word.starts_with(b"/"))
    }
}

/// A device number. Major 0: no block device, but a file system's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Device {
    /// Which driver.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

/// Reads a mount table. A line that is none of mountinfo's is passed over.
pub fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|&byte| byte == b'\n').filter_map(line).collect()
}

fn line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let mut mount = Mount {
        id: number(fields.next()?)?,
        parent: number(fields.next()?)?,
        device: device(fields.next()?)?,
        root: name(fields.next()?),
        target: name(fields.next()?),
        options: name(fields.next()?),
        ..Mount::default()
    };
    loop {
        match fields.next()? {
            b"-" => break,
            field => {
                if let Some(group) = field.strip_prefix(b"shared:") {
                    mount.shared = Some(number(group)?);
                } else if let Some(group) = field.strip_prefix(b"master:") {
                    mount.master = Some(number(group)?);
                } else if field == b"unbindable" {
                    mount.unbindable = true;
                }
            }
        }
    }
    mount.kind = name(fields.next()?);
    mount.source = name(fields.next()?);
    mount.super_options = name(fields.next()?);
    Some(mount)
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

fn device(field: &[u8]) -> Option<Device> {
    let colon = field.iter().position(|&byte| byte == b':')?;
    Some(Device { major: number(&field[..colon])?, minor: number(&field[colon + 1..])? })
}

/// A field as it was before the kernel wrote `\040` for a space and the like. A backslash that begins no octal
/// number of three digits is one.
fn name(field: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        if let (b'\\', Some(value)) = (byte, octal(tail)) {
            name.push(value);
            rest = &tail[3..];
        } else {
            name.push(byte);
            rest = tail;
        }
    }
    name
}

fn octal(digits: &[u8]) -> Option<u8> {
    let digits = digits.get(..3)?;
    digits.iter().try_fold(0u8, |value, digit| {
        matches!(digit, b'0'..=b'7').then_some(())?;
        value.checked_mul(8)?.checked_add(digit - b'0')
    })
}

#[cfg(test)]
mod fuzz_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_with_any_number_of_tags() {
        let line =
            b"36 35 98:0 /mnt1 /mnt2 rw,noatime shared:7 master:1 propagate_from:2 - ext3 /dev/root ro,x=y";
        let mount = &parse(line)[0];
        assert_eq!((mount.id, &mount.root[..], &mount.target[..]), (36, &b"/mnt1"[..], &b"/mnt2"[..]));
        assert_eq!((mount.shared, mount.master, mount.unbindable), (Some(7), Some(1), false));
        assert_eq!((&mount.options[..], &mount.super_options[..]), (&b"rw,noatime"[..], &b"ro,x=y"[..]));
    }

    #[test]
    fn a_private_mount_has_no_tags() {
        let mount = &parse(b"1 1 0:5 / / rw - tmpfs tmpfs rw")[0];
        assert_eq!((mount.shared, mount.master, mount.unbindable), (None, None, false));
    }

    #[test]
    fn a_name_may_hold_what_the_kernel_escapes() {
        let mount = &parse(b"1 1 0:5 / /a\\040b\\134c\\011 rw unbindable - tmpfs none rw")[0];
        assert_eq!(mount.target, b"/a b\\c\t");
        assert!(mount.unbindable);
    }

    #[test]
    fn what_is_cut_off_is_no_mount() {
        let line = b"36 35 98:0 / /mnt2 rw shared:7 - ext3 /dev/root rw";
        for length in 0..line.len() - 2 {
            assert_eq!(parse(&line[..length]), [], "{length}");
        }
    }
}
