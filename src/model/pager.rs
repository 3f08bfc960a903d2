//! Which pager a report goes through: systemctl(1)'s rules, `$SYSTEMD_PAGERSECURE` among them. Who may run this program as
//! root by sudo and nothing else must not get a shell out of the pager.

use super::text;

/// What the environment and the process say of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// Whether the process has the rights of somebody else than who is logged in.
    pub raised: bool,
    /// `$SYSTEMD_PAGERSECURE`.
    pub secure: Option<&'a [u8]>,
    /// `$SYSTEMD_PAGER`.
    pub systemd_pager: Option<&'a [u8]>,
    /// `$PAGER`.
    pub pager: Option<&'a [u8]>,
}

/// The pager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pager<'a> {
    /// None.
    Off,
    /// less(1) of the system, in its secure mode, with none of the caller's settings: no shell, no editor, no file.
    Less,
    /// The caller's own choice if there is one, else what is found.
    Free {
        /// A command, with its arguments.
        wanted: Option<Vec<&'a [u8]>>,
        /// Whether only pagers are tried that have a secure mode, and that is on.
        secure: bool,
    },
}

/// The pager that these wishes come to.
pub fn pager<'a>(wishes: &Wishes<'a>) -> Pager<'a> {
    let named = wishes.systemd_pager.or(wishes.pager).map(words);
    if named.as_ref().is_some_and(|words| words.is_empty() || words[..] == [b"cat"]) {
        return Pager::Off;
    }
    if wishes.raised {
        return Pager::Less;
    }
    match wishes.secure {
        // Nobody said that the variables are the caller's own: they can turn the pager off, and no more.
        None => Pager::Free { wanted: None, secure: false },
        Some(value) => Pager::Free { wanted: named, secure: text::boolean(value) != Some(false) },
    }
}

fn words(value: &[u8]) -> Vec<&[u8]> {
    value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGERS: [Option<&[u8]>; 5] = [None, Some(b""), Some(b"cat"), Some(b"sh -c id"), Some(b"/tmp/less")];

    #[test]
    fn who_has_raised_rights_gets_less_or_nothing_whatever_the_environment_says() {
        for secure in [None, Some(&b"0"[..]), Some(b"no"), Some(b"1"), Some(b""), Some(b"?")] {
            for systemd_pager in PAGERS {
                for other in PAGERS {
                    let wishes = Wishes { raised: true, secure, systemd_pager, pager: other };
                    let off = matches!(systemd_pager.or(other), Some(b"" | b"cat"));
                    assert_eq!(pager(&wishes), if off { Pager::Off } else { Pager::Less }, "{wishes:?}");
                }
            }
        }
    }

    #[test]
    fn a_pager_is_named_only_where_somebody_said_that_it_may_be() {
        let named = |secure| pager(&Wishes { secure, pager: Some(b" most  -s "), ..Wishes::default() });
        let most = Some(vec![&b"most"[..], b"-s"]);
        assert_eq!(named(None), Pager::Free { wanted: None, secure: false });
        assert_eq!(named(Some(b"off")), Pager::Free { wanted: most.clone(), secure: false });
        for secure in [&b"1"[..], b"true", b"nonsense", b""] {
            assert_eq!(named(Some(secure)), Pager::Free { wanted: most.clone(), secure: true });
        }
    }

    #[test]
    fn systemds_own_variable_goes_first_and_an_empty_one_means_none() {
        let wishes = Wishes { systemd_pager: Some(b""), pager: Some(b"less"), ..Wishes::default() };
        assert_eq!(pager(&wishes), Pager::Off);
        let wishes = Wishes { systemd_pager: Some(b"less"), pager: Some(b"cat"), ..Wishes::default() };
        assert_eq!(pager(&wishes), Pager::Free { wanted: None, secure: false });
    }
}
