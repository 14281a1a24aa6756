//! How a stage finds its strategies: the name in a preset's table picks the type that reads the rest of the table.

use serde::de::DeserializeOwned;
use toml::Table;

use super::SpecError;
use crate::error::{near, near_text};

/// What every strategy is: its parameters, read from a preset, with defaults.
pub(crate) trait Strategy: DeserializeOwned {
    /// Checks ranges that the types cannot.
    ///
    /// # Errors
    /// The parameter, the value found and the range allowed, as a sentence.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Takes `strategy = "name"` out of a stage's table.
pub(crate) fn strategy_name(stage: &'static str, table: &mut Table, known: &[&str]) -> Result<String, SpecError> {
    let Some(toml::Value::String(name)) = table.remove("strategy") else {
        return Err(SpecError::NoStrategy { stage, known: known.join(", ") });
    };
    if known.contains(&name.as_str()) {
        return Ok(name);
    }
    let near = near(&name, known.iter().copied());
    Err(SpecError::UnknownStrategy { stage, name, near, known: known.join(", ") })
}

/// Reads the parameters of a strategy and checks their ranges.
pub(crate) fn parameters<S: Strategy>(stage: &'static str, name: &str, table: Table) -> Result<S, SpecError> {
    let wrong = |why: String| SpecError::Parameter { stage, strategy: name.to_owned(), why };
    let strategy: S = table.try_into().map_err(|e: toml::de::Error| wrong(with_near_names(e.message())))?;
    strategy.check().map_err(wrong)?;
    Ok(strategy)
}

/// The message with the names, among those that it lists, that an unknown field may stand for.
fn with_near_names(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next().filter(|_| message.starts_with("unknown field")) {
        Some(unknown) => format!("{message}{}", near_text(&near(unknown, quoted))),
        None => message.to_owned(),
    }
}

/// The registry of a stage: one line a strategy.
///
/// It makes `pub(crate) const NAMES` and `pub(crate) fn parse(table) -> Result<Box<dyn Trait>, SpecError>`.
macro_rules! strategies {
    ($stage:literal, $trait:ident: $($name:literal => $strategy:ty,)+) => {
        /// The names of this stage's strategies in presets.
        pub(crate) const NAMES: &[&str] = &[$($name),+];

        /// Binds the strategy that a preset's table names.
        pub(crate) fn parse(mut table: toml::Table) -> Result<Box<dyn $trait>, $crate::method::SpecError> {
            use $crate::method::{parameters, strategy_name};
            let name = strategy_name($stage, &mut table, NAMES)?;
            match name.as_str() {
                $($name => Ok(Box::new(parameters::<$strategy>($stage, &name, table)?)),)+
                _ => Err($crate::method::SpecError::NoStrategy { stage: $stage, known: NAMES.join(", ") }),
            }
        }
    };
}
pub(crate) use strategies;
