//! Mounts that are peers on the host are peers inside: what a sequence of mounts shows inside is what it shows on a
//! host without the namespace.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::pins::{OLD_FILTER, both_ways, host, ok};

/// Runs the steps and prints what is seen below /run/t, step by step. A step is one line: `pin`, or `outside` or
/// `within` with what is done there. `fs` mounts a new file system, with a directory `x` in each directory; where no
/// other mount than one of the namespace's own is ever put on an `x`, and none on top of that, the host's own steps go
/// the same ways.
const STEPS: &str = r#"
fs() {
    mount -t tmpfs "$1" "$2" || return
    for one in . a b; do for two in . a b x; do mkdir -p "$2/$one/$two"; done; done
    for dir in . a b a/a a/b b/a b/b; do : >"$2/$dir/$(echo "$1-$dir" | tr -d ./)"; done
}
bind() { mount --bind "$1" "$2"; }
rbind() { mount --rbind "$1" "$2"; }
make() { mount "--make-$1" "$2"; }
shared() { # PATH: whether what comes there on the host was to arrive inside, when the namespace was made
    for one in $apart; do case $1/ in $one/*) return 1 ;; esac; done
}
ruled_out() { # says so if a mount only receives, from another that shows less, or passes on: no kernel can do that twice
    awk '$5 ~ "^/run/t" { shared = master = ""
            for (i = 7; $i != "-"; i++) { split($i, tag, ":"); if (tag[1] == "shared") shared = tag[2]; if (tag[1] == "master") master = tag[2] }
            if (shared) roots[shared] = roots[shared] "\n" $4
            if (master) { of[NR] = master; root[NR] = $4; passes[NR] = shared } }
        END { for (line in of) if (of[line] in roots) {
                count = split(roots[of[line]], known, "\n"); fits = 0
                for (i = 2; i <= count; i++) if (known[i] == "/" || index(root[line] "/", known[i] "/") == 1) fits = 1
                if (!fits || passes[line]) { print "ruled out"; exit } } }' /run/before >&3
}
step() {
    case $1 in
    pin)
        cat /proc/self/mountinfo >/run/before
        apart=$(awk '$5 ~ "^/run/t/" && !/ shared:/ { print $5 }' /proc/self/mountinfo)
        ruled_out
        begin ;;
    outside) shift; "$@" ;;
    within) shift; go "$@" ;;
    esac >/dev/null 2>&1
}
exec 3>&1
export dir=/run/t
mkdir -p $dir
mount -t tmpfs top $dir
mkdir -p $dir/a/a $dir/a/b $dir/b/a $dir/b/b
mount --make-shared $dir
look='find /run/t -type f | sort; grep -c " /run/t[^ ]* " /proc/self/mountinfo'
"#;

/// With the namespace.
const INSIDE: &str = r#"
begin() { kubensctl pin; }
go() {
    case $1 in
    fs | eval) nsenter --mount=/run/kubens/mnt sh -c "$functions \"\$@\"" sh "$@" ;;
    bind) nsenter --mount=/run/kubens/mnt mount --bind "$2" "$3" ;;
    *) nsenter --mount=/run/kubens/mnt "$@" ;;
    esac
}
view() { nsenter --mount=/run/kubens/mnt sh -c "$look"; }
"#;

/// Without it: nothing is pinned, and what was not shared is from then on, as in the namespace.
const PLAIN: &str = r#"
begin() { mount --make-rshared /run/t; }
go() { # what the host has mounted since, no unmount inside takes from the host: such a step is left out
    [ "$1" != umount ] || case $(findmnt -n -o SOURCE "$2" | tail -n 1) in o[12][0-9]) return 1 ;; esac
    "$@"
}
view() { sh -c "$look"; }
"#;

/// What the steps come to: of each step that is not to be left out, its status and the view after it.
fn run(side: &str, steps: &[String], left_out: &[bool]) -> Vec<String> {
    let functions = STEPS.split("shared()").next().unwrap();
    let mut script = format!("functions='{functions}'\n{STEPS}\n{side}\n");
    let mut pinned = false;
    for (step, left_out) in steps.iter().zip(left_out) {
        pinned |= step == "pin";
        if *left_out {
            script += "echo @-\n";
        } else {
            script.extend(["step ", step, "; echo \"@$?\"\n"]);
            script += if pinned { "view\n" } else { "" };
        }
    }
    let said = host().ok(&script);
    said.split('@').skip(1).map(str::to_owned).collect()
}

/// Compares both. A step that fails on the plain host is not done on the other. `false`: they are not alike, and kubens.service(8) says why.
fn compare(steps: &[String], what: &str) -> bool {
    let all = vec![false; steps.len()];
    let plain = run(PLAIN, steps, &all);
    let failed: Vec<_> = plain.iter().map(|said| !said.starts_with("0\n")).collect();
    if plain.iter().any(|said| said.contains("ruled out")) {
        return false;
    }
    let inside = run(INSIDE, steps, &failed);
    for (index, (plain, inside)) in plain.iter().zip(&inside).enumerate().filter(|(index, _)| !failed[*index])
    {
        let done: Vec<_> =
            (0..=index).filter(|&index| !failed[index]).map(|index| steps[index].as_str()).collect();
        assert_eq!(inside, plain, "{what}: inside, and without the namespace, after\n{}", done.join("\n"));
    }
    true
}

fn alike(steps: &str) {
    let steps: Vec<_> = steps.lines().map(|line| line.trim().to_owned()).collect();
    assert!(compare(&steps, "by hand"));
}

#[test]
fn a_mount_below_one_of_two_peers_appears_below_the_other() {
    alike(
        "outside fs data /run/t/a
         outside bind /run/t/a/b /run/t/b/a
         pin
         within fs volume /run/t/a/b/x
         outside fs later /run/t/b/a/a
         within umount /run/t/b/a/x
         outside umount /run/t/a/b/a",
    );
}

#[test]
fn peers_that_show_different_parts_meet_in_what_both_show() {
    alike(
        "outside fs data /run/t/a
         outside bind /run/t/a/a /run/t/b/a
         outside bind /run/t/a/b /run/t/b/b
         outside umount /run/t/a
         pin
         within fs one /run/t/b/a/x
         within fs two /run/t/b/b/x",
    );
}

#[test]
fn what_lies_hidden_is_a_peer_as_well() {
    alike(
        "outside fs lower /run/t/a
         outside bind /run/t/a /run/t/a
         outside fs both /run/t/a/b
         outside bind /run/t/a/b /run/t/b
         outside fs upper /run/t/a
         outside bind /run/t/a /run/t/a
         pin
         within fs volume /run/t/b/x
         within umount /run/t/a
         within umount /run/t/a
         within fs other /run/t/a/b/a/x
         within umount --lazy /run/t/a",
    );
}

#[test]
fn who_only_receives_receives_what_is_mounted_inside() {
    alike(
        "outside fs data /run/t/a
         outside bind /run/t/a/a /run/t/b
         outside make slave /run/t/b
         pin
         within fs volume /run/t/a/a/x
         within fs own /run/t/b/a/x",
    );
}

#[test]
fn a_filter_that_does_not_know_the_youngest_call_tears_nothing() {
    let sandbox = host();
    ok(
        &sandbox,
        "mkdir -p /run/t /run/u; mount -t tmpfs t /run/t; mkdir /run/t/x; mount --bind /run/t /run/u",
    );
    ok(&sandbox, &format!("{OLD_FILTER} kubensctl pin"));
    ok(
        &sandbox,
        "nsenter --mount=/run/kubens/mnt sh -ec 'mount -t tmpfs x /run/t/x; mountpoint -q /run/u/x'",
    );
    assert_eq!(sandbox.run("mountpoint -q /run/t/x").status, 32);
}

#[test]
fn a_network_namespace_is_unmounted_once_and_its_file_can_be_removed() {
    for way in both_ways() {
        let sandbox = host();
        let add = |name: &str| {
            format!("touch /run/netns/{name}; unshare --net mount --bind /proc/self/ns/net /run/netns/{name}")
        };
        ok(&sandbox, &format!("mkdir -p /run/netns; mount --bind /run/netns /run/netns; {}", add("cni-1")));
        assert_eq!(ok(&sandbox, "grep -c /run/netns/cni-1 /proc/self/mountinfo"), "2\n");
        ok(&sandbox, &format!("{way} kubensctl pin; {}", add("cni-2")));
        for name in ["cni-1", "cni-2"] {
            let remove = format!(
                "umount /run/netns/{name}; rm /run/netns/{name}; grep {name} /proc/self/mountinfo || :"
            );
            let left = sandbox.run(&format!("nsenter --mount=/run/kubens/mnt sh -c '{remove}'"));
            assert_eq!((left.stdout.as_str(), left.stderr.as_str()), ("", ""), "{way}");
        }
    }
}

/// /run is a part of a file system, and another part of it is mounted on /run/netns: no copy of what it covers.
#[test]
fn another_directory_of_the_same_file_system_is_seen_inside_as_on_the_host() {
    for way in both_ways() {
        let sandbox = host();
        ok(
            &sandbox,
            "mount -t tmpfs all /mnt; mount --make-shared /mnt; mkdir -p /mnt/y/netns /mnt/x/netns
             cp -a /run/bin /mnt/y; touch /mnt/y/netns/covered /mnt/x/netns/seen
             mount --bind /mnt/y /run; mount --bind /mnt/x/netns /run/netns
             mount --make-private /mnt; umount --lazy /mnt",
        );
        ok(&sandbox, &format!("{way} kubensctl pin"));
        assert_eq!(ok(&sandbox, "nsenter --mount=/run/kubens/mnt ls /run/netns"), "seen\n", "{way}");
    }
}

#[test]
fn what_the_host_mounts_meanwhile_is_missed_by_nobody() {
    let sandbox = host();
    ok(
        &sandbox,
        "mkdir -p /run/data /run/lib; mount -t tmpfs d /run/data; mkdir -p /run/data/k/h
         mount --bind /run/data/k /run/lib
         for each in $(seq 8); do
             touch /run/churns; while test -e /run/churns; do mount -t tmpfs h /run/data/k/h; umount /run/data/k/h; done &
             strace -o /dev/null -e inject=move_mount:delay_enter=3000 kubensctl pin >/dev/null
             rm /run/churns; wait
             count() { grep -c ' /run/[^ ]*/h ' /proc/self/mountinfo || :; }
             here=$(count)
             inside=$(nsenter --mount=/run/kubens/mnt grep -c ' /run/[^ ]*/h ' /proc/self/mountinfo || :)
             test $here = $inside || { echo \"the host has $here, inside are $inside\" >&2; exit 1; }
             kubensctl unpin >/dev/null
         done",
    );
}

/// Random steps, the same ones for the same number.
struct Steps(u64);

impl Steps {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn path(&mut self, words: &[&str]) -> String {
        let mut path = "/run/t".to_owned();
        for _ in 0..=self.below(3) {
            path.push('/');
            path.push_str(words[usize::try_from(self.below(words.len() as u64)).unwrap()]);
        }
        path
    }

    /// On the host, before the namespace is made.
    fn first(&mut self, number: usize) -> String {
        let (path, other) = (self.path(&["a", "b"]), self.path(&["a", "b"]));
        match self.below(12) {
            0..4 => format!("outside fs o{number} {path}"),
            4..7 => format!("outside bind {path} {other}"),
            7 => format!("outside rbind {path} {other}"),
            8 => format!("outside bind {path} {path}"),
            9 => format!("outside umount {path}"),
            10 => format!("outside make slave {path}"),
            _ => format!(
                "outside make {} {path}",
                ["private", "unbindable"][usize::try_from(self.below(2)).unwrap()]
            ),
        }
    }

    /// On both sides. What the namespace has of its own stands on an `x` each time.
    fn then(&mut self, number: usize) -> String {
        let (path, any, own) =
            (self.path(&["a", "b"]), self.path(&["a", "b", "x"]), self.path(&["a", "b", "x"]));
        match self.below(8) {
            0..2 => format!("outside eval 'shared {path} && fs o{number} {path}'"),
            2 => format!("outside eval 'shared {path} && umount {path}'"),
            3..5 => format!("within eval '! mountpoint -q {own}/x && fs i{number} {own}/x'"),
            5..7 => format!("within eval '! mountpoint -q {own}/x && bind {any} {own}/x'"),
            _ => format!("within umount {own}/x"),
        }
    }
}

#[test]
fn whatever_is_mounted_where_shows_inside_what_it_shows_without_the_namespace() {
    let number =
        |name: &str, default| std::env::var(name).map_or(default, |text| text.parse::<u64>().unwrap());
    let (first, count) = (number("FIRST_SEED", 1), number("SEEDS", 12));
    let mut compared = 0;
    for seed in first..first + count {
        let mut random = Steps((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..8 {
            random.below(2);
        }
        let mut steps: Vec<_> = (0..10).map(|number| random.first(number)).collect();
        steps.push("pin".to_owned());
        steps.extend((10..22).map(|number| random.then(number)));
        steps.extend((0..4).map(|_| format!("within umount {}", random.path(&["a", "b", "x"]))));
        compared += u64::from(compare(&steps, &format!("seed {seed}")));
    }
    assert!(compared * 2 > count, "{compared} of {count}");
}
