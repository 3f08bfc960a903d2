//! `kubensctl report`: one file for a support case, with nothing secret in it.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{Run, Sandbox};

#[test]
fn it_has_what_the_verbs_say_and_keeps_every_secret() {
    let sandbox = Sandbox::new();
    // A token and a password in each place where an administrator may have put one.
    sandbox.ok("kubensctl pin && mkdir /run/v && kubensenter -q mount -t tmpfs https://me:S3CRET@host/share /run/v
                mount -t tmpfs etc /etc/systemd && mkdir -p /etc/systemd/system/k3s.service.d /etc/systemd/kubens.conf.d
                cat >/etc/systemd/system/k3s.service.d/90-kubens.conf <<'END'
# --token S3CRET
[Service]
ExecStart=
ExecStart=/usr/bin/kubensenter /usr/local/bin/k3s server --token=S3CRET \\
    --datastore-endpoint mysql://me:S3CRET@db/k3s
Environment=HTTPS_PROXY=http://me:S3CRET@proxy 'TOKEN=S3CRET'
SetCredential=token:S3CRET
END
                printf '[Inside]\\nKubernetes=yes\\n' >/etc/systemd/kubens.conf");
    let run = sandbox.run("umask 0; kubensctl report /run/report");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    assert!(run.stdout.starts_with("/run/report is written."), "{}", run.stdout);
    assert_eq!(sandbox.ok("stat --format %a /run/report"), "600\n");
    let text = sandbox.ok("cat /run/report");
    assert!(!text.contains("S3CRET"), "{text}");
    for told in [
        "\"/run/v\"",
        "https://@host/share",
        "/etc/systemd/system/k3s.service.d/90-kubens.conf",
        "[Service] ExecStart=/usr/bin/kubensenter /usr/local/bin/k3s (4 words left out)",
        "[Service] Environment=HTTPS_PROXY=(left out) TOKEN=(left out)",
        "[Inside] Kubernetes=yes",
        "\"verdict\"",
        "\"findings\"",
        "\"kernel\": \"Linux version ",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
}

#[test]
fn what_cannot_be_found_is_said_and_no_file_is_overwritten() {
    let sandbox = Sandbox::new();
    let text = sandbox.ok("kubensctl report -");
    assert!(text.contains("\"failed\": \"no mount namespace is pinned"), "{text}");
    let there = "kubensctl: cannot write /run/there: File exists\n";
    assert_eq!(sandbox.run("touch /run/there && kubensctl report /run/there"), Run::new(1, "", there));
    assert_eq!(sandbox.ok("cat /run/there"), "");
    let nowhere = "kubensctl: cannot write /run/no/report: No such file or directory\n";
    assert_eq!(sandbox.run("kubensctl report /run/no/report"), Run::new(1, "", nowhere));
}
