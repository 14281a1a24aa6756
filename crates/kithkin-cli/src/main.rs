//! The command `kithkin`: parses, runs one command, prints, and exits with 0 (done), 1 (failed) or 2 (wrong usage).

mod args;
mod commands;
mod config;
mod output;
mod place;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    match place::Place::new(cli.options).and_then(|place| commands::run(&place, cli.command)) {
        Ok(code) => code,
        Err(e) if output::is_broken_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            output::error(&e);
            ExitCode::FAILURE
        }
    }
}
