//! Text, and lists of it, as the kernel puts them on a new process's stack; taken apart from the front, because a
//! call to strlen(3) or a check of bounds would leave the section.

use core::mem::MaybeUninit;

/// A string that ends with NUL.
#[derive(Clone, Copy)]
pub struct Text(*const u8);

impl Text {
    /// # Safety
    /// It ends with NUL, and stays as it is while it is used.
    #[inline(always)]
    pub unsafe fn new(first: *const u8) -> Text {
        Text(first)
    }

    /// As a system call takes it.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.0 as usize
    }

    /// The first byte, and what follows it.
    #[inline(always)]
    pub fn split(self) -> Option<(u8, Text)> {
        // SAFETY: there is a byte: the NUL if no other.
        match unsafe { *self.0 } {
            0 => None,
            // SAFETY: behind what is not the NUL there is another byte.
            first => Some((first, Text(unsafe { self.0.add(1) }))),
        }
    }

    /// What follows these bytes, where they are the first.
    #[inline(always)]
    pub fn after<const N: usize>(self, start: &[u8; N]) -> Option<Text> {
        let mut rest = self;
        for &wanted in start {
            match rest.split() {
                Some((byte, next)) if byte == wanted => rest = next,
                _ => return None,
            }
        }
        Some(rest)
    }

    /// Whether it is these bytes and no more.
    #[inline(always)]
    pub fn is<const N: usize>(self, whole: &[u8; N]) -> bool {
        match self.after(whole) {
            Some(rest) => rest.split().is_none(),
            None => false,
        }
    }

    #[inline(always)]
    pub fn holds(self, wanted: u8) -> bool {
        let mut rest = self;
        while let Some((byte, next)) = rest.split() {
            if byte == wanted {
                return true;
            }
            rest = next;
        }
        false
    }

    #[inline(always)]
    pub fn equals(self, other: Text) -> bool {
        let (mut one, mut other) = (self, other);
        loop {
            match (one.split(), other.split()) {
                (Some((a, next)), Some((b, follows))) if a == b => (one, other) = (next, follows),
                (None, None) => return true,
                _ => return false,
            }
        }
    }

    /// How many bytes there are.
    #[inline(always)]
    pub fn length(self) -> usize {
        let (mut length, mut rest) = (0, self);
        while let Some((_, next)) = rest.split() {
            length += 1;
            rest = next;
        }
        length
    }

    /// What follows the first `count` bytes.
    #[inline(always)]
    pub fn without(self, count: usize) -> Text {
        let (mut count, mut rest) = (count, self);
        while let Some((_, next)) = rest.split()
            && count > 0
        {
            count -= 1;
            rest = next;
        }
        rest
    }

    /// What follows the last slash.
    #[inline(always)]
    pub fn base_name(self) -> Text {
        let (mut name, mut rest) = (self, self);
        while let Some((byte, next)) = rest.split() {
            if byte == b'/' {
                name = next;
            }
            rest = next;
        }
        name
    }

    /// A number as it is printed, with nothing before it; and what follows it.
    #[inline(always)]
    pub fn number(self) -> Option<(u64, Text)> {
        let (mut number, mut rest) = (0_u64, self);
        while let Some((digit @ b'0'..=b'9', next)) = rest.split() {
            if number == 0 && rest.0 != self.0 {
                return None;
            }
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            rest = next;
        }
        (rest.0 != self.0).then_some((number, rest))
    }
}

/// Texts up to a NULL: the command line, the environment.
#[derive(Clone, Copy)]
pub struct Words(*const *const u8);

impl Words {
    /// # Safety
    /// It ends with NULL; it and its texts stay as they are.
    #[inline(always)]
    pub unsafe fn new(first: *const *const u8) -> Words {
        Words(first)
    }

    /// As execve(2) takes it.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.0 as usize
    }

    /// The first, and what follows it.
    #[inline(always)]
    pub fn split(self) -> Option<(Text, Words)> {
        // SAFETY: there is an entry: the NULL if no other.
        let first = unsafe { *self.0 };
        if first.is_null() {
            return None;
        }
        // SAFETY: behind what is not NULL there is another entry.
        Some((Text(first), Words(unsafe { self.0.add(1) })))
    }
}

impl Words {
    /// What follows the NULL.
    #[inline(always)]
    pub fn behind<T>(self) -> *const T {
        let mut last = self;
        while let Some((_, next)) = last.split() {
            last = next;
        }
        // SAFETY: one behind the end may be pointed to.
        unsafe { last.0.add(1) }.cast()
    }
}

/// The longest path that is plain, with its NUL. A path may have 4096 bytes; but the page below the stack's would have
/// to be fetched for that.
pub const ROOM: usize = 512;

/// Room for one path.
pub struct Room {
    bytes: [MaybeUninit<u8>; ROOM],
    length: usize,
}

impl Room {
    #[inline(always)]
    pub fn new() -> Room {
        Room { bytes: [const { MaybeUninit::uninit() }; ROOM], length: 0 }
    }

    #[inline(always)]
    pub fn push(&mut self, byte: u8) -> Option<()> {
        self.bytes.get_mut(self.length)?.write(byte);
        self.length += 1;
        Some(())
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Where a system call writes a string that ends with NUL.
    #[inline(always)]
    pub fn address(&mut self) -> usize {
        self.bytes.as_mut_ptr() as usize
    }

    /// # Safety
    /// It holds a NUL.
    #[inline(always)]
    pub unsafe fn text(&self) -> Text {
        Text(self.bytes.as_ptr().cast())
    }
}
