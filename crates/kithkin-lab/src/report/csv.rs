//! A table as CSV (RFC 4180): a line for each method, category and metric.

use crate::Table;

/// The lines, with a heading. The category `all` is every question.
pub(super) fn of(table: &Table) -> String {
    let mut lines = vec!["task,method,category,metric,value,n".to_owned()];
    for row in &table.rows {
        let all = [("all", &row.metrics)].into_iter();
        for (category, metrics) in all.chain(row.by_category.iter().map(|(name, metrics)| (name.as_str(), metrics))) {
            for (metric, value) in metrics {
                let names = [table.task.as_str(), &row.method, category, metric].map(quoted).join(",");
                lines.push(format!("{names},{value},{}", row.n));
            }
        }
    }
    lines.join("\r\n") + "\r\n"
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let check = |field: &str, expect: &str| assert_eq!(quoted(field), expect);
        check("bm25", "bm25");
        check("a,b", "\"a,b\"");
        check("a \"b\"", "\"a \"\"b\"\"\"");
    }
}
