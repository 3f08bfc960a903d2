//! The terminal that standard output may be.

/// Standard output, as a screen.
#[derive(Clone, Copy)]
pub struct Screen {
    terminal: bool,
    coloured: bool,
}

impl Screen {
    /// Whether it is a terminal, and whether colours are welcome there.
    pub fn new(terminal: bool, coloured: bool) -> Self {
        Screen { terminal, coloured }
    }

    /// Whether a person reads it as it comes.
    pub fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Whether colours are welcome.
    pub fn is_coloured(self) -> bool {
        self.coloured
    }
}
