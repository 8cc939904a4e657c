//! Amounts of money: whole numbers of a currency's minor unit, never floats.

use crate::error::{Error, Fault};
use crate::decimal::{format_scaled, parse_scaled};
use iso_currency::Currency;

/// An amount of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// In the currency's minor unit, such as pence.
    pub minor: i64,
    pub currency: Currency,
}

/// The most that one amount may be: a million million pounds, so that sums of thousands stay exact.
const MOST_MINOR: i64 = 100_000_000_000_000;

impl Money {
    /// Reads an amount such as `8000000.00` in a currency of ISO 4217, above zero.
    ///
    /// # Errors
    /// A fault below `pointer` that says what was expected.
    pub fn read(pointer: &str, amount: &str, currency: &str) -> Result<Self, Fault> {
        let currency = Currency::from_code(currency).filter(|known| known.exponent().is_some()).ok_or_else(|| {
            Fault::new(format!("{pointer}/currency"), "unknown-currency", "Expected a code of ISO 4217, such as GBP.")
        })?;
        let fault = |code, detail: String| Fault::new(format!("{pointer}/amount"), code, detail);
        let minor = parse_scaled(amount, decimals(currency)).map_err(|_| {
            let places = decimals(currency);
            fault(
                "amount",
                format!(
                    "Expected a plain number with at most {places} decimal places, such as {}.",
                    told(125, currency)
                ),
            )
        })?;
        if minor <= 0 {
            return Err(fault("range", "Expected an amount above zero.".to_owned()));
        }
        if minor > MOST_MINOR {
            return Err(fault("range", format!("Expected at most {}.", told(MOST_MINOR, currency))));
        }
        Ok(Self { minor, currency })
    }

    /// What the database holds.
    pub fn of(minor: i64, code: &str) -> Self {
        Self { minor, currency: Currency::from_code(code).unwrap_or(Currency::XXX) }
    }

    /// # Errors
    /// `validation-failed` at the amount unless it is in this currency, which is that of `whose` money.
    pub fn check_currency(self, currency: &str, whose: &str) -> Result<(), Error> {
        if self.currency.code() == currency {
            return Ok(());
        }
        Err(Error::invalid("/amount/currency", "currency", format!("Expected {currency}, the {whose}'s currency.")))
    }

    /// The amount with all the currency's decimal places, as JSON writes it.
    pub fn amount(self) -> String {
        told(self.minor, self.currency)
    }
}

/// How many decimal places the currency's minor unit has.
pub fn decimals(currency: Currency) -> u8 {
    currency.exponent().and_then(|places| u8::try_from(places).ok()).unwrap_or(2)
}

fn told(minor: i64, currency: Currency) -> String {
    let places = usize::from(decimals(currency));
    let shortest = format_scaled(minor, decimals(currency));
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction:0<places$}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (amount, currency, minor, told) in [
            ("8000000.00", "GBP", 800_000_000, "8000000.00"),
            ("8000000", "GBP", 800_000_000, "8000000.00"),
            ("0.5", "EUR", 50, "0.50"),
            ("1200", "JPY", 1200, "1200"),
            ("1.234", "KWD", 1234, "1.234"),
        ] {
            let read = Money::read("/amount", amount, currency).unwrap();
            assert_eq!((read.minor, read.amount().as_str()), (minor, told), "{amount} {currency}");
        }
    }

    #[test]
    fn what_is_no_amount_is_told_with_what_was_expected() {
        for (amount, currency, code) in [
            ("1.001", "GBP", "amount"),
            ("1,000.00", "GBP", "amount"),
            ("1.5", "JPY", "amount"),
            ("0.00", "GBP", "range"),
            ("-1.00", "GBP", "range"),
            ("9999999999999.00", "GBP", "range"),
            ("1.00", "ZZZ", "unknown-currency"),
            ("1.00", "gbp", "unknown-currency"),
        ] {
            assert_eq!(Money::read("/amount", amount, currency).unwrap_err().code, code, "{amount} {currency}");
        }
    }

    proptest! {
        #[test]
        fn what_is_told_is_read_back(minor in 1..=MOST_MINOR) {
            for code in ["GBP", "JPY", "KWD"] {
                let money = Money::of(minor, code);
                prop_assert_eq!(Money::read("/amount", &money.amount(), code), Ok(money));
            }
        }
    }
}
