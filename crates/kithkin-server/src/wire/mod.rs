//! What requests say. What answers say is the facade's reports, in the JSON form that the command prints as well.

mod dialogue;
mod events;
mod requests;

pub(crate) use dialogue::{ChatBody, Dialect};
pub(crate) use events::ServerEvent;
pub(crate) use requests::{
    AsOf, ConsentRequest, ContextRequest, CorrectRequest, FeedbackRequest, ForgetRequest, ImportParams, NewTurns, Page,
    RebuildRequest, RecallRequest, RespondRequest, Since, Turns,
};
