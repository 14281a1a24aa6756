//! The bodies and queries of the REST routes. Unknown fields are refused: a misspelt option is never passed over.

use kithkin::{
    Aspect, Attachment, Change, ConversationId, Correct, EntryKind, EventTime, Feedback, Forget, Kithkin, Now,
    PersonId, Purpose, Recall, Remember, Respond, Role, SessionId, TurnId, TurnKey,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// A time as the command line takes it: `2024`, `2024-05`, `2024-05-07`, `2024-05-07T13:56`, with or without an offset.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(value_type = String, examples("2024-05-07T13:56:00Z"))]
#[serde(try_from = "String")]
pub(crate) struct Time(EventTime);

impl TryFrom<String> for Time {
    type Error = kithkin::InvalidTime;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

fn moment(time: Option<Time>) -> Now {
    time.map_or(Now::Clock, |Time(at)| Now::At(at))
}

/// Turns to be remembered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTurns {
    /// The turns, in the order in which they were said; all are written down, or none.
    #[schema(max_items = 10000)]
    pub(crate) turns: Vec<NewTurn>,
}

/// A turn to be remembered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTurn {
    /// The words, verbatim.
    pub(crate) text: String,
    /// Its name within the conversation; by default it follows from content and time.
    pub(crate) id: Option<TurnId>,
    /// The conversation; by default `notes`.
    pub(crate) conversation: Option<ConversationId>,
    /// The sitting; by default the day on which it was said.
    pub(crate) session: Option<SessionId>,
    /// Who said it; by default the person, and of another role, its name.
    pub(crate) speaker: Option<String>,
    /// The part that the speaker plays; by default `user`.
    #[serde(default)]
    pub(crate) role: Role,
    /// When it was said; by default now.
    pub(crate) said_at: Option<Time>,
    /// What came with it.
    #[serde(default)]
    pub(crate) attachments: Vec<Attachment>,
}

impl NewTurns {
    /// What is to be written down. With an idempotency key, turns without an id have one that follows from the key, their
    /// place and their words: then the same request sent again later, at another time, is the same.
    pub(crate) fn remember(self, key: Option<&str>) -> Result<Vec<Remember>, Problem> {
        if self.turns.is_empty() || self.turns.len() > 10_000 {
            let detail = format!("turns has {} items; send 1 to 10000 at once", self.turns.len());
            return Err(Problem::input(detail));
        }
        let named = |(place, turn): (usize, NewTurn)| {
            let id = match (turn.id, key) {
                (None, Some(key)) => Some(keyed(key, place, &turn.text)?),
                (id, _) => id,
            };
            Ok(Remember {
                text: turn.text,
                attachments: turn.attachments,
                speaker: turn.speaker,
                role: turn.role,
                conversation: turn.conversation,
                session: turn.session,
                id,
                at: moment(turn.said_at),
            })
        };
        self.turns.into_iter().enumerate().map(named).collect()
    }
}

fn keyed(key: &str, place: usize, text: &str) -> Result<TurnId, Problem> {
    let mut hasher = blake3::Hasher::new();
    for part in [key, &place.to_string(), text] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    Ok(TurnId::new(format!("k-{}", &hasher.finalize().to_hex()[..32]))?)
}

/// A question to the memory.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecallRequest {
    /// The question.
    pub(crate) question: String,
    /// Further queries that a turn may answer to.
    #[serde(default)]
    pub(crate) aspects: Vec<AspectRequest>,
    /// A time that is taken for the present: nothing said after it is seen. By default the clock, and all of the log is seen.
    pub(crate) now: Option<Time>,
    /// At most so many turns come back; 10 by default, 1000 at most.
    #[schema(maximum = 1000)]
    pub(crate) limit: Option<usize>,
    /// How to search; by default the method that the person is bound to.
    pub(crate) method: Option<String>,
    /// Whether each turn comes with the whole tree of its score.
    #[serde(default)]
    pub(crate) explain: bool,
}

/// A further query.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AspectRequest {
    /// Its words.
    text: String,
    /// How much it counts, where the question counts 1; 1 by default, 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    weight: Option<f32>,
}

impl RecallRequest {
    pub(crate) fn recall(self) -> Result<Recall, Problem> {
        let limit = self.limit.unwrap_or(10);
        if limit > 1_000 {
            return Err(Problem::input(format!("limit is {limit}; at most 1000 turns come back")));
        }
        let aspect = |a: AspectRequest| Aspect { text: a.text, weight: a.weight.unwrap_or(1.0) };
        Ok(Recall {
            aspects: self.aspects.into_iter().map(aspect).collect(),
            limit,
            method: self.method.as_deref().map(Kithkin::method).transpose()?,
            explain: self.explain,
            ..Recall::new(self.question, moment(self.now))
        })
    }
}

/// A message for which a block of memories is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContextRequest {
    /// The message.
    pub(crate) message: String,
    /// Tokens that the block takes at most; 1500 by default.
    pub(crate) tokens: Option<usize>,
    /// The present; by default the clock.
    pub(crate) now: Option<Time>,
    /// How to search; by default the method that the person is bound to.
    pub(crate) method: Option<String>,
}

impl ContextRequest {
    pub(crate) fn recall(self) -> Result<Recall, Problem> {
        let method = self.method.as_deref().map(Kithkin::method).transpose()?;
        Ok(Recall { method, ..Recall::new(self.message, moment(self.now)) })
    }
}

/// A message that is to be answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RespondRequest {
    /// The message.
    pub(crate) message: String,
    /// The conversation; by default `chat`.
    pub(crate) conversation: Option<ConversationId>,
    /// The present; by default the clock.
    pub(crate) now: Option<Time>,
    /// How to recall and to compose; by default the method that the person is bound to.
    pub(crate) method: Option<String>,
    /// Who says it, where it is not the person: a speaker of their conversations, for methods that make a difference of it.
    pub(crate) asker: Option<String>,
    /// Others of the tenant whose turns may stand in or be compared, with methods that do so; all have to have consented.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub(crate) neighbours: Vec<PersonId>,
    /// Whether the reply is to talk the person into something; policy and person have to allow it, and the reply says so.
    #[serde(default)]
    pub(crate) persuade: bool,
    /// At most so many turns of the conversation go to the model; 20 by default.
    pub(crate) history: Option<usize>,
    /// At most so many tokens come back; 800 by default.
    pub(crate) max_tokens: Option<u32>,
    /// How freely the model chooses among likely words, 0 to 2; 0.3 by default.
    #[schema(minimum = 0, maximum = 2)]
    pub(crate) temperature: Option<f64>,
    /// Whether message and reply are remembered; by default they are.
    pub(crate) remember: Option<bool>,
    /// Whether each recalled turn comes with the whole tree of its score.
    #[serde(default)]
    pub(crate) explain: bool,
    /// Whether the reply comes piece by piece, as server-sent events: `piece` with a JSON string, then `reply` with the
    /// report, or `problem`.
    #[serde(default)]
    pub(crate) stream: bool,
}

impl RespondRequest {
    pub(crate) fn respond(self) -> Result<Respond, Problem> {
        if self.neighbours.len() > 1_000 {
            return Err(Problem::input(format!("neighbours has {} items; at most 1000", self.neighbours.len())));
        }
        let plain = Respond::new(self.message, moment(self.now));
        let temperature = self.temperature.unwrap_or(plain.temperature);
        if !(0.0..=2.0).contains(&temperature) {
            return Err(Problem::input(format!("temperature is {temperature}; it must lie within 0 and 2")));
        }
        Ok(Respond {
            conversation: self.conversation,
            method: self.method.as_deref().map(Kithkin::method).transpose()?,
            asker: self.asker,
            neighbours: self.neighbours,
            persuade: self.persuade,
            history: self.history.unwrap_or(plain.history),
            max_tokens: self.max_tokens.unwrap_or(plain.max_tokens),
            temperature,
            remember: self.remember.unwrap_or(plain.remember),
            explain: self.explain,
            ..plain
        })
    }
}

/// What is to be erased: exactly one of turns, session, conversation and all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgetRequest {
    /// Turns by id.
    pub(crate) turns: Option<Vec<TurnId>>,
    /// A sitting by id.
    pub(crate) session: Option<SessionId>,
    /// A conversation by id; with turns or a session, the one that they are in.
    pub(crate) conversation: Option<ConversationId>,
    /// Everything, the person's name included.
    #[serde(default)]
    pub(crate) all: bool,
    /// Whether it is only counted.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// Whether the answer has a receipt, by which `kithkin verify-erasure` looks later whether all is gone. It belongs to the
    /// one who asked.
    #[serde(default)]
    pub(crate) receipt: bool,
}

impl ForgetRequest {
    pub(crate) fn forget(self) -> Result<Forget, Problem> {
        match (self.turns, self.session, self.conversation, self.all) {
            (Some(turns), None, within, false) if !turns.is_empty() => Ok(Forget::Turns(turns, within)),
            (None, Some(session), within, false) => Ok(Forget::Session(session, within)),
            (None, None, Some(conversation), false) => Ok(Forget::Conversation(conversation)),
            (None, None, None, true) => Ok(Forget::All),
            _ => Err(Problem::input("name exactly one of turns, session, conversation and all")),
        }
    }
}

/// A change of the profile by the person: exactly one of value, confirm and reject.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectRequest {
    /// What the entry is about, as the profile names it.
    pub(crate) topic: String,
    /// The value that holds.
    pub(crate) value: Option<String>,
    /// What a new entry is.
    pub(crate) kind: Option<EntryKind>,
    /// Whether the value holds that is there.
    #[serde(default)]
    pub(crate) confirm: bool,
    /// Whether the value that is there is not so.
    #[serde(default)]
    pub(crate) reject: bool,
    /// A part of the value that is meant, where several entries are about this.
    pub(crate) which: Option<String>,
    /// Of whom the entry is.
    pub(crate) about: Option<String>,
}

impl CorrectRequest {
    pub(crate) fn correct(self) -> Result<Correct, Problem> {
        let change = match (self.value, self.confirm, self.reject) {
            (Some(value), false, false) => Change::Edit { value, kind: self.kind },
            (None, true, false) => Change::Confirm,
            (None, false, true) => Change::Reject,
            _ => return Err(Problem::input("give exactly one of value, confirm and reject")),
        };
        Ok(Correct { topic: self.topic, value: self.which, about: self.about, change, at: Now::Clock })
    }
}

/// What a person says of a purpose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentRequest {
    /// The purpose.
    pub(crate) purpose: Purpose,
    /// Whether they agree to it.
    pub(crate) given: bool,
}

/// What a recall showed, and what of it was of use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedbackRequest {
    /// The question that was asked.
    pub(crate) question: String,
    /// The present that it was asked in; by default the clock.
    pub(crate) now: Option<Time>,
    /// The turns that were shown, best first.
    pub(crate) shown: Vec<TurnName>,
    /// Those of them that were of use.
    #[serde(default)]
    pub(crate) useful: Vec<TurnName>,
}

/// A turn by its name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TurnName {
    /// Its conversation.
    conversation: ConversationId,
    /// Its id within it.
    turn: TurnId,
}

impl FeedbackRequest {
    pub(crate) fn feedback(self) -> Feedback {
        let keys = |names: Vec<TurnName>| {
            names.into_iter().map(|name| TurnKey { conversation: name.conversation, turn: name.turn }).collect()
        };
        Feedback { question: self.question, now: moment(self.now), shown: keys(self.shown), useful: keys(self.useful) }
    }
}

/// The method that memories are derived with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RebuildRequest {
    /// A name from `/v1/methods`; by default the one that the person is bound to, as it is now.
    pub(crate) method: Option<String>,
}

/// A time to look back from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOf {
    /// What is known from what was said by then; by default now.
    #[param(value_type = Option<String>)]
    as_of: Option<Time>,
}

impl AsOf {
    pub(crate) fn now(&self) -> Now {
        moment(self.as_of)
    }
}

/// A time to look from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Since {
    /// Only what came then or later.
    #[param(value_type = Option<String>)]
    since: Option<Time>,
}

impl Since {
    pub(crate) fn time(&self) -> Option<EventTime> {
        self.since.map(|Time(at)| at)
    }
}

/// A part of the list of persons.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// At most so many items; 100 by default, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The `next` of the part before.
    cursor: Option<String>,
}

impl Page {
    /// The part behind a cursor, of the usual length.
    pub(crate) fn behind(cursor: Option<String>) -> Self {
        Self { limit: None, cursor }
    }

    pub(crate) fn range(self) -> Result<(Option<PersonId>, usize), Problem> {
        Ok((self.cursor.map(PersonId::new).transpose()?, within_a_page(self.limit)?))
    }
}

/// A part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Turns {
    /// At most so many turns; 100 by default, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The `next` of the part before.
    cursor: Option<u64>,
}

impl Turns {
    pub(crate) fn range(&self) -> Result<(u64, usize), Problem> {
        Ok((self.cursor.unwrap_or(0), within_a_page(self.limit)?))
    }
}

fn within_a_page(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(100) {
        limit @ 1..=1_000 => Ok(limit),
        limit => Err(Problem::input(format!("limit is {limit}; it must lie within 1 and 1000"))),
    }
}

/// How an import is to be read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportParams {
    /// Whose turns they are; formats that name the person themselves do not need it.
    pub(crate) person: Option<String>,
    /// The format; recognised by content where it is not given.
    pub(crate) format: Option<String>,
    /// Only the conversation or item with this id.
    pub(crate) select: Option<String>,
}
