use super::*;

fn wrapped(value: &str) -> String {
    let commands = commands(value).unwrap();
    let written = wrap(value, &commands);
    assert!(is_wrapped(&written, value, &commands), "{value} became {written}");
    written
}

#[test]
fn puts_the_wrapper_before_a_plain_command_and_keeps_every_byte_of_it() {
    for tail in [
        "/usr/bin/containerd",
        "/usr/bin/a  --b \t 'c d' \"e\\\"f\" $G ${H}x $$ %i %% \\; \"\" \\x20",
        "\"/usr/bin/my program\" x",
        "//usr/./bin//a",
    ] {
        assert_eq!(wrapped(tail), format!("/usr/bin/kubensenter {tail}"));
    }
}

#[test]
fn every_prefix_but_the_at_sign_stays_before_the_wrapper() {
    for prefix in ["-", ":", "+", "!", "!!", "|", "-:", ":-", "-:+", "!-!", "+-", "@|", "|@-:", "!!|"] {
        assert_eq!(
            wrapped(&format!("{prefix}/bin/a b c")),
            format!("{prefix}/usr/bin/kubensenter /bin/a b c"),
            "{prefix}"
        );
    }
}

#[test]
fn the_at_sign_becomes_argv0() {
    let wrapper = "/usr/bin/kubensenter";
    for (value, expected) in [
        ("@/bin/a b c", format!("{wrapper} --argv0 b /bin/a c")),
        ("-@:/bin/a 'b c'  d", format!("-:{wrapper} --argv0 'b c' /bin/a  d")),
        ("@+/bin/sh -sh", format!("+{wrapper} --argv0=-sh /bin/sh")),
        ("!!@/bin/a ${N}", format!("!!{wrapper} --argv0=${{N}} /bin/a")),
        (":@/bin/a $N", format!(":{wrapper} --argv0=$N /bin/a")),
        ("@/bin/a \"\" x", format!("{wrapper} --argv0 \"\" /bin/a x")),
        ("@/bin/a \\; x", format!("{wrapper} --argv0 \\; /bin/a x")),
    ] {
        assert_eq!(wrapped(value), expected);
    }
}

#[test]
fn each_command_between_semicolons_is_wrapped() {
    assert_eq!(
        wrapped("/bin/a x ; -/bin/b \\; ';' y ;  @/bin/c d"),
        "/usr/bin/kubensenter /bin/a x ; -/usr/bin/kubensenter /bin/b \\; ';' y ;  \
         /usr/bin/kubensenter --argv0 d /bin/c"
    );
    assert_eq!(wrapped("; /bin/a ;"), "; /usr/bin/kubensenter /bin/a ;");
    assert_eq!(wrapped("/bin/a;x ;y"), "/usr/bin/kubensenter /bin/a;x ;y");
}

#[test]
fn a_prefix_within_quotes_comes_out_of_them() {
    assert_eq!(wrapped("\"-/bin/my a\" x"), "-/usr/bin/kubensenter \"/bin/my a\" x");
    assert_eq!(wrapped("\\x2d/bin/a x"), "-/usr/bin/kubensenter /bin/a x");
}

#[test]
fn what_ends_a_command_or_a_line_or_is_a_quote_stays_a_path() {
    assert_eq!(wrapped("-; a"), "-/usr/bin/kubensenter -- \";\" a");
    assert_eq!(wrapped("|\\n x"), "|/usr/bin/kubensenter -- \\n x");
    assert_eq!(wrapped("\"|a\\nb\" x"), "|/usr/bin/kubensenter -- a\\x0ab x");
    assert_eq!(wrapped("\"|it's \\\"x\\\"\" x"), "|/usr/bin/kubensenter -- \"it's \\\"x\\\"\" x");
    assert_eq!(wrapped("'|a\\\\b'"), "|/usr/bin/kubensenter -- a\\\\b");
}

#[test]
fn notices_a_line_that_says_something_else() {
    let value = "@-/bin/a b c ; /bin/d";
    let read = commands(value).unwrap();
    for other in [
        "/usr/bin/kubensenter --argv0 b /bin/a c ; /usr/bin/kubensenter /bin/d",
        "-/usr/bin/kubensenter /bin/a c ; /usr/bin/kubensenter /bin/d",
        "-/usr/bin/kubensenter --argv0 b /bin/a ; /usr/bin/kubensenter /bin/d",
        "-/usr/bin/kubensenter --argv0 b /bin/a c ; /bin/d",
        "-/usr/bin/kubensenter --argv0 b /bin/a c",
        "-/usr/bin/kubensenter --argv0 b /bin/A c ; /usr/bin/kubensenter /bin/d",
    ] {
        assert!(!is_wrapped(other, value, &read), "{other}");
    }
}

#[test]
fn what_is_not_a_path_cannot_become_an_option_of_the_wrapper() {
    assert_eq!(wrapped("sleep 5"), "/usr/bin/kubensenter -- sleep 5");
    assert_eq!(wrapped("--host x"), "-/usr/bin/kubensenter -- -host x");
    assert_eq!(wrapped("%h/bin/a"), "/usr/bin/kubensenter -- %h/bin/a");
    assert_eq!(wrapped("|echo $X"), "|/usr/bin/kubensenter -- echo $X");
}

#[test]
fn a_variable_in_the_path_stays_unexpanded_and_in_argv0_expanded() {
    assert_eq!(wrapped("/opt/${x}/a b"), "/usr/bin/kubensenter --argv0 /opt/${x}/a /opt/$${x}/a b");
    assert_eq!(wrapped(":/opt/${x}/a b"), ":/usr/bin/kubensenter /opt/${x}/a b");
    assert_eq!(wrapped("@/opt/$x/a b"), "/usr/bin/kubensenter --argv0 b /opt/$$x/a");
}

#[test]
fn what_enters_already_is_left_alone() {
    for value in ["/usr/bin/kubensenter /bin/a", "-/usr/local/bin/kubenswrapper /usr/bin/kubelet x"] {
        assert_eq!(wrapped(value), value);
        assert!(commands(value).unwrap()[0].enters());
    }
    assert_eq!(
        wrapped("/usr/bin/kubensenter /bin/a ; /bin/b"),
        "/usr/bin/kubensenter /bin/a ; /usr/bin/kubensenter /bin/b"
    );
}

#[test]
fn refuses_what_systemd_does_not_run() {
    for (value, bad) in [
        ("/bin/a 'b", Bad::Unbalanced),
        ("-", Bad::Empty),
        (";", Bad::Empty),
        ("|", Bad::Shell),
        ("@|-", Bad::Shell),
        ("@/bin/a", Bad::NoArgv0),
        ("@/bin/a ; b", Bad::NoArgv0),
        ("@/bin/a $N b", Bad::SplitArgv0),
        ("bin/a", Bad::Path("bin/a".into())),
        ("/bin/", Bad::Path("/bin/".into())),
        ("--/bin/a", Bad::Path("-/bin/a".into())),
        ("+!/bin/a", Bad::Path("!/bin/a".into())),
        ("$A", Bad::Path("$A".into())),
        ("/bin/a\\n", Bad::Path("/bin/a\n".into())),
    ] {
        assert_eq!(commands(value), Err(bad), "{value}");
    }
}

#[test]
fn knows_how_a_command_runs() {
    let one = |value: &str| commands(value).unwrap().remove(0);
    assert!(one("-+/bin/a").is_privileged() && !one("-/bin/a").is_privileged());
    assert!(one("!/bin/a").keeps_root() && !one("!!/bin/a").keeps_root());
    assert!(one("|a").is_for_a_shell());
    assert_eq!(one("/usr/bin/a").name(), b"a");
    assert!(one("a").is_searched() && !one("/bin/a").is_searched() && !one("%h/a").is_searched());
    assert_eq!(commands("/bin/a b   ; /bin/c").unwrap().len(), 2);
}

#[test]
fn a_command_that_enters_by_itself_stays_word_for_word() {
    let value = "-/usr/bin/kubensenter /bin/a b";
    let before = commands(value).unwrap();
    assert_eq!(wrap(value, &before), value);
    assert!(is_wrapped(value, value, &before));
    for other in [
        "/usr/bin/kubensenter /bin/a b",
        "-/usr/local/bin/kubensenter /bin/a b",
        "-/usr/bin/kubensenter /bin/a c",
        "-/usr/bin/kubensenter /bin/a b c",
    ] {
        assert!(!is_wrapped(other, value, &before), "{other}");
    }
}

/// Found by fuzzing: each came out as another command, or as none.
#[test]
fn a_command_that_is_hard_to_write_again_is_still_the_same_behind_the_wrapper() {
    for value in ["-|; a", "|'; '", r#"!|-':/s-"ac "a'$\"#, r#"|"a\"b" c"#, r"|'a\\b'"] {
        let before = commands(value).unwrap();
        let wrapped = wrap(value, &before);
        assert!(is_wrapped(&wrapped, value, &before), "{value} {wrapped}");
    }
}
