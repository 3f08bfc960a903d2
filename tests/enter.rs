//! Where `kubensenter` runs a command: the table "Which namespace" of kubensenter(1), row by row.

mod harness;

use harness::{Run, Sandbox};

#[test]
fn joins_the_pinned_namespace() {
    let sandbox = Sandbox::pinned();
    assert_eq!(
        sandbox.run("kubensenter ls /run/volumes"),
        Run::new(
            0,
            "inside\n",
            "kubensenter: Autodetect: kubens.service namespace found at /run/kubens/mnt\n"
        )
    );
}
