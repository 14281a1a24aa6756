//! Chinese questions, which keep their order: only persons are exchanged, and a question with 吗 gets 是否.

/// What a question may begin with and still be one.
const FRAMES: [&str; 14] = [
    "请问",
    "那么",
    "那",
    "你能不能告诉我",
    "你能告诉我",
    "能告诉我",
    "请告诉我",
    "告诉我",
    "你还记得",
    "你记得",
    "还记得",
    "你知道",
    "你知不知道",
    "提醒我一下",
];
/// What it may end with.
const ENDS: [&str; 4] = ["吗", "呢", "呀", "啊"];
/// Words that ask.
const ASKING: [&str; 12] =
    ["什么", "谁", "哪", "几", "多少", "多大", "多久", "多高", "有没有", "是不是", "何时", "是否"];
/// Words that ask for advice, for ability or for a reason, or that speak of what is to come.
const OTHERWISE: [&str; 16] = [
    "应该",
    "怎么",
    "怎样",
    "如何",
    "为什么",
    "为啥",
    "可以",
    "能不能",
    "该",
    "要不要",
    "最好",
    "今天",
    "今晚",
    "明天",
    "会不会",
    "推荐什么",
];
/// Words of talking, with which 我们 means the person and who answers.
const TALKING: [&str; 4] = ["聊", "谈", "讨论", "说"];

/// That the answer to a question is not known. `asked` says whether it ends with a question mark: words that ask stand in
/// statements as well (几天前), so it has to look like a question.
pub(super) fn unknown(question: &str, asked: bool) -> Option<String> {
    let mut rest = question.trim_matches(|c: char| c == '，' || c == ',' || c.is_whitespace());
    let mut framed = false;
    while let Some(behind) = FRAMES.iter().find_map(|frame| rest.strip_prefix(frame)) {
        framed |= !behind.is_empty();
        rest = behind.trim_start_matches(['，', ',', ' ']);
    }
    let body = ENDS.iter().find_map(|end| rest.strip_suffix(end)).unwrap_or(rest);
    if OTHERWISE.iter().any(|word| body.contains(word)) || !body.contains(['我', '咱']) || body.chars().count() < 3 {
        return None;
    }
    let asked = asked || framed || body.len() < rest.len();
    let clause = if asked && ASKING.iter().any(|word| body.contains(word)) {
        exchanged(body)
    } else if rest.ends_with('吗') && !framed {
        // 我 with what belongs to it would need a boundary that no list gives.
        let predicate = body.strip_prefix('我').filter(|predicate| !predicate.starts_with(['的', '们']))?;
        format!("你是否{}", exchanged(predicate))
    } else {
        return None;
    };
    Some(format!("我不知道{clause}。"))
}

/// 我 for 你 and the other way round.
fn exchanged(text: &str) -> String {
    let talking = TALKING.iter().any(|word| text.contains(word));
    let mut clause = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let with_others = rest.peek() == Some(&'们');
        clause.push(match c {
            '我' | '咱' if with_others && talking => '我',
            '我' | '咱' => '你',
            '你' | '您' => '我',
            c => c,
        });
    }
    clause
}
