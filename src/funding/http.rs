//! The routes of funding, and how money is written.

use super::money::Money;
use crate::error::Fault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    super::funds::http::routes(config);
    super::contributions::http::routes(config);
    super::awards::http::routes(config);
    super::reallocations::http::routes(config);
    super::external_investments::http::routes(config);
}

/// An amount of money, exact to the currency's minor unit.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[serde(deny_unknown_fields)]
#[schema(as = Money, example = json!({ "amount": "8000000.00", "currency": "GBP" }))]
pub struct MoneyBody {
    /// A decimal number with at most as many places as the currency has.
    #[schema(pattern = "^[0-9]{1,13}(\\.[0-9]{1,4})?$", max_length = 18)]
    pub amount: String,
    /// A code of ISO 4217.
    #[schema(example = "GBP", pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    pub currency: String,
}

impl MoneyBody {
    /// # Errors
    /// A fault below `pointer`.
    pub fn read(&self, pointer: &str) -> Result<Money, Fault> {
        Money::read(pointer, &self.amount, &self.currency)
    }
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency.code().to_owned() }
    }
}
