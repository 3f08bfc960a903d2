//! `kubensctl completion SHELL`, tried in the shell itself.

mod harness;

use harness::{Run, Sandbox};

/// What bash offers for the last of `words`.
fn offered(sandbox: &Sandbox, words: &str) -> String {
    sandbox.ok(&format!(
        "cat >/run/ask <<'END'
source <(kubensctl completion bash)
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
complete -p \"${{COMP_WORDS[0]}}\" >/run/how
function=$(sed -E 's/.*-F (\\S+).*/\\1/' /run/how)
\"$function\" \"${{COMP_WORDS[0]}}\" \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"
printf '%s\\n' \"${{COMPREPLY[@]}}\"
END
bash /run/ask"
    ))
}

#[test]
fn bash_completes_both_commands() {
    let sandbox = Sandbox::new();
    assert_eq!(offered(&sandbox, "kubensenter --re"), "--require\n");
    assert_eq!(offered(&sandbox, "kubensctl compl"), "completion\n");
    assert_eq!(offered(&sandbox, "kubensctl completion z"), "zsh\n");
}

#[test]
fn every_shell_gets_a_script_of_both_commands_or_of_one() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let run = sandbox.run(&format!("kubensctl completion {shell}"));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        let commands =
            run.stdout.lines().filter(|line| line.ends_with(" kubensenter") || line.ends_with(" kubensctl"));
        assert!(commands.count() >= 2, "{}", run.stdout);
    }
    for (name, other) in [("kubensenter", "kubensctl"), ("kubensctl", "kubensenter")] {
        let zsh = sandbox.ok(&format!("kubensctl completion zsh {name}"));
        assert!(zsh.starts_with(&format!("#compdef {name}\n")));
        assert!(!zsh.contains(&format!("compdef _kubens {other}\n")));
    }
    let unknown = "kubensctl: invalid value 'tcsh' for '<SHELL>' [possible values: bash, zsh, fish]; did you mean 'zsh'? (see kubensctl --help)\n";
    assert_eq!(sandbox.run("kubensctl completion tcsh"), Run::new(2, "", unknown));
}

/// What a script is told: the values before the tab.
fn told(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let name = line.split(' ').next().unwrap_or_default();
    let told = sandbox.ok(&format!("kubensctl offer {name} -- {line}"));
    told.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn values_are_what_there_is_on_this_machine() {
    let sandbox = Sandbox::pinned();
    sandbox.ok("kubensctl --dir '/run/a pin' pin");
    assert_eq!(told(&sandbox, "kubensenter -m ''"), [":files", "/run/kubens/mnt", "/run/a pin/mnt"]);
    assert_eq!(told(&sandbox, "kubensenter --mount=/run/k"), [":files", "/run/kubens/mnt"]);
    assert!(told(&sandbox, "kubensenter -t ''").contains(&"1".to_owned()));
    let member = "kubensenter -q sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >/run/member
                  until [ \"$(cat /proc/$!/comm)\" = sleep ]; do :; done";
    sandbox.ok(member);
    let member = sandbox.ok("cat /run/member").trim().to_owned();
    // One of each namespace but one's own.
    assert_eq!(told(&sandbox, "kubensenter -t ''"), [member]);
    assert_eq!(told(&sandbox, "kubensctl wrap --also ExecStop"), ["ExecStop", "ExecStopPost"]);
    assert_eq!(told(&sandbox, "kubensenter -q findmnt -"), [":command 2"]);
    assert_eq!(told(&sandbox, "kubensctl metrics --output ''"), [":files"]);
}
