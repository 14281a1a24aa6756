//! Which items of a dataset a run takes. Nothing here knows a format.

use crate::LabError;

/// How many ids an error lists.
const LISTED: usize = 20;

/// Keeps the items that were asked for, all when none were. An item is asked for by its id, or with others by a
/// beginning with a `*` after it, such as `community_0/*`.
///
/// # Errors
/// An id that is not there, or beginnings that no id has; a beginning without items is no error beside others with.
pub(crate) fn chosen<T>(items: Vec<T>, asked: &[String], id: impl Fn(&T) -> &str) -> Result<Vec<T>, LabError> {
    if asked.is_empty() {
        return Ok(items);
    }
    let means = |name: &str, item: &T| match name.strip_suffix('*') {
        Some(beginning) => id(item).starts_with(beginning),
        None => id(item) == name,
    };
    let unknown = |name: String| {
        let mut known: Vec<String> = items.iter().take(LISTED).map(|item| id(item).to_owned()).collect();
        if items.len() > LISTED {
            known.push(format!("{} more", items.len() - LISTED));
        }
        LabError::Unknown { what: "item", name, known }
    };
    let missing = |name: &&String| !name.ends_with('*') && !items.iter().any(|item| means(name, item));
    if let Some(name) = asked.iter().find(missing) {
        return Err(unknown(name.clone()));
    }
    if !items.iter().any(|item| asked.iter().any(|name| means(name, item))) {
        return Err(unknown(asked.join(", ")));
    }
    Ok(items.into_iter().filter(|item| asked.iter().any(|name| means(name, item))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &[&str], expect: Result<&[&str], &str>) {
        let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
        match (chosen(vec!["a/1", "a/2", "b/1"], &asked, |id| id), expect) {
            (Ok(kept), Ok(expect)) => assert_eq!(kept, expect, "{asked:?}"),
            (Err(error), Err(expect)) => assert!(error.to_string().contains(expect), "{error}"),
            (got, _) => panic!("{asked:?}: {got:?}"),
        }
    }

    #[test]
    fn items_are_chosen_by_id_or_beginning() {
        check(&[], Ok(&["a/1", "a/2", "b/1"]));
        check(&["b/1", "a/1"], Ok(&["a/1", "b/1"]));
        check(&["a/*"], Ok(&["a/1", "a/2"]));
        check(&["a/*", "c/*"], Ok(&["a/1", "a/2"]));
        check(&["a/*", "c/1"], Err("no item \"c/1\"; there are a/1, a/2, b/1"));
        check(&["c/*"], Err("no item \"c/*\""));
    }
}
