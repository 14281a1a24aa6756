//! One small file a format, made up for these tests, with the odd cases of the format in it.

/// Session 10 comes before session 2, session 3 has no date, one turn has no id.
pub(super) const LOCOMO: &str = r#"[
  {"qa": [{"question": "?"}], "conversation": {
    "speaker_a": "Ann", "speaker_b": "Bo",
    "session_10_date_time": "12:09 am on 2 June, 2024",
    "session_10": [{"speaker": "Bo", "dia_id": "D10:1", "text": "Late!"}],
    "session_2_date_time": "1:56 pm on 8 May, 2024",
    "session_2": [
      {"speaker": "Ann", "dia_id": "D2:1", "text": "Look", "img_url": ["u1", "u2"], "blip_caption": "a dog"},
      {"speaker": "Bo", "text": "Nice"}],
    "session_3": [{"speaker": "Ann", "dia_id": "D3:1", "text": "When?"}]},
   "sample_id": "talk-1"},
  {"sample_id": "talk-2", "conversation": {"session_1_date_time": "noon", "session_1": []}}
]"#;

/// The session s1 comes three times, the second time as it was, the third time with other words.
pub(super) const LONGMEMEVAL: &str = r#"[{
  "question_id": "q1", "question": "?", "question_date": "2024/05/01 (Wed) 10:00",
  "haystack_session_ids": ["s1", "s2", "s1", "s1"],
  "haystack_dates": ["2024/03/01 (Fri) 02:21", "2024/03/02 (Sat) 02:21", "2024/03/01 (Fri) 02:21", "2024/03/01 (Fri) 02:21"],
  "haystack_sessions": [
    [{"role": "user", "content": "Hi", "has_answer": true}, {"role": "assistant", "content": "Hello"}],
    [{"role": "user"}],
    [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
    [{"role": "user", "content": "Other"}]]
}]"#;

pub(super) const OPENAI_LINES: &str = r#"{"id": "c1", "user": "ann", "created": 1700000000, "messages": [{"role": "system", "content": "Be kind"}, {"role": "user", "name": "Ann", "content": [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "http://x/y.png"}}]}, {"role": "assistant", "content": null, "tool_calls": []}, {"role": "tool", "content": "42"}]}
{"messages": [{"role": "user", "content": "cut
{"user": "ann", "messages": [{"role": "judge", "content": "x"}, {"role": "user", "content": "No time", "created_at": null}]}
{"user": "ann", "text": "x"}
"#;

pub(super) const OPENAI_ARRAY: &str = r#"[
  {"role": "user", "content": "One"},
  {"role": "assistant", "content": "Two", "timestamp": "2024-03-01T10:22:00Z"},
  {"role": "user", "content": "  "},
  {"role": "user", "content": 3},
  {"role": "user", "content": "Four"}
]"#;

/// The answer was asked for twice (a2 is what is seen), one message has no time, one is hidden, one calls a tool.
pub(super) const CHATGPT: &str = r#"[{
  "title": "Dogs", "create_time": 1709287200.5, "mapping": {
    "root": {"id": "root", "message": null, "parent": null, "children": ["s"]},
    "s": {"id": "s", "message": {"author": {"role": "system"}, "content": {"content_type": "text", "parts": [""]},
      "metadata": {"is_visually_hidden_from_conversation": true}}, "parent": "root", "children": ["u1"]},
    "u1": {"id": "u1", "message": {"author": {"role": "user"}, "create_time": 1709287260, "content":
      {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "file-1"}, "A dog?"]},
      "metadata": {"attachments": [{"name": "d.png", "mimeType": "image/png"}, {"name": "d.pdf", "mime_type": "application/pdf"}]}},
      "parent": "s", "children": ["a1", "a2"]},
    "a1": {"id": "a1", "message": {"author": {"role": "assistant"}, "create_time": 1709287270,
      "content": {"content_type": "text", "parts": ["A cat"]}}, "parent": "u1", "children": []},
    "a2": {"id": "a2", "message": {"author": {"role": "assistant"}, "create_time": null, "recipient": "all",
      "content": {"content_type": "text", "parts": ["A ", "dog"]}}, "parent": "u1", "children": ["t"]},
    "t": {"id": "t", "message": {"author": {"role": "assistant"}, "recipient": "python",
      "content": {"content_type": "code", "text": "1+1"}}, "parent": "a2", "children": ["v"]},
    "v": {"id": "v", "message": {"author": {"role": "user"}, "create_time": 1709373660, "content": {"content_type": "multimodal_text",
      "parts": [{"content_type": "audio_transcription", "text": "Spoken"}, {"content_type": "audio_asset_pointer", "asset_pointer": "file-2"}]}},
      "parent": "t", "children": ["n"]},
    "n": {"id": "n", "message": {"author": {"role": "user"}, "content": {"content_type": "hologram"}}, "parent": "v", "children": []}
  }, "current_node": "n", "conversation_id": "cg1"},
  {"title": "No id", "mapping": {}},
  {"title": "Circle", "id": "cg2", "mapping": {
    "x": {"message": {"author": {"role": "user"}, "create_time": 1709287260, "content": {"parts": ["Round"]}}, "parent": "x"}}},
  {"title": "Orphan", "id": "cg3", "current_node": "y", "mapping": {
    "y": {"message": {"author": {"role": "user"}, "create_time": 1709287260, "content": {"parts": ["Alone"]}}, "parent": "gone"}}}
]"#;

pub(super) const CLAUDE: &str = r#"[
  {"uuid": "cl1", "name": "Trip", "created_at": "2024-03-01T10:00:00.000000Z", "account": {"uuid": "x"}, "chat_messages": [
    {"uuid": "m1", "sender": "human", "text": "Where?", "created_at": "2024-03-01T10:22:33.5Z",
     "attachments": [{"file_name": "", "extracted_content": "pasted"}], "files": [{"file_name": "map.png", "file_kind": "image"}]},
    {"uuid": "m2", "sender": "assistant", "text": "flat", "created_at": "2024-03-01T16:22:34+00:00",
     "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Rome"}, {"type": "tool_use"}]},
    {"uuid": "m3", "sender": "human", "text": "Thanks"},
    {"sender": "human", "text": "Nameless"},
    {"uuid": "m4", "sender": "assistant", "content": [{"type": "tool_use"}], "text": "not supported"}]},
  {"uuid": "cl2", "name": "Edited", "created_at": "2024-03-01T10:00:00Z", "chat_messages": [
    {"uuid": "e1", "sender": "human", "text": "Old", "created_at": "2024-03-01T10:01:00Z",
     "parent_message_uuid": "00000000-0000-4000-8000-000000000000"},
    {"uuid": "e2", "sender": "human", "text": "New", "created_at": "2024-03-01T10:02:00Z",
     "parent_message_uuid": "00000000-0000-4000-8000-000000000000"},
    {"uuid": "e3", "sender": "assistant", "text": "Yes", "created_at": "2024-03-01T10:03:00Z", "parent_message_uuid": "e2"}]}
]"#;

pub(super) const JSONL: &str = r#"{"person": "bo", "conversation": "c", "session": "s", "id": "1", "speaker": "Bo", "role": "user", "said_at": "2024-03-01", "text": "Hi", "attachments": [{"kind": "image", "caption": "a cat"}]}
{"text": "ok", "said_at": null}

{"text": "ok", "said_at": null}
{"text": "no time"}
{"text": "later", "said_at": "2031-01-01"}
{"text": "before", "said_at": "0000-01-01"}
{"speker": "Bo", "text": "x", "said_at": null}
{"text": "x", "said_at": 5}
{"text": " ", "said_at": null}
{"person": "bo", "conversation": "c", "session": "s", "id": "1", "text": "Changed", "said_at": null}
{"id": "a\u0000b", "text": "x", "said_at": null}
{"text": "cut
"#;

pub(super) const KITHKIN: &str = r#"{"kithkin_export":1,"person":"bo","method":{"id":"hybrid","spec":"{}","derivation":"d"},"turns":2}
{"version":1,"recorded_at":5,"turn":{"conversation":"c","session":"s","id":"1","speaker":"Bo","role":"user","said_at":"2024","text":"Hi"}}
{"version":2,"recorded_at":6,"turn":{"conversation":"c","session":"s","id":"1","speaker":"Bo","role":"user","said_at":"2031","text":"Ho"}}
{"kithkin_export":1,"person":"cy","method":null,"turns":2}
{"version":1,"recorded_at":5,"turn":{"conversation":"c","session":"s","id":"1","speaker":"Cy","text":"Hi"}}
"#;

/// All of them, as a place to begin breaking files.
pub(super) const ALL: [&str; 8] = [LOCOMO, LONGMEMEVAL, OPENAI_LINES, OPENAI_ARRAY, CHATGPT, CLAUDE, JSONL, KITHKIN];
