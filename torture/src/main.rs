//! Puts a store through faults of every kind, with several clients, and holds what they see to a model of what is right.
//!
//! `run` is the simulator; it starts this program again as its clients. The faults strike under the store (`vfs.rs`, `wire.rs`)
//! and around it (`place/`); what must hold is in `invariants.rs`. It causes no faults in the product's own code, and knows
//! nothing of how a store keeps its records.

mod client;
mod disk;
mod driver;
mod faults;
mod invariants;
mod lives;
#[allow(clippy::unwrap_used, reason = "names that are written in it are valid")]
#[path = "../../crates/kithkin-store/tests/stores/operations.rs"]
mod operations;
mod place;
mod protocol;
mod simulation;
mod vfs;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use place::Place;
use simulation::Simulation;

/// Faults of every kind under Kithkin's stores.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs operations until there were so many or an invariant is broken.
    Run {
        /// Which store.
        store: Kind,
        /// How many operations.
        #[arg(long, default_value_t = 100_000)]
        operations: u64,
        /// Which series of them.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many clients.
        #[arg(long, default_value_t = 3)]
        clients: usize,
        /// How often something goes wrong, in a thousand rounds.
        #[arg(long)]
        faults: Option<u32>,
        /// Lets the disk say that it has synced what it has not: then a run has to find that something is lost.
        #[arg(long)]
        lying_disk: bool,
    },
    /// Takes from the files of a folder what was not synced.
    #[command(hide = true)]
    Lose {
        /// The folder.
        folder: PathBuf,
        /// How much of it is kept, from 0 to 1.
        #[arg(long)]
        luck: f64,
    },
    /// Serves the simulator as one of its clients.
    #[command(hide = true)]
    Client {
        /// The store.
        address: String,
        /// A folder for what is the client's alone.
        folder: PathBuf,
        /// Whether what is synced is not.
        #[arg(long)]
        lying_disk: bool,
    },
}

/// The stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// In a file.
    Sqlite,
    /// In a database, with a replica.
    Postgres,
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "what was found is what it is run for")]
fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Client { address, folder, lying_disk } => client::serve(&address, &folder, lying_disk),
        Command::Lose { folder, luck } => {
            disk::lose(&folder, Some(luck), &mut protocol::series(0, 0)).map_err(Into::into)
        }
        Command::Run { store, operations, seed, clients, faults, lying_disk } => {
            let run = || {
                let mut simulation = Simulation::new(Place::new(store, lying_disk)?, seed, clients, faults)?;
                simulation.run(operations, |counts| println!("seed {seed}: {counts}"))
            };
            run().inspect_err(|_| {
                let name = store.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
                eprintln!("again: make torture STORE={name} SEED={seed} SERIES=1 OPERATIONS={operations}");
            })
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
