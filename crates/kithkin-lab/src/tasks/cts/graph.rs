//! The dialogue trees of REIMBURSE in the form of its authors.

use std::collections::{BTreeMap, HashMap};

use kithkin::ask::{Comparison, Condition, Dialogue, DialogueNode, NodeKind, Way};
use serde::Deserialize;

use crate::LabError;
use crate::data::Data;

/// What the authors write where no other way is taken.
const DEFAULT: &str = "DEFAULT";

#[derive(Deserialize)]
struct File {
    nodes: Vec<Entry>,
    connections: Vec<Connection>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    data: Content,
}

#[derive(Deserialize)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    raw_text: String,
    answers: Vec<Answer>,
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    raw_text: String,
}

#[derive(Deserialize)]
struct Question {
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    source: String,
    source_handle: String,
    target: String,
}

/// What a node says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) text: String,
    /// Questions that it answers.
    pub(super) questions: Vec<String>,
    /// The answers of a choice, in the order of its ways.
    pub(super) answers: Vec<String>,
}

/// A tree, with what its nodes say by their number.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) dialogue: Dialogue,
    pub(super) said: Vec<Said>,
}

/// Other words for the answers, by the answer in lower case.
pub(super) type Synonyms = BTreeMap<String, Vec<String>>;

/// Reads the tree of a part.
pub(super) fn graph(data: &mut Data, part: &str) -> Result<Graph, LabError> {
    let name = format!("{part}_graph.json");
    let file: File = data.json(&name)?;
    built(&file).map_err(|why| data.wrong(&name, why))
}

/// The questions of a part by the text and number of their node: the trees of all parts have the same nodes in the same
/// order.
pub(super) fn questions(data: &mut Data, part: &str) -> Result<Vec<Vec<String>>, LabError> {
    Ok(graph(data, part)?.said.into_iter().map(|said| said.questions).collect())
}

/// Reads the synonyms of a part.
pub(super) fn synonyms(data: &mut Data, part: &str) -> Result<Synonyms, LabError> {
    data.json(&format!("{part}_answers.json"))
}

fn built(file: &File) -> Result<Graph, String> {
    let mut entries: Vec<&Entry> = file.nodes.iter().filter(|entry| entry.data.kind != "startNode").collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    let numbers: HashMap<&str, usize> = entries.iter().map(|entry| entry.id.as_str()).zip(0..).collect();
    let number = |id: &str| {
        numbers.get(id).copied().ok_or_else(|| format!("a connection names the node {id:?}, which is not there"))
    };
    let mut ways: HashMap<(&str, &str), usize> = HashMap::new();
    let mut start = None;
    for connection in &file.connections {
        let to = number(&connection.target)?;
        if numbers.contains_key(connection.source.as_str()) {
            ways.insert((&connection.source, &connection.source_handle), to);
        } else {
            start = Some(to);
        }
    }
    let start = start.ok_or("no node of the type startNode leads to the first node")?;
    let (mut nodes, mut said) = (Vec::new(), Vec::new());
    for Entry { id, data } in entries {
        let wrong = |why: String| format!("node {id}: {why}");
        let leading =
            data.answers.iter().filter_map(|answer| Some((answer, *ways.get(&(id.as_str(), answer.id.as_str()))?)));
        let on = ways.get(&(id.as_str(), id.as_str())).map(|to| Way { to: *to, when: None });
        let (kind, ways, answers): (NodeKind, Vec<Way>, Vec<String>) = match data.kind.as_str() {
            "infoNode" => (NodeKind::Info, on.into_iter().collect(), Vec::new()),
            "userResponseNode" => {
                let (ways, answers) =
                    leading.map(|(answer, to)| (Way { to, when: None }, answer.raw_text.clone())).unzip();
                (NodeKind::Choice, ways, answers)
            }
            "userInputNode" => {
                let name = data.answers.first().and_then(|answer| answer.raw_text.split('=').next());
                let name = name.map(bare).ok_or_else(|| wrong("it asks for no variable".to_owned()))?;
                (NodeKind::Input(name), leading.take(1).map(|(_, to)| Way { to, when: None }).collect(), Vec::new())
            }
            "logicNode" => {
                let way = |(answer, to): (&Answer, usize)| Ok(Way { to, when: condition(&answer.raw_text)? });
                let ways = leading.map(way).collect::<Result<_, String>>().map_err(wrong)?;
                (NodeKind::Logic(bare(&data.raw_text)), ways, Vec::new())
            }
            other => return Err(wrong(format!("its type is {other:?}, which the task does not know"))),
        };
        nodes.push(DialogueNode { kind, ways });
        let questions = data.questions.iter().map(|question| question.text.clone()).collect();
        said.push(Said { text: data.raw_text.clone(), questions, answers });
    }
    let dialogue = Dialogue::new(nodes, start).map_err(|e| e.to_string())?;
    Ok(Graph { dialogue, said })
}

/// `{{ NAME }}` without its braces.
fn bare(text: &str) -> String {
    text.trim_matches(|c: char| c == '{' || c == '}' || c.is_whitespace()).to_owned()
}

/// `>= 8}}`, or nothing for the default.
fn condition(text: &str) -> Result<Option<Condition>, String> {
    let text = bare(text);
    let (is, value) = text.split_once(char::is_whitespace).ok_or_else(|| format!("{text:?} is no comparison"))?;
    let value = value.trim().trim_matches('"').to_owned();
    if value == DEFAULT {
        return Ok(None);
    }
    let is = match is {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        other => return Err(format!("{other:?} is no comparison")),
    };
    Ok(Some(Condition { is, value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let check = |text: &str, expect: Result<Option<(Comparison, &str)>, &str>| {
            let expect = expect.map(|of| of.map(|(is, value)| Condition { is, value: value.to_owned() }));
            assert_eq!(condition(text), expect.map_err(str::to_owned));
        };
        check("== \"DEUTSCHLAND\"}}", Ok(Some((Comparison::Equal, "DEUTSCHLAND"))));
        check(" == DEFAULT }}", Ok(None));
        check(">= 8}}", Ok(Some((Comparison::GreaterOrEqual, "8"))));
        check("=> 8}}", Err("\"=>\" is no comparison"));
        check("}}", Err("\"\" is no comparison"));
        assert_eq!(bare("{{LAND"), "LAND");
    }
}
