//! The settings of `[Service]` that hold commands.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exec {
    /// `ExecCondition=`
    Condition,
    /// `ExecStartPre=`
    StartPre,
    /// `ExecStart=`
    Start,
    /// `ExecStartPost=`
    StartPost,
    /// `ExecReload=`
    Reload,
    /// `ExecStop=`
    Stop,
    /// `ExecStopPost=`
    StopPost,
}

impl Exec {
    /// All of them, in the order in which systemd runs them.
    pub const ALL: [Exec; 7] = [
        Exec::Condition,
        Exec::StartPre,
        Exec::Start,
        Exec::StartPost,
        Exec::Reload,
        Exec::Stop,
        Exec::StopPost,
    ];

    /// systemd's name for it.
    pub fn key(self) -> &'static str {
        match self {
            Exec::Condition => "ExecCondition",
            Exec::StartPre => "ExecStartPre",
            Exec::Start => "ExecStart",
            Exec::StartPost => "ExecStartPost",
            Exec::Reload => "ExecReload",
            Exec::Stop => "ExecStop",
            Exec::StopPost => "ExecStopPost",
        }
    }

    /// The one of that name.
    pub fn named(word: &str) -> Option<Exec> {
        Exec::ALL.into_iter().find(|exec| exec.key() == word)
    }
}
