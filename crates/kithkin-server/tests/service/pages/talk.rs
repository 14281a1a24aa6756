//! Conversations on the pages: replies and why they were given, characters, needs and solutions, sub-tasks and choices.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};

use super::{check, get, is_safe, post, say, segment};
use crate::harness::{remembered, service, settings, with_chat, with_chat_that_tells};

const CHAT: &str = "/persons/ann/chat";
const QUESTION: &str = "message=Where+do+I+live%3F";

#[tokio::test]
async fn a_reply_comes_whole_or_in_pieces_with_its_why() {
    let router = with_chat(&["In Oslo [1] <script>alert(1)</script> [9].", "In Oslo [1].", "It has the <b>word</b>."]);
    say(&router, "ann", &[("2024-05-01T10:00", "I live in Oslo, in a yellow house where I live well.")]).await;
    let (status, headers, page) = post(&router, CHAT, QUESTION, &[]).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    is_safe("a reply", &headers, &page);
    for part in ["class=\"cite\"", "yellow house", "class=\"tree\"", "&lt;script&gt;", "1 reference that leads", "bm25"]
    {
        assert!(page.contains(part), "no {part}: {page}");
    }
    assert_eq!(remembered(&router, "ann").await.len(), 3);
    let (_, headers, told) = post(&router, "/persons/ann/chat/stream", "message=Where+do+I+live+now%3F", &[]).await;
    assert_eq!(headers["content-type"], "text/event-stream");
    assert!(told.starts_with("event: piece\ndata: \"In Oslo [1].\"\n\nevent: reply\ndata: \"<li class"), "{told}");
    let (_, _, page) = get(&router, CHAT).await;
    assert!(page.contains("Where do I live now?") && page.contains("/chat/why?turn="), "{page}");
    is_safe("the conversation", &headers_of_a_page(&router).await, &page);

    // The why of a reply that was given before, and a question about it.
    let why = page.split("/chat/why?").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let (status, headers, page) = get(&router, &format!("{CHAT}/why?{why}")).await;
    assert!(status == StatusCode::OK && page.contains("yellow house") && !page.contains("[9]"), "{page}");
    is_safe("the why", &headers, &page);
    let about = format!("{QUESTION}&at=2030-01-01&conversation=chat&question=Why+is+it+first%3F");
    let (_, headers, page) = post(&router, &format!("{CHAT}/why"), &about, &[]).await;
    assert!(page.contains("It has the &lt;b&gt;word&lt;&#x2f;b&gt;.") && page.contains("Why is it first?"), "{page}");
    is_safe("the answer", &headers, &page);
    let (_, _, told) = post(&router, "/persons/ann/chat/stream", "message=Hello", &[]).await;
    assert!(told.contains("event: problem") && told.contains("role=\\\"alert\\\""), "{told}");
}

async fn headers_of_a_page(router: &Router) -> HeaderMap {
    get(router, CHAT).await.1
}

#[tokio::test]
async fn without_a_chat_model_the_page_recalls() {
    let router = service(settings());
    for words in ["No chat model is configured.", "--chat-url"] {
        assert!(get(&router, CHAT).await.2.contains(words));
    }
    let (status, _, page) = post(&router, CHAT, QUESTION, &[]).await;
    assert!(status == StatusCode::OK && page.contains("Nothing is remembered of this person yet."), "{page}");
    say(&router, "ann", &[("2024-05-01T10:00", "I live in Oslo.")]).await;
    let (_, _, page) = post(&router, CHAT, QUESTION, &[]).await;
    assert!(page.contains("I live in Oslo.") && page.contains("Nothing was stored."), "{page}");
    assert_eq!(remembered(&router, "ann").await.len(), 1);
    let about = format!("{QUESTION}&at=2030-01-01&question=Why%3F");
    let (_, _, page) = post(&router, &format!("{CHAT}/why"), &about, &[]).await;
    assert!(page.contains("There is no chat model to answer this.") && page.contains("has the score"), "{page}");
    let (status, _, page) = post(&router, CHAT, "message=", &[]).await;
    assert!(status == 422 || page.contains("Nothing was found"), "{status} {page}");
    let (status, _, page) = post(&router, CHAT, "message=Hi&card=name+%3D+7", &[]).await;
    assert!(status == 422 && page.contains("the card"), "{page}");
}

#[tokio::test]
async fn a_character_is_made_kept_changed_and_talked_with() {
    let router = with_chat(&["Aye."]);
    check(&router, "/persons/ann/character", &["name=\"neuroticism\""]).await;
    let path = "/persons/ann/character";
    let form = "act=show&name=Ada+%3Cb%3E&role=A+pilot&openness=very-high&knows_until=1931-05&emoji=none";
    let (status, headers, page) = post(&router, path, form, &[]).await;
    assert!(status == StatusCode::OK && page.contains("openness = &quot;very-high&quot;"), "{page}");
    assert!(!page.contains("<b>"), "{page}");
    is_safe(path, &headers, &page);
    let (_, headers, sheet) = post(&router, path, &form.replace("show", "keep"), &[]).await;
    assert!(headers["content-disposition"].to_str().unwrap().contains("card.toml"));
    assert!(sheet.starts_with("name = \"Ada <b>\"\n") && sheet.contains("[traits]"), "{sheet}");
    let (_, _, page) = post(&router, path, &format!("act=load&card={}", segment(&sheet)), &[]).await;
    assert!(page.contains("value=\"1931-05\"") && page.contains("<option value=\"very-high\" selected>"), "{page}");
    for (form, words) in [("act=show&name=", "name is empty"), ("act=load&card=x", "the card")] {
        let (_, _, page) = post(&router, path, form, &[]).await;
        assert!(page.contains("role=\"alert\"") && page.contains(words), "{page}");
    }
    let card = segment(&sheet);
    let (_, _, page) = post(&router, "/persons/ann/chat/as", &format!("card={card}"), &[]).await;
    assert!(page.contains("You are talking with Ada &lt;b&gt;."), "{page}");
    let (status, _, page) = post(&router, CHAT, &format!("message=Ahoy&card={card}"), &[]).await;
    assert!(status == StatusCode::OK && page.contains("Aye.") && page.contains("You are talking with"), "{page}");
}

#[tokio::test]
async fn a_need_that_is_edited_changes_the_solutions() {
    let needs =
        "{\"needs\": [{\"need\": \"cheap <b>\", \"implicit\": true}, {\"need\": \"near\", \"implicit\": false}]}";
    let one = "{\"solutions\": [{\"title\": \"Walk\", \"solution\": \"Along the river.\", \"meets\": [1, 7]}]}";
    let other = "{\"solutions\": [{\"title\": \"Swim <i>\", \"solution\": \"In the sea.\", \"meets\": [1]}]}";
    let (router, asked) = with_chat_that_tells(&[needs, one, other, "no idea"]);
    say(&router, "ann", &[("2024-05-01T10:00", "I like the sea, and I live in Oslo.")]).await;
    let path = "/persons/ann/chat/needs";
    let (status, headers, page) = post(&router, path, "message=Plan+a+day", &[]).await;
    assert!(status == StatusCode::OK && page.contains("value=\"cheap &lt;b&gt;\"") && page.contains("Walk"), "{page}");
    assert!(page.contains("not said") && page.contains("name=\"place-2\" value=\"2\""), "{page}");
    is_safe(path, &headers, &page);
    let edited = "message=Plan+a+day&need-1=cheap&drop-1=on&need-2=by+the+sea&place-2=1&need-24=quiet";
    let (_, headers, page) = post(&router, path, edited, &[]).await;
    assert!(page.contains("Swim &lt;i&gt;") && !page.contains("Walk") && page.contains("value=\"quiet\""), "{page}");
    is_safe(path, &headers, &page);
    let last = asked.lock().unwrap().last().cloned().unwrap();
    assert!(last.contains("by the sea") && last.contains("quiet") && !last.contains("cheap"), "{last}");
    let (_, _, page) = post(&router, path, "message=Plan+a+day", &[]).await;
    assert!(page.contains("No needs came"), "{page}");
    let (status, _, _) = post(&router, path, "message=Plan+a+day", &[]).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert_eq!(remembered(&router, "ann").await.len(), 1, "nothing of it is remembered");
}

#[tokio::test]
async fn choices_steer_the_reply() {
    let tasks = "{\"tasks\": [{\"task\": \"How <b>\", \"options\": [\"train\", \"bus\"]}]}";
    let deeper = "{\"tasks\": [{\"task\": \"Which line\", \"options\": [\"red\", \"blue\"]}]}";
    let (router, asked) = with_chat_that_tells(&[tasks, deeper, "Take the red bus."]);
    let path = "/persons/ann/chat/tree";
    let (status, headers, page) = post(&router, path, "message=Go+home", &[]).await;
    assert!(status == StatusCode::OK && page.contains("name=\"pick-1\" value=\"bus\""), "{page}");
    is_safe(path, &headers, &page);
    let form = "message=Go+home&task-1=How&pick-1=bus&deeper=How";
    let (_, _, page) = post(&router, path, form, &[]).await;
    assert!(page.contains("name=\"pick-2\" value=\"red\"") && page.contains("Part: How"), "{page}");
    let picked = "message=Go+home&task-1=How&pick-1=bus&task-2=Which+line&own-2=red";
    let (_, _, page) = post(&router, "/persons/ann/chat/picked", picked, &[]).await;
    assert!(page.contains("Take the red bus."), "{page}");
    let last = asked.lock().unwrap().last().cloned().unwrap();
    assert!(last.contains("- How: bus") && last.contains("- Which line: red"), "{last}");
    assert!(remembered(&router, "ann").await[0].1.ends_with("- Which line: red"));
}
