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
fn every_shell_gets_a_script_of_both_commands() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let run = sandbox.run(&format!("kubensctl completion {shell}"));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains("kubensenter") && run.stdout.contains("kubensctl"), "{shell}");
        assert!(run.stdout.contains("require") && run.stdout.contains("argv0"), "{shell}");
    }
    for (name, other) in [("kubensenter", "kubensctl"), ("kubensctl", "kubensenter")] {
        let zsh = sandbox.ok(&format!("kubensctl completion zsh {name}"));
        assert!(zsh.starts_with(&format!("#compdef {name}\n")));
        assert!(!zsh.contains(&format!("#compdef {other}\n")));
    }
    let unknown = "kubensctl: invalid value 'tcsh' for '<SHELL>' [possible values: bash, zsh, fish] (see kubensctl --help)\n";
    assert_eq!(sandbox.run("kubensctl completion tcsh"), Run::new(2, "", unknown));
}
