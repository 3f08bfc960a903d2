//! Drop-ins that kubensctl wrote before there was a generator. One that nobody has edited may be taken back.

/// The names that they had.
pub const NAMES: [&str; 2] = ["99-kubens-wrapper.conf", "00-kubensmnt-env.conf"];
const MARK: &str = "# kubensctl: ";
const NO_SUM: &str = "sum=0000000000000000";

/// Whether this is such a drop-in, as it was written: its header has a checksum.
pub fn is_intact(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else {
        return false;
    };
    let header =
        text.lines().take_while(|line| line.starts_with('#')).find_map(|line| line.strip_prefix(MARK));
    let sum = header.and_then(|header| header.split(' ').find(|word| word.starts_with("sum=")));
    // FNV-1a, 64 bits.
    let add = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    sum.is_some_and(|sum| {
        let blank = text.replacen(sum, NO_SUM, 1);
        sum == format!("sum={:016x}", blank.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, add))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "# Written by kubensctl wrap, taken back by kubensctl unwrap. Once edited it is yours, and both leave it alone.
# Made from /usr/lib/systemd/system/containerd.service
# kubensctl: kind=wrapper exec=ExecStart by=wrap SUM
[Unit]
After=kubens.service

[Service]
SyslogIdentifier=containerd
ExecStart=
ExecStart=/usr/bin/kubensenter /usr/bin/containerd
";

    #[test]
    fn one_that_was_edited_is_the_administrators() {
        let intact = WRITTEN.replace("SUM", "sum=7a6162b21ae96acb");
        assert!(is_intact(intact.as_bytes()));
        assert!(!is_intact(intact.replace("/usr/bin/containerd", "/usr/bin/containerd -x").as_bytes()));
        assert!(!is_intact((intact + "#\n").as_bytes()));
        assert!(!is_intact(b"[Service]\n") && !is_intact(b"") && !is_intact(b"\xff"));
    }
}
