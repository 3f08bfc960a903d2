//! What stands behind a command line: the program that `env`, `nice`, `sh -c` or `kubensenter` starts in the end.

use super::super::super::search::base_name;

/// How deep one may stand behind another.
const DEEPEST: usize = 6;
/// Programs that start another: their options with a value of its own, and how many words stand before that other.
const CARRIERS: &str = "
    env:-u,-C,--unset,--chdir:0 nice:-n,--adjustment:0 ionice:-c,-n,-p,--class,--classdata:0 nohup::0 setsid::0
    chrt::1 taskset::1 timeout:-k,-s,--kill-after,--signal:1 stdbuf:-i,-o,-e:0 exec:-a:0 command::0 time::0
    systemd-cat:-t,-p,--identifier,--priority:0 systemd-inhibit::0 numactl:-C,-N,-m,-i,-p:0 setpriv::0 tini::0
    dumb-init::0 catatonit::0 nsenter:-t,-S,-G,--target,--setuid,--setgid:0 unshare:-S,-G,-R,-w:0 nsenterCmns::0
    kubensenter:-m,-t,--mount,--target,--wd,--argv0:0 kubenswrapper::0
";
const SHELLS: &str = "sh bash dash ash ksh zsh busybox";
/// Words of the shell's language before a command.
const KEYWORDS: &str = "if then else elif do while until ! { (";

type Words = Vec<Vec<u8>>;

/// The commands that a command line comes to, itself among them, the outer before the inner.
pub fn commands(words: &[&[u8]]) -> Vec<Words> {
    let mut found = Vec::new();
    let mut todo = vec![(words.iter().map(|word| word.to_vec()).collect::<Words>(), 0)];
    while let Some((words, depth)) = todo.pop() {
        let start = words.iter().position(|word| !is_assignment(word)).unwrap_or(words.len());
        let words = words.get(start..).unwrap_or_default().to_vec();
        if words.is_empty() {
            continue;
        }
        if depth < DEEPEST {
            let mut inner = script(&words).map(simple).unwrap_or_default();
            inner.extend(carried(&words));
            todo.extend(inner.into_iter().rev().map(|words| (words, depth + 1)));
        }
        found.push(words);
    }
    found
}

/// The unit of the snap's service that `snap run` starts.
pub fn snap(words: &[&[u8]]) -> Option<String> {
    let (program, rest) = words.split_first()?;
    let mut rest = rest.iter().filter(|word| !word.starts_with(b"-"));
    if base_name(program) != b"snap" || rest.next()? != b"run" {
        return None;
    }
    let name = str::from_utf8(rest.next()?).ok()?;
    Some(if name.contains('.') {
        format!("snap.{name}.service")
    } else {
        format!("snap.{name}.{name}.service")
    })
}

fn is_assignment(word: &[u8]) -> bool {
    let name = word.split(|&byte| byte == b'=').next().unwrap_or_default();
    name.len() < word.len()
        && name.first().is_some_and(|byte| !byte.is_ascii_digit())
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The command that a carrier starts.
fn carried(words: &[Vec<u8>]) -> Option<Words> {
    let (program, rest) = words.split_first()?;
    let carrier = CARRIERS.split_ascii_whitespace().find_map(|row| {
        let mut columns = row.split(':');
        let same = columns.next()?.as_bytes() == base_name(program);
        same.then(|| (columns.next().unwrap_or_default(), columns.next().is_some_and(|count| count == "1")))
    })?;
    let (valued, mut skipped) = carrier;
    let mut at = 0;
    while let Some(word) = rest.get(at) {
        at += 1;
        if word == b"--" {
            break;
        } else if valued.split(',').any(|option| !option.is_empty() && option.as_bytes() == word) {
            at += 1;
        } else if word.starts_with(b"-") || is_assignment(word) {
        } else if skipped {
            skipped = false;
        } else {
            at -= 1;
            break;
        }
    }
    rest.get(at..).map(<[_]>::to_vec)
}

/// What a shell reads from its command line.
fn script(words: &[Vec<u8>]) -> Option<&[u8]> {
    let (program, mut rest) = words.split_first()?;
    if !SHELLS.split(' ').any(|shell| shell.as_bytes() == base_name(program)) {
        return None;
    }
    let mut asked = false;
    while let Some((word, more)) = rest.split_first() {
        rest = more;
        let short = word.strip_prefix(b"-").filter(|letters| !letters.starts_with(b"-"));
        match short {
            Some(letters) => {
                asked |= letters.contains(&b'c');
                if letters.ends_with(b"o") {
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
            // busybox sh
            None if base_name(word) == b"sh" && base_name(program) == b"busybox" => {}
            None if word.starts_with(b"--") => {}
            None => return asked.then_some(word),
        }
    }
    None
}

/// The simple commands of a script, as far as they can be told without running it.
fn simple(script: &[u8]) -> Vec<Words> {
    let mut commands = vec![Words::new()];
    let (mut word, mut started, mut quote, mut escaped) = (Vec::new(), false, None, false);
    let end_word = |word: &mut Vec<u8>, started: &mut bool, commands: &mut Vec<Words>| {
        if std::mem::take(started) {
            let word = std::mem::take(word);
            if let Some(words) = commands.last_mut() {
                let keyword = words.is_empty() && KEYWORDS.split(' ').any(|known| known.as_bytes() == word);
                if !keyword {
                    words.push(word);
                }
            }
        }
    };
    for &byte in script {
        match (quote, byte) {
            _ if escaped => {
                escaped = false;
                if byte != b'\n' {
                    word.push(byte);
                }
            }
            (None | Some(b'"'), b'\\') => (escaped, started) = (true, true),
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => word.push(byte),
            (None, b'\'' | b'"') => (quote, started) = (Some(byte), true),
            (None, b' ' | b'\t') => end_word(&mut word, &mut started, &mut commands),
            (None, b';' | b'&' | b'|' | b'\n' | b'(' | b')') => {
                end_word(&mut word, &mut started, &mut commands);
                commands.push(Words::new());
            }
            (None, _) => {
                word.push(byte);
                started = true;
            }
        }
    }
    end_word(&mut word, &mut started, &mut commands);
    commands.retain(|words| !words.is_empty());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(words: &[&str]) -> String {
        let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
        let commands = commands(&words);
        String::from_utf8(commands.last().unwrap().join(&b' ')).unwrap()
    }

    #[test]
    fn looks_behind_programs_that_start_another() {
        for line in [
            "env -u A B=c /bin/x y",
            "/usr/bin/nice -n 5 ionice -c 2 -n 0 /bin/x y",
            "taskset 0x3 /bin/x y",
            "timeout -k 5 10 /bin/x y",
            "systemd-cat -t kubelet -- /bin/x y",
            "kubensenter --argv0 kubelet --host -- /bin/x y",
            "nsenter -t 1 -m -- /bin/x y",
            "A=b C= /bin/x y",
        ] {
            assert_eq!(last(&line.split(' ').collect::<Vec<_>>()), "/bin/x y", "{line}");
        }
        assert_eq!(last(&["/bin/x", "env", "y"]), "/bin/x env y");
    }

    #[test]
    fn looks_into_what_a_shell_reads() {
        for script in [
            "/bin/x y",
            "exec /bin/x y",
            "A=b exec -a z '/bin/x' \"y\"",
            "mkdir -p /a && if test -e /b; then exec env C=d /bin/x\\\n y",
            "( cd /; /bin/x y)",
        ] {
            assert_eq!(last(&["/bin/bash", "-euo", "pipefail", "-c", script]), "/bin/x y", "{script}");
        }
        assert_eq!(last(&["/bin/sh", "-c", "nice sh -c 'exec /bin/x y'", "arg"]), "/bin/x y");
        assert_eq!(last(&["/bin/sh", "/opt/start", "-c", "/bin/x y"]), "/bin/sh /opt/start -c /bin/x y");
    }

    #[test]
    fn a_snaps_command_is_its_units() {
        assert_eq!(snap(&[b"/usr/bin/snap", b"run", b"a.b"]).unwrap(), "snap.a.b.service");
        assert_eq!(snap(&[b"snap", b"run", b"--x", b"a"]).unwrap(), "snap.a.a.service");
        assert_eq!(snap(&[b"snap", b"start", b"a"]), None);
    }

    #[test]
    fn ends_however_deep_one_stands_behind_another() {
        let mut words = vec![&b"env"[..]; 5000];
        words.push(b"kubelet");
        assert!(commands(&words).len() <= DEEPEST + 1);
        let script = "sh -c ".repeat(1000);
        assert!(commands(&[b"sh", b"-c", script.as_bytes()]).len() < 100);
    }
}
