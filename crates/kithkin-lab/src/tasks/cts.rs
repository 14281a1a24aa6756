//! Conversational tree search: is a person brought to what they want to know, and shown little else?
//!
//! A dialogue tree of 123 nodes about the reimbursement of travel, in German. A simulated person has a goal, a node of the
//! tree, and says something; the policy shows nodes or passes them by, the person answers what is shown, and the dialogue
//! ends when the goal is shown, after 50 nodes, or when the same one is shown for the fourth time, as in the paper.
//!
//! In *free* dialogues the person asks a question that the goal answers. What the nodes say, and the questions of the
//! training part, are the turns of a person of the store; recalling the question orders the nodes, and the walk looks
//! for them in that order. In *guided* ones they answer the opening question and want every node on their way: nothing is
//! passed by. Which of the two it is is recalled as well, by whether a node or an answer of the opening question comes
//! first. Answers are other words for those of the tree, and are read as yes or no, or else by a recall among the answers
//! of the node.
//!
//! `*_success` is the share of goals that were shown; `*_shown` the nodes that were shown, the opening question included
//! and the goal as well. `full_*` is the free person taken through the tree with nothing passed by, and `way_shown` the
//! same where every answer is read rightly, so that the goal is always reached. `found@1` is the share of questions
//! whose goal is recalled first, and `mode` that of dialogues whose kind was told, `read` that of answers read rightly.

mod graph;
mod person;

use std::sync::Arc;

use kithkin::ask::{NodeKind, Walk, yes_or_no};
use kithkin::{ConversationId, Embedder, Method, Now, Recall, Role, Scope, SessionId, SessionRef};

use self::graph::{Graph, Synonyms};
use self::person::{Goal, drawn};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::memo::Memo;
use crate::persons::{CONVERSATION, Persons, Said};
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "cts",
    datasets: &["cts"],
    strategies: &[],
    about: "is a person brought through a dialogue tree to what they want to know, and shown little else?",
    headline: &[
        "free_success",
        "free_shown",
        "way_shown",
        "full_success",
        "full_shown",
        "guided_success",
        "mode",
        "found@1",
    ],
    run,
};

/// The parts of the data; what is said to the policy comes from one of them.
const PARTS: [&str; 2] = ["train", "test"];
/// The part that the policy knows.
const KNOWN: &str = "train";
/// Nodes shown at most.
const MOST: usize = 50;
/// How often a person lets the same node be shown.
const PATIENCE: usize = 3;
/// Turns recalled of the nodes, and of the answers of one.
const RECALLED: usize = 100;
/// The share of what is likely that must lie behind one answer for its question to be passed by.
const SURE: f64 = 0.4;
/// How fast likelihood falls with the place in the recall.
const FALL: f64 = 3.0;

/// How a dialogue begins.
struct Opening<'a> {
    goal: &'a Goal,
    said: String,
    /// Whether it is a question, and not an answer to the opening question.
    free: bool,
}

/// What the policy knows, as turns of persons, and what is said to it.
struct Part {
    name: String,
    graph: Graph,
    nodes: Scope,
    answers: Scope,
    /// Questions by the node that answers them.
    questions: Vec<Vec<String>>,
    synonyms: Synonyms,
}

/// What becomes of the opening question, which stands there before anything is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    /// What was said first is taken for its answer.
    Answered,
    /// It is answered like any other.
    Put,
    /// What was said first is taken for a question; where the opening question is put after all, it is shown again.
    Passed,
}

/// How a dialogue went.
#[derive(Default)]
struct Went {
    success: bool,
    shown: usize,
    /// Of each answer, whether it was read rightly.
    read: Vec<bool>,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("cts", &setup.data);
    let wanted = if setup.items.is_empty() { vec!["test"] } else { chosen(PARTS.to_vec(), &setup.items, |part| part)? };
    let embedder = setup.embedder.as_ref().map(|inner| Arc::new(Memo::new(Arc::clone(inner))) as Arc<dyn Embedder>);
    let setup = Setup { embedder, ..setup.clone() };
    let mut persons = Persons::new(&setup)?;
    let parts = wanted.into_iter().map(|part| read(&mut data, part, &mut persons)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, &setup)?;
        rows.push(measure(&persons, method, &parts, built, &setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(parts.len()), rows })
}

/// Reads a part. On the known part every second question and synonym is said, and the others are known.
fn read(data: &mut Data, part: &str, persons: &mut Persons) -> Result<Part, LabError> {
    let graph = graph::graph(data, KNOWN)?;
    let known = graph::synonyms(data, KNOWN)?;
    let split = |texts: &[String], said: bool| -> Vec<String> {
        let of = texts.iter().enumerate().filter(|(n, _)| part != KNOWN || (n % 2 == 1) == said);
        of.map(|(_, text)| text.clone()).collect()
    };
    let (questions, synonyms) = if part == KNOWN {
        let questions = graph.said.iter().map(|said| split(&said.questions, true)).collect();
        (questions, known.iter().map(|(answer, words)| (answer.clone(), split(words, true))).collect())
    } else {
        (graph::questions(data, part)?, graph::synonyms(data, part)?)
    };
    let (mut nodes, mut answers) = (Vec::new(), Vec::new());
    for (node, said) in graph.said.iter().enumerate() {
        if !matches!(graph.dialogue.nodes()[node].kind, NodeKind::Logic(_)) {
            nodes.push((format!("n{node}"), said.text.clone()));
        }
        nodes.extend(split(&said.questions, false).into_iter().map(|question| (format!("n{node}"), question)));
        for (way, answer) in said.answers.iter().enumerate() {
            let words = known.get(&answer.to_lowercase()).map(|words| split(words, false)).unwrap_or_default();
            let own: Vec<(String, String)> =
                [answer.clone()].into_iter().chain(words).map(|text| (reply(node, way), text)).collect();
            if node == graph.dialogue.start() {
                nodes.extend(own.clone());
            }
            answers.extend(own);
        }
    }
    let nodes = observe(persons, &format!("{part} nodes"), &nodes)?;
    let answers = observe(persons, &format!("{part} answers"), &answers)?;
    Ok(Part { name: part.to_owned(), graph, nodes, answers, questions, synonyms })
}

/// The session of an answer.
fn reply(node: usize, way: usize) -> String {
    format!("a{node}.{way}")
}

/// Observes texts, each in the session of what it stands for.
fn observe(persons: &mut Persons, person: &str, texts: &[(String, String)]) -> Result<Scope, LabError> {
    let ids: Vec<String> = (0..texts.len()).map(|n| format!("t{n}")).collect();
    let said = texts.iter().zip(&ids).map(|((session, text), id)| {
        // A name that no text holds: names of speakers are left out of what is looked up.
        Said { id, session, speaker: "S1", role: Role::User, at: None, text }
    });
    persons.observe(person, &said.collect::<Vec<_>>())
}

fn measure(
    persons: &Persons,
    method: &Method,
    parts: &[Part],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let mut board = Board::default();
    for part in parts {
        let goals = person::goals(&part.graph.dialogue);
        let openings = openings(part, &goals, setup.limit, &mut board);
        for (done, opening) in (0..).zip(&openings) {
            let name = format!("{}/{done}", part.name);
            let policy = Policy { persons, method, part };
            let (likely, guided, first) = policy.understood(&opening.said, &mut board)?;
            let walk = Walk::new(&part.graph.dialogue, likely, SURE);
            let first_put = if guided { First::Answered } else { First::Passed };
            let went = policy.walked(walk, opening, first_put, &name, &mut board)?;
            let figure = |right: bool| f64::from(u8::from(right));
            let mut scores = vec![("mode".to_owned(), figure(guided != opening.free))];
            let kind = if opening.free { "free" } else { "guided" };
            went.note(kind, &mut scores);
            if opening.free {
                scores.push(("way_shown".to_owned(), opening.goal.shown as f64));
                scores.push(("found@1".to_owned(), figure(first == Some(opening.goal.node))));
                let walk = Walk::new(&part.graph.dialogue, Vec::new(), SURE);
                policy.walked(walk, opening, First::Put, &name, &mut board)?.note("full", &mut scores);
            }
            board.question(&[kind], &scores);
            (setup.progress)(method.about().id.as_str(), done + 1, openings.len() as u64);
        }
    }
    Ok(board.row(method.about().id.as_str(), built))
}

impl Went {
    fn note(&self, kind: &str, scores: &mut Vec<(String, f64)>) {
        scores.push((format!("{kind}_success"), f64::from(u8::from(self.success))));
        scores.push((format!("{kind}_shown"), self.shown as f64));
        if self.success {
            scores.push((format!("{kind}_shown_to_success"), self.shown as f64));
        }
        let read = self.read.iter().filter(|right| **right).count() as f64 / self.read.len() as f64;
        if !self.read.is_empty() {
            scores.push((format!("{kind}_read"), read));
        }
    }
}

/// The dialogues of a part: one for each question, and one for each node but the first.
fn openings<'a>(part: &Part, goals: &'a [Option<Goal>], limit: Option<usize>, board: &mut Board) -> Vec<Opening<'a>> {
    let (dialogue, said) = (&part.graph.dialogue, &part.graph.said);
    let (mut free, mut guided) = (Vec::new(), Vec::new());
    for (node, goal) in goals.iter().enumerate().filter(|(node, _)| *node != dialogue.start()) {
        let asked = part.questions.get(node).map(Vec::as_slice).unwrap_or_default();
        let Some(goal) = goal else {
            board.skip("no way leads to the goal", asked.len() + 1);
            continue;
        };
        free.extend(asked.iter().map(|said| Opening { goal, said: said.clone(), free: true }));
        if !matches!(dialogue.nodes()[node].kind, NodeKind::Logic(_)) {
            let way = goal.answer(dialogue, dialogue.start(), "");
            let answer = way.and_then(|way| said[dialogue.start()].answers.get(way));
            let said = answer.map(|answer| part.words(answer, &format!("opening {node}")));
            guided.extend(said.map(|said| Opening { goal, said, free: false }));
        }
    }
    let most = limit.unwrap_or(usize::MAX);
    free.into_iter().take(most).chain(guided.into_iter().take(most)).collect()
}

impl Part {
    /// Other words for an answer.
    fn words(&self, answer: &str, name: &str) -> String {
        let words = self.synonyms.get(&answer.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        words.get(drawn(name, words.len())).cloned().unwrap_or_else(|| answer.to_owned())
    }
}

/// What decides: a method of recall over what is known.
struct Policy<'a> {
    persons: &'a Persons,
    method: &'a Method,
    part: &'a Part,
}

impl Policy<'_> {
    /// The sessions that a text recalls, the best first, each once.
    fn recalled(
        &self,
        scope: &Scope,
        text: &str,
        within: &[String],
        board: &mut Board,
    ) -> Result<Vec<String>, LabError> {
        let conversation = ConversationId::new(CONVERSATION).map_err(kithkin::Error::from)?;
        let session = |name: &String| {
            let session = SessionId::new(name.clone()).map_err(kithkin::Error::from)?;
            Ok(SessionRef { conversation: conversation.clone(), session })
        };
        let recall = Recall {
            method: Some(self.method.clone()),
            within: within.iter().map(session).collect::<Result<_, kithkin::Error>>()?,
            limit: RECALLED,
            ..Recall::new(text, Now::Clock)
        };
        let report = self.persons.ask(scope, &recall, board)?;
        let mut sessions: Vec<String> = Vec::new();
        for evidence in report.evidence {
            if !sessions.contains(&evidence.session) {
                sessions.push(evidence.session);
            }
        }
        Ok(sessions)
    }

    /// How likely each node is what the text is after, whether it rather answers the opening question, in which case no
    /// node is likely, and the node that is recalled first.
    fn understood(&self, said: &str, board: &mut Board) -> Result<(Vec<f64>, bool, Option<usize>), LabError> {
        let sessions = self.recalled(&self.part.nodes, said, &[], board)?;
        let guided = sessions.first().is_some_and(|session| session.starts_with('a'));
        let nodes = sessions.iter().filter_map(|session| session.strip_prefix('n')?.parse::<usize>().ok());
        let nodes: Vec<usize> = nodes.collect();
        let mut likely = vec![0.0; self.part.graph.said.len()];
        for (node, place) in nodes.iter().zip(1..).filter(|_| !guided) {
            likely[*node] = f64::from(place).powf(-FALL);
        }
        Ok((likely, guided, nodes.first().copied()))
    }

    /// Walks with a person until their goal is shown or they give up.
    fn walked(
        &self,
        mut walk: Walk<'_>,
        opening: &Opening<'_>,
        first: First,
        name: &str,
        board: &mut Board,
    ) -> Result<Went, LabError> {
        let Part { graph, .. } = self.part;
        let mut went = Went { shown: 1, ..Went::default() };
        let mut times = vec![0usize; graph.said.len()];
        while let Some(at) = walk.next_node() {
            let is_opening = first != First::Passed && at == graph.dialogue.start() && times[at] == 0;
            went.shown += usize::from(!is_opening);
            times[at] += 1;
            went.success = at == opening.goal.node;
            if went.success || went.shown >= MOST || times[at] > PATIENCE {
                break;
            }
            match &graph.dialogue.nodes()[at].kind {
                NodeKind::Input(variable) => walk.tell(opening.goal.value(variable)),
                NodeKind::Choice => {
                    let Some(meant) = opening.goal.answer(&graph.dialogue, at, name) else { break };
                    let said = if is_opening && first == First::Answered {
                        opening.said.clone()
                    } else {
                        self.part.words(&graph.said[at].answers[meant], &format!("{name}/{at}"))
                    };
                    let read = self.read(at, &said, board)?;
                    went.read.push(read == meant);
                    walk.answer(read);
                }
                NodeKind::Info | NodeKind::Logic(_) => {}
            }
        }
        Ok(went)
    }

    /// The number of the answer that a reply means: the first where none is recalled.
    fn read(&self, node: usize, said: &str, board: &mut Board) -> Result<usize, LabError> {
        let answers = &self.part.graph.said[node].answers;
        let yes_no = yes_or_no(said).map(|yes| answers.iter().position(|answer| yes_or_no(answer) == Some(yes)));
        if let Some(read) = yes_no.flatten() {
            return Ok(read);
        }
        let within: Vec<String> = (0..answers.len()).map(|way| reply(node, way)).collect();
        let sessions = self.recalled(&self.part.answers, said, &within, board)?;
        Ok(sessions.first().and_then(|best| within.iter().position(|session| session == best)).unwrap_or(0))
    }
}
