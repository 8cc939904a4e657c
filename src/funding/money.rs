//! Amounts of money: whole numbers of a currency's minor unit, never floats.

use crate::decimal::{format_scaled, parse_scaled};
use crate::error::{Error, Fault};
use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An amount of one currency. A text that is no amount is read as zero, and a code that is no currency as `XXX`, which
/// stands for none: [`Money::check`] refuses both and says what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "MoneyText", into = "MoneyText")]
pub struct Money {
    /// In the currency's minor unit, such as pence.
    pub minor: i64,
    pub currency: Currency,
}

/// An amount of money, exact to the currency's minor unit.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Money, example = json!({ "amount": "8000000.00", "currency": "GBP" }))]
struct MoneyText {
    /// A decimal number with no more decimal places than the currency has.
    #[schema(pattern = "^[0-9]{1,13}(\\.[0-9]{1,4})?$", max_length = 18)]
    amount: String,
    /// The ISO 4217 code of the currency.
    #[schema(example = "GBP", pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    currency: String,
}

impl From<MoneyText> for Money {
    fn from(text: MoneyText) -> Self {
        Self::read(&text.amount, &text.currency)
    }
}

impl From<Money> for MoneyText {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency.code().to_owned() }
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        MoneyText::schema()
    }
}

impl ToSchema for Money {
    fn name() -> Cow<'static, str> {
        MoneyText::name()
    }
}

/// The most that one amount may be: a million million pounds, so that sums of thousands stay exact.
const MOST_MINOR: i64 = 100_000_000_000_000;

/// The currency of a code of ISO 4217, unless it is one that is not money, such as gold.
pub fn currency(code: &str) -> Result<Currency, &'static str> {
    let known = Currency::from_code(code).filter(|known| known.exponent().is_some());
    known.ok_or("Expected a code of ISO 4217, such as GBP.")
}

impl Money {
    /// Reads an amount such as `8000000.00` in a currency of ISO 4217.
    pub fn read(amount: &str, code: &str) -> Self {
        let currency = currency(code).unwrap_or(Currency::XXX);
        Self { minor: parse_scaled(amount, decimals(currency)).unwrap_or(0), currency }
    }

    /// # Errors
    /// A fault below `pointer` unless it is an amount above zero in a currency of ISO 4217.
    pub fn check(self, pointer: &str) -> Result<(), Fault> {
        currency(self.currency.code())
            .map_err(|expected| Fault::new(format!("{pointer}/currency"), "unknown-currency", expected))?;
        let fault = |code, detail: String| Err(Fault::new(format!("{pointer}/amount"), code, detail));
        if self.minor <= 0 {
            let (places, such) = (decimals(self.currency), Self { minor: 125, ..self }.amount());
            let detail = format!("Expected an amount above zero with at most {places} decimal places, such as {such}.");
            return fault("amount", detail);
        }
        if self.minor > MOST_MINOR {
            let most = Self { minor: MOST_MINOR, ..self }.amount();
            return fault("range", format!("Expected at most {most}."));
        }
        Ok(())
    }

    /// What the database holds.
    pub fn of(minor: i64, code: &str) -> Self {
        Self { minor, currency: Currency::from_code(code).unwrap_or(Currency::XXX) }
    }

    /// # Errors
    /// `validation-failed`, pointing at the amount, if it is in another currency. `whose` names what has the expected one.
    pub fn check_currency(self, currency: &str, whose: &str) -> Result<(), Error> {
        if self.currency.code() == currency {
            return Ok(());
        }
        Err(Error::invalid("/amount/currency", "currency", format!("Expected {currency}, the {whose}'s currency.")))
    }

    /// The amount with all the currency's decimal places, as JSON writes it.
    pub fn amount(self) -> String {
        let places = decimals(self.currency);
        let shortest = format_scaled(self.minor, places);
        let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
        let width = usize::from(places);
        if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction:0<width$}") }
    }
}

/// How many decimal places the currency's minor unit has.
pub fn decimals(currency: Currency) -> u8 {
    currency.exponent().and_then(|places| u8::try_from(places).ok()).unwrap_or(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (amount, currency, minor, written) in [
            ("8000000.00", "GBP", 800_000_000, "8000000.00"),
            ("8000000", "GBP", 800_000_000, "8000000.00"),
            ("0.5", "EUR", 50, "0.50"),
            ("1200", "JPY", 1200, "1200"),
            ("1.234", "KWD", 1234, "1.234"),
        ] {
            let read = Money::read(amount, currency);
            assert_eq!(read.check("/amount"), Ok(()), "{amount} {currency}");
            assert_eq!((read.minor, read.amount().as_str()), (minor, written), "{amount} {currency}");
        }
    }

    #[test]
    fn a_text_that_is_no_amount_is_refused_with_what_was_expected() {
        for (amount, currency, code) in [
            ("1.001", "GBP", "amount"),
            ("1,000.00", "GBP", "amount"),
            ("1.5", "JPY", "amount"),
            ("0.00", "GBP", "amount"),
            ("-1.00", "GBP", "amount"),
            ("9999999999999.00", "GBP", "range"),
            ("1.00", "ZZZ", "unknown-currency"),
            ("1.00", "XAU", "unknown-currency"),
            ("1.00", "gbp", "unknown-currency"),
        ] {
            assert_eq!(Money::read(amount, currency).check("/amount").unwrap_err().code, code, "{amount} {currency}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_that_is_written_is_read_back(minor in 1..=MOST_MINOR) {
            for code in ["GBP", "JPY", "KWD"] {
                let money = Money::of(minor, code);
                let json = serde_json::to_string(&money).unwrap();
                prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
            }
        }
    }
}
