//! One file a command, or a few that belong together.

mod chat;
mod check;
mod consent;
mod export;
mod feedback;
mod forget;
mod import;
mod jobs;
mod lab;
mod lists;
mod persons;
mod profile;
mod rebuild;
mod recall;
mod remember;
mod respond;
mod serve;
mod shell;
mod store;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Command;
use crate::place::Place;

/// Runs a command.
pub(crate) fn run(place: &Place, command: Command) -> Result<ExitCode> {
    match command {
        Command::Init => check::init(place),
        Command::Import(args) => import::run(place, args),
        Command::Remember(args) => remember::run(place, args),
        Command::Recall(args) => recall::recall(place, &args),
        Command::Feedback(args) => feedback::run(place, args),
        Command::Context(args) => recall::context(place, &args),
        Command::Respond(args) => respond::run(place, args),
        Command::Chat(args) => chat::run(place, &args),
        Command::Persons => persons::persons(place),
        Command::Show(args) => persons::show(place, &args),
        Command::Timeline(args) => persons::timeline(place, &args),
        Command::Memories(args) => persons::memories(place, &args),
        Command::Profile(args) => profile::run(place, args),
        Command::Consent(args) => consent::run(place, &args),
        Command::Forget(args) => forget::run(place, args),
        Command::VerifyErasure(args) => forget::verify(place, &args.file),
        Command::Export(args) => export::run(place, &args),
        Command::Rebuild(args) => rebuild::rebuild(place, &args),
        Command::Reembed(args) => rebuild::reembed(place, &args),
        Command::Serve(args) => serve::run(place, &args),
        Command::Mcp(args) => serve::mcp(place, &args),
        Command::Key(args) => serve::key(place, args),
        Command::Jobs => jobs::jobs(place),
        Command::Disclosures(args) => jobs::disclosures(place, &args),
        Command::Audit(args) => check::audit(place, &args),
        Command::Doctor => check::doctor(place),
        Command::Store(args) => store::run(place, args.command),
        Command::Methods(args) => lists::methods(place, args.name.as_deref()),
        Command::Datasets(args) => lists::datasets(place, args.name.as_deref()),
        Command::Models => lists::models(place),
        Command::Lab(args) => lab::run(place, args.command),
        Command::Completions(args) => shell::completions(args.shell),
        Command::Man(args) => shell::man(&args.folder),
    }
}

/// Ctrl-C: the first asks the work to stop where nothing is lost, the second ends the process.
pub(crate) mod interrupt {
    use std::ops::ControlFlow;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use anyhow::Result;

    /// Whether the user asked to stop.
    #[derive(Clone, Default)]
    pub(crate) struct Interrupt {
        asked: Arc<AtomicBool>,
        /// Nothing runs, so that the first Ctrl-C ends the process.
        rests: Arc<AtomicBool>,
    }

    impl Interrupt {
        /// Listens from now on.
        pub(crate) fn listen() -> Result<Self> {
            let interrupt = Self::default();
            let handler = interrupt.clone();
            ctrlc::set_handler(move || {
                if handler.rests.load(Ordering::Relaxed) || handler.asked.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
            })?;
            Ok(interrupt)
        }

        /// Nothing runs from now on.
        pub(crate) fn rest(&self) {
            self.asked.store(false, Ordering::Relaxed);
            self.rests.store(true, Ordering::Relaxed);
        }

        /// Something runs again.
        pub(crate) fn work(&self) {
            self.rests.store(false, Ordering::Relaxed);
        }

        /// Whether it was asked for.
        pub(crate) fn asked(&self) -> bool {
            self.asked.load(Ordering::Relaxed)
        }

        /// The answer to a progress call.
        pub(crate) fn flow(&self) -> ControlFlow<()> {
            if self.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
}
