//! How much a chat model may be asked for one person on one day, and what that costs.

use kithkin_core::{Millis, Spent};
use serde::{Deserialize, Serialize};

/// A day, in milliseconds.
const DAY: Millis = 24 * 3600 * 1000;

/// Limits for each person and each day, by the clock in UTC; what is not set is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Requests.
    pub calls: Option<u64>,
    /// Tokens, read and said together.
    pub tokens: Option<u64>,
    /// Money, in the currency of the price.
    pub money: Option<f64>,
}

/// What a million tokens cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Those that the model reads.
    pub read: f64,
    /// Those that it says.
    pub said: f64,
}

/// A budget or price that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value}; it must be 0 or more{hint}")]
pub struct NoBudget {
    name: &'static str,
    value: String,
    hint: &'static str,
}

impl Price {
    /// What this took in money.
    pub fn of(self, spent: Spent) -> f64 {
        (spent.read as f64 * self.read + spent.said as f64 * self.said) / 1e6
    }
}

impl Budget {
    /// Refuses money that is no amount, or that nothing says how to count.
    ///
    /// # Errors
    /// A negative or infinite number, or a limit of money without a price.
    pub fn check(self, price: Option<Price>) -> Result<(), NoBudget> {
        let amounts = [
            ("money", self.money),
            ("the price of reading", price.map(|price| price.read)),
            ("the price of saying", price.map(|price| price.said)),
        ];
        for (name, value) in amounts {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value >= 0.0)) {
                return Err(NoBudget { name, value: value.to_string(), hint: "" });
            }
        }
        match self.money {
            Some(money) if price.is_none() => {
                Err(NoBudget { name: "money", value: money.to_string(), hint: ", and needs a price to be counted by" })
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing is limited.
    pub(crate) fn is_boundless(self) -> bool {
        self == Self::default()
    }

    /// Why nothing more may be asked.
    pub(crate) fn spent(self, today: Spent, price: Option<Price>) -> Option<String> {
        let tokens = today.read.saturating_add(today.said);
        let money = price.map_or(0.0, |price| price.of(today));
        let what = if let Some(most) = self.calls.filter(|most| today.calls >= *most) {
            format!("{} of {most} calls", today.calls)
        } else if let Some(most) = self.tokens.filter(|most| tokens >= *most) {
            format!("{tokens} of {most} tokens")
        } else if let Some(most) = self.money.filter(|most| money >= *most) {
            format!("{money:.4} of {most} in money")
        } else {
            return None;
        };
        Some(format!(
            "the person's budget of today is spent: {what}; it is there again after midnight UTC, or raise it in the \
             configuration"
        ))
    }
}

/// When the day of a time began.
pub(crate) fn day_of(now: Millis) -> Millis {
    now - now.rem_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends_with_its_first_limit() {
        let price = Some(Price { read: 1.0, said: 10.0 });
        let check = |budget: Budget, spent: (u64, u64, u64), says: Option<&str>| {
            let spent = Spent { calls: spent.0, read: spent.1, said: spent.2 };
            let found = budget.spent(spent, price);
            assert_eq!(found.is_some(), says.is_some(), "{found:?}");
            assert!(says.is_none_or(|says| found.unwrap().contains(says)));
        };
        let budget = Budget { calls: Some(2), tokens: Some(100), money: Some(0.5) };
        check(budget, (0, 0, 0), None);
        check(budget, (1, 50, 49), None);
        check(budget, (2, 0, 0), Some("2 of 2 calls"));
        check(budget, (1, 50, 50), Some("100 of 100 tokens"));
        check(Budget { tokens: None, ..budget }, (1, 0, 50_000), Some("0.5000 of 0.5 in money"));
        check(Budget { calls: Some(0), ..Budget::default() }, (0, 0, 0), Some("0 of 0 calls"));
        check(Budget::default(), (u64::MAX, u64::MAX, u64::MAX), None);
    }

    #[test]
    fn what_is_no_budget_is_refused() {
        let check = |money: Option<f64>, price: Option<(f64, f64)>, says: &str| {
            let budget = Budget { money, ..Budget::default() };
            let found = budget.check(price.map(|(read, said)| Price { read, said }));
            assert_eq!(found.err().map(|e| e.to_string()).unwrap_or_default(), says);
        };
        check(Some(1.0), Some((0.1, 0.2)), "");
        check(None, None, "");
        check(Some(1.0), None, "money is 1; it must be 0 or more, and needs a price to be counted by");
        check(Some(-1.0), Some((0.1, 0.2)), "money is -1; it must be 0 or more");
        check(None, Some((f64::NAN, 0.2)), "the price of reading is NaN; it must be 0 or more");
    }

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(day_of(DAY * 3 + 5), DAY * 3);
        assert_eq!(day_of(-1), -DAY);
        assert_eq!(day_of(0), 0);
    }
}
