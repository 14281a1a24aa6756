//! What a user may type. Parsing only: nothing here opens a store.

mod consent;
mod options;
mod profile;
mod serve;
mod store;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use kithkin::import::Format;
use kithkin::{ConversationId, EventTime, PersonId, SessionId, TurnId};

pub(crate) use consent::{Consent, ConsentCommand};
pub(crate) use options::{ChatOptions, Options, TIMEOUT};
pub(crate) use profile::{CorrectEntry, Profile, ProfileCommand};
pub(crate) use serve::{AddKey, KeyArgs, KeyCommand, LOG_LEVELS, Mcp, Serve};
pub(crate) use store::{StoreArgs, StoreCommand};

/// Remembers conversations and recalls the turns that answer a question. Offline, in one file.
#[derive(Debug, Parser)]
#[command(name = "kithkin", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new store
    Init,
    /// Import conversations from a file
    Import(Import),
    /// Remember one utterance
    Remember(Remember),
    /// Find the turns that answer a question
    Recall(Recall),
    /// Say which of the turns that a recall showed were of use
    Feedback(Feedback),
    /// Make a prompt-ready block for a message: quoted, dated, cited
    Context(Context),
    /// Answer a message with what is remembered, and remember both
    Respond(Respond),
    /// Talk with a chat model that remembers
    Chat(ChatWith),
    /// List the persons
    Persons,
    /// Show a person, or one turn with all its versions
    Show(Show),
    /// List a person's turns in the order in which they were said
    Timeline(Who),
    /// List what the person's method has derived from the turns, and what of it still holds
    Memories(Memories),
    /// Show what is known of a person, with the turns behind it and what held before; correct it
    Profile(Profile),
    /// Show what a person's data may be used for; let them give or withdraw their consent
    Consent(Consent),
    /// Erase turns and all that came from them
    Forget(Forget),
    /// Look whether everything is gone of what a receipt of `forget` names
    VerifyErasure(VerifyErasure),
    /// Erase what the rules of the configuration file (`[[retention]]`) no longer keep; `serve` does so by itself
    Retention(RetentionArgs),
    /// Write a person out, lossless, as JSON lines
    Export(Export),
    /// Derive a person's memories anew, with the same method or another
    Rebuild(Rebuild),
    /// Make the vectors of the embedder in use, and drop those of others
    Reembed(Reembed),
    /// Serve over HTTP: REST, and a proxy that gives any OpenAI-compatible client a memory
    Serve(Serve),
    /// Serve one person's memory to an assistant, by the Model Context Protocol over standard input and output
    Mcp(Mcp),
    /// Make, list and remove the keys of the service
    Key(KeyArgs),
    /// List what is still to be derived, for each person
    Jobs,
    /// List what chat models were given of a person, when, for what, and what it took
    Disclosures(Disclosures),
    /// Look for duplicates, loops, secrets and gaps in a person's memory
    Audit(Who),
    /// Check store and weights by really using them
    Doctor,
    /// Verify a store, copy it, back it up, restore it, and give room back
    Store(StoreArgs),
    /// List the methods, or describe one
    Methods(Name),
    /// List the datasets that the lab knows, or describe one
    Datasets(Name),
    /// List the models, and which are there
    Models,
    /// Measure methods on a dataset
    Lab(Lab),
    /// Print a script that completes commands in a shell
    Completions(Completions),
    /// Write a page of the manual for each command
    Man(Man),
}

#[derive(Debug, Args)]
pub(crate) struct Who {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
}

#[derive(Debug, Args)]
pub(crate) struct Memories {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// What was known then, and held then [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<EventTime>,
}

#[derive(Debug, Args)]
pub(crate) struct Name {
    /// One of them
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file; - is standard input
    pub(crate) file: PathBuf,
    /// Its format: auto, locomo, longmemeval, openai, chatgpt, claude, jsonl or kithkin
    #[arg(long, default_value = "auto", value_parser = format, value_name = "FORMAT")]
    pub(crate) format: FormatArg,
    /// Whose turns they are; needed where the format does not say
    #[arg(long, value_name = "P")]
    pub(crate) person: Option<PersonId>,
    /// Only the conversation or item with this id
    #[arg(long, value_name = "ID")]
    pub(crate) select: Option<String>,
    /// When turns without a time of their own were said
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<EventTime>,
}

/// A format, or `auto`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormatArg(pub(crate) Option<Format>);

fn format(name: &str) -> Result<FormatArg, String> {
    if name == "auto" {
        return Ok(FormatArg(None));
    }
    name.parse().map(|format| FormatArg(Some(format)))
}

#[derive(Debug, Args)]
pub(crate) struct Remember {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// Who said it [default: the person]
    #[arg(long, value_name = "S")]
    pub(crate) speaker: Option<String>,
    /// In which conversation [default: notes]
    #[arg(long, value_name = "C")]
    pub(crate) conversation: Option<ConversationId>,
    /// When it was said [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<EventTime>,
    /// The words; - reads them from standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
}

#[derive(Debug, Args)]
pub(crate) struct Recall {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// The question
    pub(crate) question: String,
    /// What a turn may answer to beside the question; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) aspect: Vec<String>,
    /// A time that is taken for the present: nothing said after it is seen [default: the clock, and all of the log]
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<EventTime>,
    /// At most so many turns
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) limit: usize,
    /// The method: a name from `kithkin methods`, or a preset's file [default: the person's, else hybrid]
    #[arg(long, value_name = "M")]
    pub(crate) method: Option<String>,
    /// Print how each score came about
    #[arg(long)]
    pub(crate) explain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Feedback {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// The question that was asked
    pub(crate) question: String,
    /// The turns that were shown, best first
    #[arg(long, value_name = "ID", num_args = 1.., required = true)]
    pub(crate) shown: Vec<TurnId>,
    /// Those of them that were cited or useful [default: none]
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(crate) useful: Vec<TurnId>,
    /// The conversation of the turns, where an id is there in several
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<ConversationId>,
    /// The present that was asked in [default: the clock]
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<EventTime>,
}

#[derive(Debug, Args)]
pub(crate) struct Context {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// The message that the block is for
    pub(crate) message: String,
    /// A time that is taken for the present: nothing said after it is seen [default: the clock, and all of the log]
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<EventTime>,
    /// At most so many tokens
    #[arg(long, default_value_t = 1500, value_name = "N")]
    pub(crate) tokens: usize,
    /// The method: a name from `kithkin methods`, or a preset's file [default: the person's, else hybrid]
    #[arg(long, value_name = "M")]
    pub(crate) method: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Respond {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// What the person says
    #[arg(allow_hyphen_values = true)]
    pub(crate) message: String,
    /// The conversation that it belongs to
    #[arg(long, default_value = "chat", value_name = "C")]
    pub(crate) conversation: ConversationId,
    /// A time that is taken for the present: nothing said after it is seen [default: the clock, and all of the log]
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<EventTime>,
    /// The method: a name from `kithkin methods`, or a preset's file [default: the person's, else hybrid]
    #[arg(long, value_name = "M")]
    pub(crate) method: Option<String>,
    /// As whom the model replies: a TOML file with name, about, style, emotion, traits, knows_until
    #[arg(long, value_name = "FILE")]
    pub(crate) card: Option<PathBuf>,
    /// Who says it, where it is another speaker of the person's conversations; see the method mqdialog
    #[arg(long, value_name = "NAME")]
    pub(crate) asker: Option<String>,
    /// Another person whose turns may stand in where this one has said little, or are compared with this one's, with consent;
    /// may be given several times; see the methods pgraphrag and dpl
    #[arg(long, value_name = "P")]
    pub(crate) neighbour: Vec<PersonId>,
    /// Talk the person into something: only with their consent, and said in the reply
    #[arg(long)]
    pub(crate) persuade: bool,
    /// Remember neither the message nor the reply
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Print what the chat model would be asked, whole; ask and remember nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print which turns the model was shown, and how each score came about
    #[arg(long)]
    pub(crate) explain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ChatWith {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// The conversation that is gone on with
    #[arg(long, default_value = "chat", value_name = "C")]
    pub(crate) conversation: ConversationId,
    /// The method: a name from `kithkin methods`, or a preset's file [default: the person's, else hybrid]
    #[arg(long, value_name = "M")]
    pub(crate) method: Option<String>,
    /// As whom the model replies: a TOML file with name, about, style, emotion, traits, knows_until
    #[arg(long, value_name = "FILE")]
    pub(crate) card: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// One turn, with all its versions
    #[arg(long, value_name = "ID")]
    pub(crate) turn: Option<TurnId>,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["turn", "session", "conversation", "all"]).multiple(true)))]
pub(crate) struct Forget {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// A turn; may be given several times
    #[arg(long, value_name = "ID", conflicts_with_all = ["session", "all"])]
    pub(crate) turn: Vec<TurnId>,
    /// A session
    #[arg(long, value_name = "ID", conflicts_with = "all")]
    pub(crate) session: Option<SessionId>,
    /// A conversation; with --turn or --session, the one that has it
    #[arg(long, value_name = "ID", conflicts_with = "all")]
    pub(crate) conversation: Option<ConversationId>,
    /// Everything, the person's name included
    #[arg(long)]
    pub(crate) all: bool,
    /// Only count
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write a receipt into this file, for `verify-erasure`; it must not exist
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) receipt: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RetentionArgs {
    /// Only count
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Put a receipt for each person who loses something into this folder, for `verify-erasure`
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    pub(crate) receipts: Option<PathBuf>,
    /// The present, where it is not now
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<EventTime>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyErasure {
    /// The receipt
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// The file to write; it must not exist [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// The method [default: the person's, else hybrid]
    #[arg(long, value_name = "M")]
    pub(crate) method: Option<String>,
    /// Only say what it would take of a chat model; ask and write nothing
    #[arg(long)]
    pub(crate) estimate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Disclosures {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// Only those since then [default: all]
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<EventTime>,
}

#[derive(Debug, Args)]
pub(crate) struct Reembed {
    /// The person [default: all of the tenant]
    #[arg(long, value_name = "P")]
    pub(crate) person: Option<PersonId>,
}

#[derive(Debug, Args)]
pub(crate) struct Lab {
    #[command(subcommand)]
    pub(crate) command: LabCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LabCommand {
    /// Run a task and print its table
    Run(LabRun),
    /// Measure the committed rows again and compare
    Reproduce(LabReproduce),
}

#[derive(Debug, Args)]
pub(crate) struct LabRun {
    /// The task
    pub(crate) task: String,
    /// The data file
    #[arg(long, value_name = "PATH")]
    pub(crate) data: PathBuf,
    /// The methods, separated by commas; all runs every preset [default: hybrid]
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(crate) method: Vec<String>,
    /// Only these items of the data, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "ID,ID")]
    pub(crate) items: Vec<String>,
    /// At most so many questions of each item
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Write the table as JSON and CSV, and plots of it, into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LabReproduce {
    /// The rows [default: all]
    #[arg(value_name = "ROW")]
    pub(crate) rows: Vec<String>,
    /// The folder that holds the datasets
    #[arg(long, env = "KITHKIN_DATA", hide_env_values = true, default_value = "data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The folder of the declarations and handmade samples
    #[arg(long, default_value = "datasets", value_name = "DIR")]
    pub(crate) samples: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder to write them into; it is made where it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}
