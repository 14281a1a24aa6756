//! Which call of this process goes wrong, and how. Calls are counted from each command on, so that a fault at every one of
//! them can be asked for in turn. What a call is, the layers say that sit under the store: `vfs.rs` and `wire.rs`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

/// How long a call takes that stalls.
const STALL: Duration = Duration::from_millis(30);

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// It fails, and has done nothing.
    Error,
    /// There is room for half of it; on a wire, all of it goes through before the connection breaks.
    Full,
    /// It fails when half of it is done.
    Short,
    /// It takes long.
    Stall,
    /// The process is killed before it.
    Crash,
    /// The process is killed when half of it is done.
    Torn,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Error, Self::Full, Self::Short, Self::Stall, Self::Crash, Self::Torn];

    /// Whether the process ends by it.
    pub(crate) fn kills(self) -> bool {
        matches!(self, Self::Crash | Self::Torn)
    }
}

/// A fault to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// At the call of this number, from 1.
    pub(crate) at: u64,
    /// And at so many that follow it.
    pub(crate) more: u64,
    pub(crate) kind: Kind,
}

static STATE: Mutex<(u64, Option<Fault>)> = Mutex::new((0, None));

fn state() -> MutexGuard<'static, (u64, Option<Fault>)> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts calls from 0 again, with this fault among them.
pub(crate) fn arm(fault: Option<Fault>) {
    *state() = (0, fault);
}

/// Lets nothing go wrong any more; gives how many calls there were.
pub(crate) fn disarm() -> u64 {
    let mut state = state();
    state.1 = None;
    state.0
}

/// Counts a call that has no half; whether it fails. It does not return where the process is to be killed, nor before a stall
/// is over.
pub(crate) fn step() -> Option<Kind> {
    step_of_write().map(|kind| if kind == Kind::Torn { die() } else { kind })
}

/// Counts a call that may be half done, and gives what is to happen to it.
pub(crate) fn step_of_write() -> Option<Kind> {
    let kind = {
        let mut state = state();
        state.0 += 1;
        let (now, fault) = *state;
        fault.filter(|fault| now >= fault.at && now - fault.at <= fault.more)?.kind
    };
    match kind {
        Kind::Crash => die(),
        Kind::Stall => {
            std::thread::sleep(STALL);
            None
        }
        kind => Some(kind),
    }
}

/// Ends this process as `kill -9` does.
pub(crate) fn die() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}
