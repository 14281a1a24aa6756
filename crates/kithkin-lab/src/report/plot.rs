//! Plots of a table as SVG.

use std::collections::BTreeMap;

use plotters::prelude::*;

use crate::{LabError, Table};

const SIZE: (u32, u32) = (900, 560);

/// One method's points, by ascending x.
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
}

/// The quality of each method against the time of its median question.
pub(super) fn against_milliseconds(table: &Table, quality: &str) -> Result<String, LabError> {
    let series = table.rows.iter().filter_map(|row| {
        Some(Series { name: row.method.clone(), points: vec![(row.query_ms.p50, *row.metrics.get(quality)?)] })
    });
    draw(&table.task, quality, "median milliseconds a question", &series.collect::<Vec<_>>())
}

/// The quality of each method against the budget of evidence: the first mean, by name, that was taken at several budgets,
/// such as `recall_mean@500t`. `None` where no metric was.
pub(super) fn against_tokens(table: &Table) -> Result<Option<String>, LabError> {
    against_budget(table, 't', "mean", "tokens of evidence")
}

/// The quality of each strategy against the number of questions: the accuracy that comes first by name and was taken at
/// several, such as `accuracy@20q`. `None` where no metric was.
pub(super) fn against_questions(table: &Table) -> Result<Option<String>, LabError> {
    against_budget(table, 'q', "accuracy", "questions")
}

fn against_budget(table: &Table, unit: char, of: &str, across: &str) -> Result<Option<String>, LabError> {
    let names = table.rows.iter().flat_map(|row| row.metrics.keys()).filter_map(|name| at_budget(name, unit));
    let Some((quality, _)) = names.filter(|(name, _)| name.contains(of)).min_by(|a, b| a.0.cmp(b.0)) else {
        return Ok(None);
    };
    let series = table.rows.iter().map(|row| {
        let taken = row.metrics.iter().filter_map(|(name, value)| Some((at_budget(name, unit)?, *value)));
        let mut points: Vec<(f64, f64)> =
            taken.filter(|((name, _), _)| *name == quality).map(|((_, budget), value)| (budget, value)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Series { name: row.method.clone(), points }
    });
    draw(&table.task, quality, across, &series.collect::<Vec<_>>()).map(Some)
}

/// The quality against the number of turns between what was said and the question, where categories are named by it, such as
/// `explicit/300`. `None` where there are none.
pub(super) fn against_turns(table: &Table, quality: &str) -> Result<Option<String>, LabError> {
    let mut series: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for row in &table.rows {
        for (category, metrics) in &row.by_category {
            let Some((kind, turns)) = category.split_once('/') else { continue };
            if let (Ok(turns), Some(value)) = (turns.parse(), metrics.get(quality)) {
                series.entry(format!("{}, {kind}", row.method)).or_default().push((turns, *value));
            }
        }
    }
    series.retain(|_, points| points.len() > 1);
    if series.is_empty() {
        return Ok(None);
    }
    let series = series.into_iter().map(|(name, mut points)| {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Series { name, points }
    });
    draw(&table.task, quality, "turns of other talk between", &series.collect::<Vec<_>>()).map(Some)
}

/// `recall_mean@500t` is `recall_mean` at 500 tokens, of the unit `t`.
fn at_budget(metric: &str, unit: char) -> Option<(&str, f64)> {
    let (name, budget) = metric.strip_suffix(unit)?.split_once('@')?;
    Some((name, budget.parse().ok()?))
}

fn draw(task: &str, quality: &str, across: &str, series: &[Series]) -> Result<String, LabError> {
    let mut svg = String::new();
    plotted(&mut svg, task, quality, across, series).map_err(|e| LabError::Internal { what: e.to_string() })?;
    Ok(svg)
}

fn plotted(
    svg: &mut String,
    task: &str,
    quality: &str,
    across: &str,
    series: &[Series],
) -> Result<(), Box<dyn std::error::Error>> {
    let furthest = series.iter().flat_map(|s| &s.points).map(|(x, _)| *x).fold(0.0, f64::max).max(0.1);
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(task, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..furthest * 1.25, 0.0..1.0)?;
    chart.configure_mesh().x_desc(across).y_desc(quality).light_line_style(WHITE).draw()?;
    for (i, one) in series.iter().enumerate() {
        let colour = Palette99::pick(i).mix(1.0);
        chart.draw_series(LineSeries::new(one.points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(one.points.iter().map(|point| Circle::new(*point, 4, colour.filled())))?;
        if let Some(last) = one.points.last() {
            let label = Text::new(format!("  {}", one.name), *last, ("sans-serif", 13).into_font().color(&colour));
            chart.draw_series([label])?;
        }
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Measured;
    use crate::board::Board;
    use crate::table::Source;

    #[test]
    fn budgets_are_read_from_names() {
        let check = |name: &str, expect: Option<(&str, f64)>| assert_eq!(at_budget(name, 't'), expect);
        check("recall_mean@500t", Some(("recall_mean", 500.0)));
        check("recall_mean@10", None);
        check("accuracy@10q", None);
        check("n", None);
        check("t", None);
    }

    #[test]
    fn categories_that_count_turns_are_plotted() {
        let table = |categories: &[&str]| {
            let one = |category: &&str| ((*category).to_owned(), BTreeMap::from([("choice".to_owned(), 0.5)]));
            let row =
                Measured { by_category: categories.iter().map(one).collect(), ..Board::default().row("slot", 0.0) };
            let data = Source { path: String::new(), sha256: String::new(), items: 1 };
            Table { task: "a-task".to_owned(), data, rows: vec![row] }
        };
        let check = |categories: &[&str], expect: Option<&str>| {
            let svg = against_turns(&table(categories), "choice").unwrap();
            assert_eq!(svg.is_some(), expect.is_some(), "{categories:?}");
            assert!(expect.is_none_or(|names| svg.unwrap().contains(names)));
        };
        check(&["explicit/0", "explicit/300"], Some("slot, explicit"));
        check(&["explicit/0"], None);
        check(&["explicit", "1/x"], None);
    }

    #[test]
    fn a_plot_names_its_methods() {
        let series = [Series { name: "bm25".to_owned(), points: vec![(1.0, 0.5), (2.0, 0.7)] }];
        let svg = draw("a-task", "recall", "tokens", &series).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("bm25") && svg.contains("a-task"));
        assert!(draw("a-task", "recall", "tokens", &[]).is_ok());
    }
}
