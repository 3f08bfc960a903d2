//! The parser against tables that were made to confuse it.

use super::*;

fn one(text: &[u8]) -> Mount {
    let mut mounts = parse(text);
    assert_eq!(mounts.len(), 1, "{}", text.escape_ascii());
    mounts.remove(0)
}

#[test]
fn reads_every_field() {
    let mount =
        one(b"36 35 98:5 /mnt1 /mnt2 rw,noatime shared:7 master:1 - ext3 /dev/root rw,errors=continue\n");
    let expected = Mount {
        id: 36,
        parent: 35,
        device: Device { major: 98, minor: 5 },
        root: b"/mnt1".to_vec(),
        target: b"/mnt2".to_vec(),
        options: b"rw,noatime".to_vec(),
        shared: Some(7),
        master: Some(1),
        unbindable: false,
        kind: b"ext3".to_vec(),
        source: b"/dev/root".to_vec(),
        super_options: b"rw,errors=continue".to_vec(),
    };
    assert_eq!(mount, expected);
}

#[test]
fn optional_fields_may_be_missing_many_or_unknown() {
    let plain = one(b"1 0 0:1 / / rw - tmpfs none rw");
    assert_eq!((plain.shared, plain.master), (None, None));
    let many = one(b"1 0 0:1 / / rw new:1:2 master:3 propagate_from:2 unbindable x - tmpfs none rw");
    assert_eq!((many.shared, many.master, many.unbindable), (None, Some(3), true));
}

#[test]
fn undoes_the_kernels_escapes_and_no_others() {
    let mount = one(b"1 0 0:1 /a\\134b /t\\040a\\011b\\012c\\043 rw - fuse.x\\040y a\\xb\\04 rw");
    assert_eq!(mount.root, b"/a\\b");
    assert_eq!(mount.target, b"/t a\tb\nc#");
    assert_eq!(mount.kind, b"fuse.x y");
    assert_eq!(mount.source, b"a\\xb\\04");
    assert_eq!(one(b"1 0 0:1 / /\\777\\ rw - t s o").target, b"/\\777\\");
}

#[test]
fn names_need_not_be_utf8_and_a_source_may_be_empty() {
    let mount = one(b"1 0 0:1 / /\xff\xc3 rw - tmpfs  rw");
    assert_eq!((mount.target.as_slice(), mount.source.as_slice()), (&b"/\xff\xc3"[..], &b""[..]));
}

#[test]
fn passes_over_what_is_no_line() {
    assert_eq!(parse(b""), []);
    for bad in [&b"x"[..], b"1 2 3", b"1 2 0:1 / / rw", b"1 2 01 / / rw - a b c", b"-1 0 0:1 / / rw - a b c"]
    {
        assert_eq!(parse(bad), [], "{}", bad.escape_ascii());
    }
    assert_eq!(parse(b"99999999999 0 0:1 / / rw - a b c\n1 0 0:1 / / rw - a b c\n").len(), 1);
}

/// The kernel's way of writing a name (mangle, `seq_escape`).
fn escape(name: &[u8]) -> Vec<u8> {
    name.iter()
        .flat_map(|byte| match byte {
            b' ' | b'\t' | b'\n' | b'\\' | b'#' => format!("\\{byte:03o}").into_bytes(),
            _ => vec![*byte],
        })
        .collect()
}

/// A small generator of numbers that look like chance and are the same in each run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn name(&mut self) -> Vec<u8> {
        const NASTY: &[u8] = b" \t\n\\#-:,/0\x01\x7f\x80\xff\xc3\xa4abc7";
        (0..=self.throw(12)).map(|_| NASTY[self.throw(NASTY.len())]).collect()
    }
}

#[test]
fn any_name_comes_back_as_it_was() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..5000u32 {
        let [root, target, kind, source] = [0; 4].map(|_| dice.name());
        let optional = [" shared:5", " master:6", " unknown:x", ""][dice.throw(4)];
        let mut text = format!("{round} 1 0:{round} ").into_bytes();
        for (name, after) in [(&root, " "), (&target, " rw"), (&kind, " "), (&source, " rw\n")] {
            text.extend(escape(name));
            text.extend(after.bytes());
            if std::ptr::eq(name, &raw const target) {
                text.extend(optional.bytes());
                text.extend(b" - ");
            }
        }
        let mount = one(&text);
        assert_eq!((&mount.root, &mount.target), (&root, &target));
        assert_eq!((&mount.kind, &mount.source), (&kind, &source));
    }
}

#[test]
fn any_bytes_at_all_are_read_without_harm() {
    let mut dice = Dice(42);
    let line = b"36 35 98:5 /mnt1 /m\\040nt2 rw,noatime shared:7 master:1 - ext3 /dev/root rw\n";
    for _ in 0..20_000 {
        let mut text = line.repeat(2);
        for _ in 0..=dice.throw(8) {
            let place = dice.throw(text.len());
            match dice.throw(3) {
                0 => text[place] = u8::try_from(dice.throw(256)).unwrap(),
                1 => text.insert(place, b' '),
                _ => text.truncate(place + 1),
            }
        }
        assert!(parse(&text).len() <= 3);
    }
}
