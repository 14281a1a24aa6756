//! `kithkin chat`: a conversation in the terminal, line by line.

use std::io::{BufRead, IsTerminal};
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Result;
use kithkin::{Card, Forget, Kithkin, Method, Now, Person, Respond, RespondReport, TurnId};

use crate::args::ChatWith;
use crate::commands::interrupt::Interrupt;
use crate::commands::{profile, recall, remember, respond};
use crate::output::{self, line};
use crate::place::{self, Place, named_method};

/// What a line that begins with `/` may say.
const COMMANDS: &str = "/why  the turns behind the last reply, with their scores\n\
    /profile  what is known of you, with the turns behind it
    /forget  erase the last message and its reply\n\
    /method NAME  recall by another method from now on\n\
    /quit  leave; so does the end of the input";

pub(super) fn run(place: &Place, args: &ChatWith) -> Result<ExitCode> {
    let method = args.method.as_deref().map(named_method).transpose()?;
    let card = place::card(args.card.as_deref())?;
    let kithkin = place.open_with_all()?;
    output::note("what you say is answered and remembered; /help lists what else there is");
    let mut talk = Talk { place, kithkin: &kithkin, args, method, card, last: None, interrupt: Interrupt::listen()? };
    let asks = std::io::stdin().is_terminal();
    let mut lines = std::io::stdin().lock().lines();
    loop {
        if asks {
            output::piece("> ")?;
        }
        talk.interrupt.rest();
        let Some(said) = lines.next().transpose()? else { break };
        talk.interrupt.work();
        if talk.hear(said.trim())?.is_break() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Talk<'a> {
    place: &'a Place,
    kithkin: &'a Kithkin,
    args: &'a ChatWith,
    method: Option<Method>,
    card: Option<Card>,
    last: Option<RespondReport>,
    interrupt: Interrupt,
}

impl Talk<'_> {
    fn person(&self) -> Person<'_> {
        self.place.person(self.kithkin, &self.args.person)
    }

    /// Answers one line. What goes wrong with it is told, and the conversation goes on; only an output that is closed
    /// ends it.
    fn hear(&mut self, said: &str) -> Result<ControlFlow<()>> {
        let (command, rest) = said.split_once(' ').unwrap_or((said, ""));
        let done = match command {
            "" => Ok(()),
            "/quit" | "/exit" => return Ok(ControlFlow::Break(())),
            "/help" => line(COMMANDS),
            "/why" => self.why(),
            "/profile" => profile::print(&self.person().profile(Now::Clock)?),
            "/forget" => self.forget(),
            "/method" => self.switch(rest.trim()),
            _ if command.starts_with('/') => {
                output::note(&format!("there is no {command}; there are\n{COMMANDS}"));
                Ok(())
            }
            _ => self.answer(said),
        };
        match done {
            Err(e) if output::is_broken_pipe(&e) => Err(e),
            Err(e) => {
                output::error(&e);
                Ok(ControlFlow::Continue(()))
            }
            Ok(()) => Ok(ControlFlow::Continue(())),
        }
    }

    fn answer(&mut self, said: &str) -> Result<()> {
        let what = Respond {
            conversation: Some(self.args.conversation.clone()),
            method: self.method.clone(),
            card: self.card.clone(),
            explain: true,
            ..Respond::new(said, Now::Clock)
        };
        self.last = None;
        let mut printed = Ok(());
        let report = self.person().respond(&what, &mut |piece| {
            printed = output::piece(piece);
            if printed.is_err() { ControlFlow::Break(()) } else { self.interrupt.flow() }
        })?;
        printed?;
        line("")?;
        respond::cited(&report)?;
        self.last = Some(report);
        remember::catch_up(&self.person())
    }

    fn why(&self) -> Result<()> {
        match &self.last {
            None => line("there is no reply yet"),
            Some(report) if report.shown.is_empty() => line("the model was shown nothing that is remembered"),
            Some(report) => recall::evidence(&report.shown, true),
        }
    }

    fn forget(&mut self) -> Result<()> {
        let Some(report) = self.last.take() else { return line("there is nothing to forget yet") };
        let turns = report.remembered.into_iter().map(TurnId::new).collect::<Result<_, _>>()?;
        let forgot = self.person().forget(&Forget::Turns(turns, Some(self.args.conversation.clone())), false)?;
        line(&format!("{} turns are erased", forgot.turns))
    }

    fn switch(&mut self, name: &str) -> Result<()> {
        let method = named_method(name)?;
        let about = method.about();
        line(&format!("{}: {}", about.id, about.title))?;
        self.method = Some(method);
        Ok(())
    }
}
